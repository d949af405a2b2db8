"""A job's sandbox as the runner sees it: commands are started and ended by its supervisor."""

from __future__ import annotations

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

import dishwasher
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans, usage
from dishwasher.runner.place import Process, Started
from dishwasher.runner.sandbox import protocol
from dishwasher.runner.sandbox.cgroup import Group
from dishwasher.runner.sandbox.channel import Channel
from dishwasher.runner.sandbox.rules import Rules
from dishwasher.runner.usage import UNKNOWN, Usage

PACKAGES = str(Path(dishwasher.__file__).parents[1])
READY_SECONDS = 20.0
"""A Python and some namespaces take 50 ms, and seconds where the machine is crowded."""
LEAVE_SECONDS = 10.0
ALL_ENDED = "The job's own processes were all ended at once."
ENDED = "The job has ended the process that starts its commands."
_PROGRAM = (
    f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {PACKAGES!r}); "
    "from dishwasher.runner.sandbox.supervisor import Supervisor; "
    "Supervisor(int(sys.argv[1])).run()"
)


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
    """What goes before the supervisor's command, and descriptors that it needs; they are closed."""
    group: Group | None = None
    as_user: tuple[int, int] | None = None
    """Whom the supervisor itself is; None: as we are."""
    after: Callable[[], None] = lambda: None
    """Called once when all has ended."""
    folders: tuple[Path, ...] = ()
    """Where commands write besides the job's workspace."""
    _process: subprocess.Popen[bytes] | None = None
    _channel: Channel | None = None
    supervisor: int = 0
    """Its process id."""
    listeners: dict[int, int] = field(default_factory=dict)
    """The sockets of `Rules.listen`, by port, for whoever serves them, and closes them then."""
    _said: int = -1
    _words: str = ""
    """The last that the programs around the supervisor said, once it is closed."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    """Servers are started and looked at by several threads."""

    def open(self) -> None:
        """Raises InfraError with what the programs said."""
        channel = self._channel = Channel(READY_SECONDS)
        self._said = os.memfd_create("said")
        self._spawn(channel.theirs)
        channel.tell(self.rules.settings())
        letter, _, _, descriptor = channel.hear()
        if letter != protocol.READY:
            self.close()
            raise InfraError(self._words or "the sandbox ended before it was ready")
        self.supervisor = _outer(descriptor)
        os.close(descriptor)
        if self.group is not None:
            self.group.add(self.supervisor)
        for _ in self.rules.listen:
            letter, _, port, descriptor = channel.hear()
            if letter != protocol.LISTENS:
                self.close()
                raise InfraError(self._words or "the sandbox has no network of its own")
            self.listeners[port] = descriptor

    def _spawn(self, theirs: socket.socket) -> None:
        """Start the supervisor with its end of the channel, which is closed here."""
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

    def start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> Started:
        with self._lock:
            return self._start(argv, cwd, environment, output)

    def _start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> Kept:
        channel = self._channel
        assert channel is not None
        channel.tell((protocol.START, list(argv), str(cwd), dict(environment)), output)
        letter, inner, _, descriptor = channel.hear()
        if letter != protocol.BEGUN:
            raise UserError(ENDED)
        process = Kept(self, _outer(descriptor), inner, descriptor)
        channel.tell((protocol.GO, inner))
        letter, _, code, _ = channel.hear()
        if letter != protocol.GONE:
            os.close(descriptor)
            raise UserError(ENDED)
        if code:
            process.returncode = code
            channel.tell((protocol.WAIT, inner))
            channel.hear()
            channel.hear()
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
        channel = self._channel
        assert channel is not None
        with self._lock:
            channel.tell((protocol.WAIT, inner))
            letter, _, code, _ = channel.hear()
            if letter != protocol.ENDED:
                return -signal.SIGKILL, 0
            _, _, peak, _ = channel.hear()
        return code, peak

    def children(self) -> set[int]:
        return orphans.children() | orphans.living(orphans.children(self.supervisor))

    def sweep(self, keep: Collection[int]) -> tuple[int, int]:
        ended, resist = orphans.sweep_below(self.supervisor, keep)
        own = {self._process.pid} if self._process else set()
        more, others = orphans.sweep({*keep, *own})
        return ended + more, resist + others

    def strike(self, keep: Collection[int]) -> None:
        orphans.kill(orphans.children(self.supervisor) - set(keep))

    def trouble(self) -> str:
        said = self.group.trouble() if self.group else ""
        return said or (ALL_ENDED if self._channel is not None and self._channel.lost else "")

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        process = self._process
        if process is not None:
            try:
                # Without a process id space of its own, the supervisor ends what is left, and then.
                process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            orphans.sweep(orphans.children() - {process.pid})
            self._process = None
        if self._said >= 0:
            self._words = _last_line(self._said)
            os.close(self._said)
            self._said = -1
        if self.group is not None:
            self.group.remove()
        after, self.after = self.after, lambda: None
        after()


def _last_line(descriptor: int) -> str:
    said = os.pread(descriptor, 4096, 0).decode("utf-8", "replace").strip()
    return said.splitlines()[-1] if said else ""


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
