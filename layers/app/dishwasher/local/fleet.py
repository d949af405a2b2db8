"""Runners as child processes of this machine, forked by a zygote that the fleet looks after."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import dishwasher
from dishwasher.core.codec import encode
from dishwasher.core.environment import carried
from dishwasher.core.size import ANY, Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError

MODULE = "dishwasher.runner.zygote"
SILENCE = 15.0
"""Seconds in which a zygote must tell of a runner that it was to start, or that has ended: milli-
seconds do, unless somebody has stopped it (a job of the same user may send it SIGSTOP)."""
KILL_SECONDS = 35.0
"""From a stop to SIGKILL where the zygote, which does it after 30, has died meanwhile."""
LOOK_SECONDS = 1.0
"""Between two looks at runners that were told to stop and have no zygote to end them."""

HURRY = signal.SIGUSR1
"""What a runner hears as the wish that it asks for its orders; see `runner.attempt`."""

_log = logging.getLogger(__name__)


class ProcessFleet:
    """Implements `ports.Fleet` with at most `slots` runners at once.

    `on_exit(attempt)` is called from a thread when a runner's process has ended. A runner whose
    zygote dies goes on, keeps its slot and is watched by its process id; the next start gets a new
    zygote. Runners survive this process too: until the server is back, or their lease is over.
    """

    def __init__(
        self,
        folder: Path,
        slots: int,
        environment: Mapping[str, str],
        on_exit: Callable[[str], None],
        silence: float = SILENCE,
        kill_seconds: float = KILL_SECONDS,
    ) -> None:
        self._folder, self._slots, self._on_exit = folder, slots, on_exit
        self._silence, self._kill_seconds = silence, kill_seconds
        # The server's own settings and secrets stay here: a job's user could read them there.
        self._environment = carried(environment)
        self._environment["PYTHONPATH"] = str(Path(dishwasher.__file__).parents[1])
        self._running: dict[str, _Zygote] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._zygote = self._spawn()

    def start(self, bootstrap: Bootstrap, tenant: str = "", size: Size = ANY) -> None:
        line = json.dumps(encode(bootstrap)).encode() + b"\n"
        with self._changed:
            if self._closed:
                raise InfraError("this fleet is closed")
            if len(self._running) >= self._slots:
                raise InfraError(f"all {self._slots} runners are busy")
            try:
                self._zygote.start(bootstrap.attempt, line)
            except OSError:
                self._zygote.hang_up()
                self._zygote = self._spawn()
                self._zygote.start(bootstrap.attempt, line)
            self._running[bootstrap.attempt] = self._zygote

    def stop(self, attempt: str) -> None:
        with self._changed:
            if attempt in self._running:
                self._running[attempt].stop(attempt)

    def hurry(self, attempt: str) -> None:
        """Have the runner ask for its orders now, and not with its next beat."""
        with self._changed:
            if attempt in self._running:
                self._running[attempt].send(attempt, HURRY)

    @property
    def pid(self) -> int:
        """The zygote's process id: who measures or watches this fleet begins there."""
        with self._changed:
            return self._zygote.pid

    def free_slots(self) -> int:
        with self._changed:
            return self._slots - len(self._running)

    def wait_for_slot(self, timeout: float) -> bool:
        """True as soon as a runner can be started, False after `timeout` seconds.

        A zygote that holds on to its slots in silence is replaced, so this is to be called often.
        """
        with self._changed:
            self._zygote.check(self._silence)
            return self._changed.wait_for(lambda: len(self._running) < self._slots, timeout)

    def close(self, stop: bool = False) -> None:
        """Start no more runners; those at work go on, or are stopped and waited for."""
        if stop:
            for attempt in tuple(self._running):
                self.stop(attempt)
        with self._changed:
            self._closed = True
            self._zygote.hang_up()
        if stop:
            self._zygote.join()

    def _spawn(self) -> _Zygote:
        return _Zygote(self._folder, self._environment, self._ended, self._kill_seconds)

    def _ended(self, attempt: str) -> None:
        with self._changed:
            self._running.pop(attempt, None)
            self._changed.notify_all()
        try:
            self._on_exit(attempt)
        except Exception:
            # The reaper comes to the same attempt later; this thread still has others to watch.
            _log.exception("looking after attempt %s failed", attempt)


class _Zygote:
    """One zygote process and the thread that hears it."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        ended: Callable[[str], None],
        kill_seconds: float,
    ) -> None:
        self._ended, self._kill_seconds = ended, kill_seconds
        self._watched: dict[str, int | None] = {}
        """Attempt → descriptor of its process, None before it is reported."""
        self._silent: dict[str, float] = {}
        """Attempt → since when (time.monotonic()) the zygote owes us a word about it."""
        self._stopping: dict[str, float] = {}
        """Attempt → when (time.monotonic()) it is killed, if the zygote does not live to do it."""
        self._lock = threading.Lock()
        self._dead = False
        self._process = subprocess.Popen(
            (sys.executable, "-m", MODULE, str(folder)),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            # A Ctrl-C at the server's terminal is not for the runners.
            start_new_session=True,
        )
        self._thread = threading.Thread(target=self._watch, name="fleet", daemon=True)
        self._thread.start()

    def start(self, attempt: str, line: bytes) -> None:
        """Raises OSError when the zygote is dead."""
        with self._lock:
            self._tell(line)
            self._watched[attempt] = None

    def stop(self, attempt: str) -> None:
        """Ask the runner to cancel its job; a living zygote sees to it that it ends."""
        self._stopping.setdefault(attempt, time.monotonic() + self._kill_seconds)
        try:
            self._tell(json.dumps({"stop": attempt}).encode() + b"\n")
        except OSError:
            self.send(attempt)

    def check(self, silence: float) -> None:
        """Kill a zygote that does nothing: its runners go on, and are watched without it."""
        now = time.monotonic()
        with self._lock:
            for attempt, descriptor in self._watched.items():
                if descriptor is not None and not _is_over(descriptor):
                    self._silent.pop(attempt, None)
                elif now - self._silent.setdefault(attempt, now) > silence and not self._dead:
                    _log.error("the zygote %d is silent about %s: killed", self.pid, attempt)
                    self._process.kill()
                    return

    def send(self, attempt: str, number: signal.Signals = signal.SIGTERM) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError):
            descriptor = self._watched.get(attempt)
            if descriptor is not None:
                signal.pidfd_send_signal(descriptor, number)

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        if self._dead or self._process.stdin.closed:
            raise BrokenPipeError("nobody is there to hear")
        self._process.stdin.write(line)

    @property
    def pid(self) -> int:
        return self._process.pid

    def hang_up(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def join(self) -> None:
        self._thread.join()

    def _watch(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as reports, open(reports.fileno(), closefd=False) as lines:
            for line in lines:
                report = json.loads(line)
                if "pid" in report:
                    with self._lock:
                        self._watched[report["attempt"]] = _open(report["pid"])
                else:
                    self._end(report["attempt"])
        self._process.wait()
        self._outlive()

    def _outlive(self) -> None:
        """The zygote is dead: wait for the runners that it has left."""
        with self._lock:
            self._dead = True
            left = tuple(self._watched.items())
        with selectors.DefaultSelector() as selector:
            for attempt, descriptor in left:
                if descriptor is None:
                    self._end(attempt)
                else:
                    selector.register(descriptor, selectors.EVENT_READ, attempt)
            for attempt in self._stopping.keys() & self._watched.keys():
                # The zygote may have died with the order unread.
                self.send(attempt)
            while self._watched:
                for key, _ in selector.select(LOOK_SECONDS):
                    selector.unregister(key.fd)
                    self._end(key.data)
                for attempt, kill_at in tuple(self._stopping.items()):
                    if kill_at <= time.monotonic():
                        self.send(attempt, signal.SIGKILL)

    def _end(self, attempt: str) -> None:
        with self._lock:
            descriptor = self._watched.pop(attempt, None)
            if descriptor is not None:
                os.close(descriptor)
            self._stopping.pop(attempt, None)
            self._silent.pop(attempt, None)
        self._ended(attempt)


def _open(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _is_over(descriptor: int) -> bool:
    """Whether the process has ended, also when nobody has waited for it yet."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
