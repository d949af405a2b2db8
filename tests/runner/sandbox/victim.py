"""Another process of the server's user, careless in all that it shares with the machine.

`python victim.py FOLDER NAME CANARY` prints `ready`, answers whoever connects, and ends with its
input.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import sys
import threading

ADD_KEY = 248 if platform.machine() == "x86_64" else 217
SESSION, USER = -3, -4
SETPERM, REVOKE = 5, 3
ALL_MAY = 0x3F3F3F3F


def main() -> None:
    folder, name, canary = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    os.chdir(folder)
    keys = [
        libc.syscall(ADD_KEY, b"user", name.encode(), canary.encode(), len(canary), ring)
        for ring in (SESSION, USER)
    ]
    for key in keys:
        libc.syscall(ADD_KEY + 2, SETPERM, key, ALL_MAY)
    segment = libc.shmget(0, 4096, 0o1666)
    ctypes.memmove(libc.shmat(segment, None, 0), canary.encode(), len(canary))
    for address in (f"\0{name}", "control.sock"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        if address[0] != "\0":
            os.chmod(address, 0o666)
        threading.Thread(target=answer, args=(listener, canary), daemon=True).start()
    print("ready", segment, *keys, flush=True)
    sys.stdin.read()
    libc.shmctl(segment, 0, None)
    for key in keys:
        libc.syscall(ADD_KEY + 2, REVOKE, key)


def answer(listener: socket.socket, canary: str) -> None:
    while True:
        other, _ = listener.accept()
        other.sendall(canary.encode())
        other.close()


if __name__ == "__main__":
    main()
