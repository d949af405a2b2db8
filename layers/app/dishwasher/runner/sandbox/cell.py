"""A job's sandbox as the runner sees it: commands are started and ended by its keeper."""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dishwasher
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans, usage
from dishwasher.runner.place import Process, Rlimits, Started
from dishwasher.runner.sandbox import keeper as words_of
from dishwasher.runner.sandbox.cgroup import Group
from dishwasher.runner.usage import UNKNOWN, Usage

PACKAGES = str(Path(dishwasher.__file__).parents[1])
READY_SECONDS = 20.0
"""A Python and some namespaces take 50 ms, and seconds where the machine is crowded."""
LEAVE_SECONDS = 10.0
ENDED = "The job has ended the process that starts its commands."
_PROGRAM = (
    f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {PACKAGES!r}); "
    "from dishwasher.runner.sandbox.keeper import Keeper; Keeper(int(sys.argv[1])).run()"
)


@dataclass(frozen=True, slots=True)
class View:
    """What differs in the commands' view of the machine; the keeper must be root for that."""

    closed: tuple[str, ...] = ()
    """Folders that their user could not enter: below them only places to read and write are."""
    instead: tuple[tuple[str, str], ...] = ()
    """Files that are there instead of others: ours, and whose place it has."""
    shared_memory: int = 1024 * 1024
    """Bytes of their own /dev/shm."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the keeper gives up for all commands, and whom they run as."""

    limits: Rlimits = ()
    landlock: bool = False
    read: tuple[str, ...] = ()
    """Places to read and execute; these are walls with Landlock only."""
    write: tuple[str, ...] = ()
    view: View | None = None
    new_privileges: bool = False
    """Whether set-uid programs work."""
    user: tuple[int, int] | None = None
    """User and group id that commands change to; the keeper must be root for that."""
    listen: tuple[int, ...] = ()
    """Ports of the loopback in there that somebody outside serves."""


Wrapper = Callable[[tuple[str, ...]], tuple[tuple[str, ...], tuple[int, ...]]]


def bare(argv: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return argv, ()


@dataclass(slots=True)
class Kept:
    """A command in a cell; `pid` is what this process sees."""

    cell: Cell
    pid: int
    inner: int
    descriptor: int
    returncode: int | None = None
    usage: Usage = UNKNOWN

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            ended = _readable(self.descriptor, timeout)
            if not ended:
                raise subprocess.TimeoutExpired("a command in a sandbox", timeout or 0.0)
            seconds = usage.seconds(self.pid)
            self.returncode, peak = self.cell.status(self.inner)
            self.usage = Usage(seconds, peak)
            os.close(self.descriptor)
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)


@dataclass(slots=True)
class Cell:
    """Open it once, start commands in it, close it: nothing in it outlives that."""

    rules: Rules
    wrapper: Wrapper = bare
    """What goes before the keeper's own command, and descriptors that it needs; they are closed."""
    group: Group | None = None
    as_user: tuple[int, int] | None = None
    """Whom the keeper itself is; None: as we are."""
    after: Callable[[], None] = lambda: None
    """Called once when all has ended."""
    folders: tuple[Path, ...] = ()
    """Where commands write besides the job's workspace."""
    _process: subprocess.Popen[bytes] | None = None
    _channel: socket.socket | None = None
    keeper: int = 0
    """Its process id."""
    listeners: dict[int, int] = field(default_factory=dict)
    """The sockets of `Rules.listen`, by port, for whoever serves them, and closes them then."""
    _lost: bool = False
    _said: int = -1
    _lock: threading.Lock = field(default_factory=threading.Lock)
    """Servers are started and looked at by several threads."""

    def open(self) -> None:
        """Raises InfraError with what the programs said."""
        ours, theirs = socket.socketpair()
        ours.settimeout(READY_SECONDS)
        self._channel = ours
        self._said = os.memfd_create("said")
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM, str(theirs.fileno()))
        wrapped, descriptors = self.wrapper(argv)
        user = self.as_user
        try:
            self._process = subprocess.Popen(
                wrapped,
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                env={},
                cwd="/",
                pass_fds=(theirs.fileno(), *descriptors),
                start_new_session=True,
                user=user[0] if user else None,
                group=user[1] if user else None,
                extra_groups=[] if user else None,
            )
        except OSError as error:
            raise InfraError(f"{wrapped[0]} could not be started: {error}") from error
        finally:
            theirs.close()
            for descriptor in descriptors:
                os.close(descriptor)
        self._tell(_settings(self.rules))
        letter, _, _, descriptor = self._hear()
        if letter != words_of.READY:
            self.close()
            raise InfraError(self._words() or "the sandbox ended before it was ready")
        self.keeper = _outer(descriptor)
        os.close(descriptor)
        if self.group is not None:
            self.group.add(self.keeper)
        for _ in self.rules.listen:
            letter, _, port, descriptor = self._hear()
            if letter != words_of.LISTENS:
                raise InfraError(self._words() or "the sandbox has no network of its own")
            self.listeners[port] = descriptor

    def start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> Started:
        with self._lock:
            return self._start(argv, cwd, environment, output)

    def _start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> Kept:
        words = (words_of.START, list(argv), str(cwd), dict(environment))
        self._tell(words, output)
        letter, inner, _, descriptor = self._hear()
        if letter != words_of.BEGUN:
            raise UserError(ENDED)
        process = Kept(self, _outer(descriptor), inner, descriptor)
        self._tell((words_of.GO, inner))
        letter, _, code, _ = self._hear()
        if letter != words_of.GONE:
            os.close(descriptor)
            raise UserError(ENDED)
        if code:
            process.returncode = code
            self._tell((words_of.WAIT, inner))
            self._hear()
            self._hear()
            os.close(descriptor)
            raise InfraError(f"{argv[0]} could not be started: {os.strerror(code)}")
        return process

    def own(self, descriptor: int) -> None:
        user = self.rules.user or self.as_user
        if user is not None:
            os.fchown(descriptor, *user)

    def watch(self, process: Process) -> int:
        assert isinstance(process, Kept)
        return os.dup(process.descriptor)

    def status(self, inner: int) -> tuple[int, int]:
        """How a command that has ended did so, as subprocess says it, and its peak in bytes."""
        with self._lock:
            self._tell((words_of.WAIT, inner))
            letter, _, code, _ = self._hear()
            if letter != words_of.ENDED:
                return -signal.SIGKILL, 0
            _, _, peak, _ = self._hear()
        return code, peak

    def children(self) -> set[int]:
        return orphans.children() | orphans.living(orphans.children(self.keeper))

    def sweep(self, keep: Collection[int]) -> tuple[int, int]:
        ended, resist = orphans.sweep_below(self.keeper, keep)
        own = {self._process.pid} if self._process else set()
        more, others = orphans.sweep({*keep, *own})
        return ended + more, resist + others

    def strike(self, keep: Collection[int]) -> None:
        orphans.kill(orphans.children(self.keeper) - set(keep))

    def trouble(self) -> str:
        said = self.group.trouble() if self.group else ""
        return said or ("The job's own processes were all ended at once." if self._lost else "")

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        process = self._process
        if process is not None:
            try:
                # Without a process id space of its own, the keeper ends what is left, and then.
                process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            orphans.sweep(orphans.children() - {process.pid})
            self._process = None
        if self.group is not None:
            self.group.remove()
        after, self.after = self.after, lambda: None
        after()

    def _tell(self, words: Any, descriptor: int = -1) -> None:
        data = marshal.dumps(words)
        head = len(data).to_bytes(4, "big")
        assert self._channel is not None
        try:
            if descriptor >= 0:
                socket.send_fds(self._channel, [head], [descriptor])
                self._channel.sendall(data)
            else:
                self._channel.sendall(head + data)
        except OSError:
            self._lost = True

    def _hear(self) -> tuple[bytes, int, int, int]:
        """A letter, a process id, a number, a descriptor or -1; no letter when nobody is there."""
        assert self._channel is not None
        try:
            data, descriptors, _, _ = socket.recv_fds(
                self._channel, words_of.WORD, 1, socket.MSG_WAITALL
            )
        except OSError:
            data, descriptors = b"", []
        if len(data) < words_of.WORD:
            self._lost = True
            return b"", 0, 0, -1
        number = int.from_bytes(data[5:], "big", signed=True)
        descriptor = descriptors[0] if descriptors else -1
        return data[:1], int.from_bytes(data[1:5], "big"), number, descriptor

    def _words(self) -> str:
        said = os.pread(self._said, 4096, 0).decode("utf-8", "replace").strip()
        return said.splitlines()[-1] if said else ""


def _settings(rules: Rules) -> dict[str, Any]:
    return {
        "limits": rules.limits,
        "landlock": rules.landlock,
        "read": list(rules.read),
        "write": list(rules.write),
        "view": (view.closed, view.instead, view.shared_memory) if (view := rules.view) else None,
        "privileges": not rules.new_privileges,
        "user": rules.user,
        "listen": rules.listen,
    }


def _outer(descriptor: int) -> int:
    """The process id, as this process sees it, of what a descriptor stands for."""
    with open(f"/proc/self/fdinfo/{descriptor}") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name == "Pid":
                return int(value)
    raise InfraError("The kernel does not say which process a descriptor stands for.")


def _readable(descriptor: int, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    until = None if timeout is None else time.monotonic() + timeout
    while True:
        left = None if until is None else max(0.0, until - time.monotonic())
        if poll.poll(None if left is None else left * 1000):
            return True
        if left == 0.0:
            return False
