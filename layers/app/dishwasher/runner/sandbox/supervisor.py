"""The one process in a job's sandbox that starts all others, on the runner's word: its init.

It is set up once for each job: a step then costs a fork, and all steps live in the same
namespaces. It runs without `site` and imports what is cheap, so that a job waits little for it.
"""

from __future__ import annotations

import _socket
import ctypes
import marshal
import os
import resource
import select
import sys
from typing import Any, NoReturn

from dishwasher.runner.sandbox import landlock, mounts
from dishwasher.runner.sandbox.protocol import (
    BEGUN,
    ENDED,
    GO,
    GONE,
    LISTENS,
    PEAK,
    READY,
    START,
    WAIT,
    word,
)

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
SIGPIPE, SIGXFSZ, SIG_DFL = 13, 25, 0
"""Those that Python ignores, which a program would inherit."""
KEYCTL = {"x86_64": 250, "other": 219}
"""The number of a system call, on Intel's and on all newer architectures."""
# linux/keyctl.h
JOIN_SESSION_KEYRING, CLEAR, LINK, GET_PERSISTENT = 1, 7, 8, 22
THREAD_KEYRING, USER_KEYRING, USER_SESSION_KEYRING = -1, -4, -5
KILL = 9
REAP_MILLISECONDS = 1000
LISTENING = 512
"""Connections that wait to be accepted."""

_libc = ctypes.CDLL(None, use_errno=True)


class Supervisor:
    """Serves until the runner hangs up, and then ends all that is left."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._channel = _socket.socket(fileno=descriptor)
        self._commands: dict[int, tuple[int, int]] = {}
        """Pipes of commands that wait for GO: the one to say it, the one that tells an error."""
        self._started: set[int] = set()
        self._user: tuple[int, int] | None = None

    def run(self) -> None:
        settings, _ = self._hear()
        self._settle(settings)
        self._say(READY, os.getpid(), 0, os.pidfd_open(os.getpid()))
        for port in settings["listen"]:
            self._listen(port)
        poll = select.poll()
        poll.register(self._channel.fileno(), select.POLLIN)
        while True:
            heard = poll.poll(REAP_MILLISECONDS)
            self._reap_orphans()
            if heard:
                try:
                    order, descriptors = self._hear()
                except EOFError:
                    break
                self._obey(order, descriptors)
        self._end_all()

    def _settle(self, settings: dict[str, Any]) -> None:
        """Give up what no command shall have."""
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        # Who starts a server may have keys in a ring that all below inherit: keyrings(7).
        _keyctl(JOIN_SESSION_KEYRING, 0)
        self._user = settings["user"]
        if self._user is not None:
            _forget_keys(self._user)
        os.umask(0o022)
        if settings["view"] is not None:
            mounts.open_up([*settings["read"], *settings["write"]], *settings["view"])
        for which, value in settings["limits"]:
            resource.setrlimit(which, (value, value))
        if settings["landlock"]:
            landlock.restrict(settings["read"], settings["write"])
        if settings["privileges"]:
            landlock.forbid_new_privileges()
        _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

    def _listen(self, port: int) -> None:
        """A socket belongs to the network that it was made in: who gets it serves this one."""
        listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", port))
        listener.listen(LISTENING)
        self._say(LISTENS, 0, port, listener.detach())

    def _obey(self, order: tuple[Any, ...], descriptors: list[int]) -> None:
        kind, *rest = order
        if kind == START:
            self._start(descriptors[0], *rest)
        elif kind == GO:
            self._go(rest[0])
        elif kind == WAIT:
            pid = rest[0]
            self._started.discard(pid)
            _, status, used = os.wait4(pid, 0)
            self._say(ENDED, pid, os.waitstatus_to_exitcode(status))
            # A fork begins with our own peak, below which its own is not known.
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            self._say(PEAK, pid, used.ru_maxrss * 1024 if used.ru_maxrss > own else 0)

    def _start(self, output: int, argv: list[str], cwd: str, environment: dict[str, str]) -> None:
        wait, go = os.pipe2(os.O_CLOEXEC)
        error, told = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            os.close(go)
            _become(wait, told, output, argv, cwd, environment, self._user)
        for descriptor in (wait, told, output):
            os.close(descriptor)
        self._commands[pid] = go, error
        self._started.add(pid)
        self._say(BEGUN, pid, 0, os.pidfd_open(pid))

    def _go(self, pid: int) -> None:
        go, error = self._commands.pop(pid)
        os.write(go, b"!")
        os.close(go)
        code = os.read(error, 8)
        os.close(error)
        self._say(GONE, pid, int.from_bytes(code, "big"))

    def _reap_orphans(self) -> None:
        """What commands left behind and has ended; the commands are kept for the runner's WAIT."""
        me = os.getpid()
        with open(f"/proc/{me}/task/{me}/children") as file:
            children = set(map(int, file.read().split()))
        for pid in children - self._started:
            os.waitpid(pid, os.WNOHANG)

    def _end_all(self) -> None:
        self._started.clear()
        me = os.getpid()
        while True:
            with open(f"/proc/{me}/task/{me}/children") as file:
                children = list(map(int, file.read().split()))
            if not children:
                return
            for pid in children:
                try:
                    os.kill(pid, KILL)
                except PermissionError:
                    # A program of another user's, which is not ours to end.
                    return
                os.waitpid(pid, 0)

    def _say(self, letter: bytes, pid: int, number: int, descriptor: int = -1) -> None:
        extra = []
        if descriptor >= 0:
            rights = descriptor.to_bytes(4, sys.byteorder)
            extra = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)]
        self._channel.sendmsg([word(letter, pid, number)], extra)
        if descriptor >= 0:
            os.close(descriptor)

    def _hear(self) -> tuple[Any, list[int]]:
        """One word and the descriptors that came with it; raises EOFError."""
        data, extra, _, _ = self._channel.recvmsg(4, _socket.CMSG_SPACE(4))
        descriptors = [
            int.from_bytes(rights[:4], sys.byteorder)
            for level, kind, rights in extra
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS
        ]
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        size = int.from_bytes(data + self._exactly(4 - len(data)), "big")
        return marshal.loads(self._exactly(size)), descriptors

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._channel.recv(min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _keyctl(*words: int) -> int:
    number = KEYCTL.get(os.uname().machine, KEYCTL["other"])
    return int(_libc.syscall(number, *words))


def _change_user(user: tuple[int, int]) -> None:
    os.setgroups([])
    os.setresgid(user[1], user[1], user[1])
    os.setresuid(user[0], user[0], user[0])


def _forget_keys(user: tuple[int, int]) -> None:
    """Those of jobs that had this user before: the kernel keeps them when all processes are gone.

    user-keyring(7), persistent-keyring(7). A container that forbids this forbids jobs the same.
    """
    pid = os.fork()
    if pid == 0:
        try:
            _change_user(user)
            for ring in (_keyctl(GET_PERSISTENT, -1, THREAD_KEYRING), USER_KEYRING):
                _keyctl(CLEAR, ring)
            _keyctl(CLEAR, USER_SESSION_KEYRING)
            _keyctl(LINK, USER_KEYRING, USER_SESSION_KEYRING)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _become(
    wait: int,
    told: int,
    output: int,
    argv: list[str],
    cwd: str,
    environment: dict[str, str],
    user: tuple[int, int] | None,
) -> NoReturn:
    """In the child: wait for GO, then be that program; the error's number is told."""
    try:
        os.setsid()
        if os.read(wait, 1) != b"!":
            os._exit(1)
        if user is not None:
            _change_user(user)
        os.chdir(cwd)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for number in (SIGPIPE, SIGXFSZ):
            _libc.signal(number, ctypes.c_void_p(SIG_DFL))
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        os.write(told, (error.errno or 1).to_bytes(8, "big"))
    finally:
        os._exit(127)


if __name__ == "__main__":
    Supervisor(int(sys.argv[1])).run()
