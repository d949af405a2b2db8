"""A process that has everything imported and forks a runner for each bootstrap line on stdin.

A fork costs a few milliseconds where a Python start costs more than a hundred, and the children
share their parent's memory. Lines in: a Bootstrap, or `{"stop": attempt}`. Lines out:
`{"attempt", "pid"}` and `{"attempt", "exit"}` (negative: the signal). When stdin closes, the server
has gone: no new runner is forked, those at work go on, and the last one's end is ours.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from dishwasher.core.codec import decode
from dishwasher.core.environment import SANDBOX
from dishwasher.core.sandbox import AUTO
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans
from dishwasher.runner.attempt import BROKEN, HURRY, hold, run_attempt, workspace_of
from dishwasher.runner.removal import remove
from dishwasher.runner.sandbox import probe
from dishwasher.runner.warmup import warm

STOP_SECONDS = 30.0
"""From a stop to SIGKILL: the commands' own grace and the last words fit in."""


class Zygote:
    """Single-threaded, because a fork copies no other thread but may copy its locks."""

    def __init__(self, folder: Path, stop_seconds: float = STOP_SECONDS) -> None:
        self._folder, self._stop_seconds = folder, stop_seconds
        self._host = dict(os.environ)
        self._runners: dict[int, str] = {}
        self._cleaners: set[int] = set()
        self._kill_at: dict[int, float] = {}
        self._heard = b""
        self._open = True
        self._bell, self._clapper = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Until stdin is closed and the last runner is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # A runner that has not come to hear it must not die of it; for us it is nothing.
        signal.signal(HURRY, signal.SIG_IGN)
        signal.set_wakeup_fd(self._clapper, warn_on_full_buffer=False)
        os.set_blocking(0, False)
        for fd in (0, self._bell):
            self._selector.register(fd, selectors.EVENT_READ)
        leftovers = list(self._folder.iterdir())
        if leftovers:
            self._fork(lambda: _clean(leftovers))
        while self._open or self._runners or self._cleaners:
            for key, _ in self._selector.select(self._kill_overdue()):
                if key.fd == 0:
                    self._listen()
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._bell, 4096)
            self._reap()

    def _listen(self) -> None:
        data = os.read(0, 65536)
        if not data:
            self._open = False
            self._selector.unregister(0)
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            try:
                self._obey(json.loads(line))
            except ValueError as error:
                print(f"zygote: not understood: {error}", file=sys.stderr)

    def _obey(self, order: Any) -> None:
        if isinstance(order, dict) and "stop" in order:
            for pid in [pid for pid, name in self._runners.items() if name == order["stop"]]:
                self._kill_at[pid] = time.monotonic() + self._stop_seconds
                os.kill(pid, signal.SIGTERM)
            return
        bootstrap = decode(Bootstrap, order)
        try:
            workspace_of(bootstrap.attempt, self._folder)
        except InfraError as error:
            print(f"zygote: {error}", file=sys.stderr)
            _report({"attempt": bootstrap.attempt, "exit": BROKEN})
            return
        pid = self._fork(lambda: run_attempt(bootstrap, self._folder, self._host))
        self._cleaners.discard(pid)
        self._runners[pid] = bootstrap.attempt
        _report({"attempt": bootstrap.attempt, "pid": pid})

    def _fork(self, work: Callable[[], int]) -> int:
        pid = os.fork()
        if pid == 0:
            self._child(work)
        self._cleaners.add(pid)
        return pid

    def _child(self, work: Callable[[], int]) -> NoReturn:
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            os.close(self._bell)
            os.close(self._clapper)
            # Our stdin and stdout belong to the fleet, which must see them closed when we die.
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null, 1)
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            # A broken stderr must not keep a child from ending.
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.flush()
            os._exit(code)

    def _kill_overdue(self) -> float | None:
        """Kill runners whose stop is long ago; answers the seconds to the next, None for never."""
        now = time.monotonic()
        for pid in [pid for pid, at in self._kill_at.items() if at <= now]:
            del self._kill_at[pid]
            os.kill(pid, signal.SIGKILL)
        return min(self._kill_at.values()) - now if self._kill_at else None

    def _reap(self) -> None:
        ended: dict[str, int] = {}
        while self._runners or self._cleaners:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            self._cleaners.discard(pid)
            self._kill_at.pop(pid, None)
            attempt = self._runners.pop(pid, None)
            if attempt is not None:
                ended[attempt] = os.waitstatus_to_exitcode(status)
        if ended:
            # What a killed runner left has become ours; it ends before a new attempt can begin.
            orphans.sweep(keep={*self._runners, *self._cleaners})
        for attempt, code in ended.items():
            self._bury(attempt, code)

    def _bury(self, attempt: str, code: int) -> None:
        workspace = workspace_of(attempt, self._folder)
        if workspace.exists():
            self._fork(lambda: _clean([workspace]))
        _report({"attempt": attempt, "exit": code})


def _report(words: dict[str, str | int]) -> None:
    # Nobody listens any more: the server is gone and the runners do without.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(words).encode() + b"\n")


def _clean(folders: list[Path]) -> int:
    """Remove workspaces that no living runner holds."""
    for folder in folders:
        lock = hold(folder)
        if lock is not None:
            remove(folder)
            os.close(lock)
    return 0


def main() -> None:
    orphans.shut_memory()
    orphans.adopt()
    folder = Path(sys.argv[1])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    warm()
    # A job that needs it says why there is none; nobody waits for this here.
    with contextlib.suppress(UserError):
        probe.choose(os.environ.get(SANDBOX, AUTO))
    # What is imported stays: no child's collector needs to touch, and so copy, its pages.
    gc.collect()
    gc.freeze()
    Zygote(folder).run()


if __name__ == "__main__":
    main()
