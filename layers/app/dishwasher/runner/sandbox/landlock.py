"""Landlock by three system calls: a process gives up files, ports and signals, for good.

No package and no privilege is needed: https://docs.kernel.org/userspace-api/landlock.html
What starts within a job imports this without `site`, so it imports next to nothing itself.
"""

from __future__ import annotations

import ctypes
import os

# The same on every architecture: include/uapi/asm-generic/unistd.h
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION = 1
"""Flag of CREATE_RULESET: answer the version of the interface."""
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

# include/uapi/linux/landlock.h
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights to files, by the version that brought the last of them."""
NETWORK_SINCE = 4
"""The version that brought rights to bind and to connect, which are not used: UDP has none."""
SCOPE, SCOPE_SINCE = 3, 6
"""No abstract socket and no signal leaves the domain."""
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR

_libc = ctypes.CDLL(None, use_errno=True)


class Attributes(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """Of the kernel's interface; 0 where there is none, or where it is switched off."""
    return max(0, int(_libc.syscall(CREATE_RULESET, None, 0, VERSION)))


def forbid_new_privileges() -> None:
    """No set-uid program gives any from here on."""
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def restrict(read: list[str], write: list[str]) -> None:
    """From here on this process and all it starts have these places only; raises OSError.

    What is not there is left out. A file that is open already stays so.
    """
    has = version()
    rights = RIGHTS[max(since for since in RIGHTS if since <= has)]
    attributes = Attributes(rights, 0, 0)
    if has >= SCOPE_SINCE:
        attributes.scoped = SCOPE
    size = 24 if has >= SCOPE_SINCE else 16 if has >= NETWORK_SINCE else 8
    rules = _checked(_libc.syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0))
    try:
        for places, allowed in ((read, READ), (write, rights)):
            for place in places:
                _allow(rules, place, allowed & rights)
        forbid_new_privileges()
        _checked(_libc.syscall(RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)


def _allow(rules: int, place: str, allowed: int) -> None:
    try:
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            allowed &= OF_A_FILE
        rule = Beneath(allowed, descriptor)
        _checked(_libc.syscall(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(descriptor)


def _checked(answer: int) -> int:
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer
