"""The filter of system calls in a Lambda function, as far as it is known from who met it.

There is no list of AWS's; everything that is not allowed there fails with EPERM:
https://github.com/krallin/tini/issues/227 https://github.com/catboost/catboost/issues/1606
https://github.com/golang/go/issues/41356
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform

REFUSED = ("prctl", "pidfd_open", "ptrace", "unshare", "mount")
NUMBERS = {
    "x86_64": {"prctl": 157, "pidfd_open": 434, "ptrace": 101, "unshare": 272, "mount": 165},
    "aarch64": {"prctl": 167, "pidfd_open": 434, "ptrace": 117, "unshare": 97, "mount": 40},
}
"""linux/arch/x86/entry/syscalls/syscall_64.tbl, linux/include/uapi/asm-generic/unistd.h"""
# linux/prctl.h, linux/seccomp.h, linux/bpf_common.h
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2
ALLOW, ERROR = 0x7FFF0000, 0x00050000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


class Rule(ctypes.Structure):
    """struct sock_filter"""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("true", ctypes.c_uint8),
        ("false", ctypes.c_uint8),
        ("word", ctypes.c_uint32),
    )


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = (("length", ctypes.c_ushort), ("rules", ctypes.POINTER(Rule)))


def refuse() -> None:
    """From now on these calls are refused to this process, and to all that come of it."""
    numbers = [NUMBERS[platform.machine()][name] for name in REFUSED]
    rules = [Rule(LOAD, 0, 0, 0)]
    for left, number in zip(range(len(numbers), 0, -1), numbers, strict=True):
        rules.append(Rule(JUMP_IF_EQUAL, left, 0, number))
    rules += [Rule(RETURN, 0, 0, ALLOW), Rule(RETURN, 0, 0, ERROR | errno.EPERM)]
    table = (Rule * len(rules))(*rules)
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(rules), table)
    for words in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*words) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
