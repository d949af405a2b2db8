"""The locale that a format promises, where this machine has it."""

from __future__ import annotations

import ctypes

LC_ALL_MASK = 0x1FBF
"""Every category of glibc: locale.h."""
PLAIN = "C.UTF-8"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.newlocale.restype = ctypes.c_void_p
_libc.newlocale.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p]
_libc.freelocale.argtypes = [ctypes.c_void_p]


def present(name: str) -> str:
    """The name, or the one that every Linux has: programs refuse to start with one that is not."""
    made = _libc.newlocale(LC_ALL_MASK, name.encode(), None)
    if not made:
        return PLAIN
    _libc.freelocale(made)
    return name
