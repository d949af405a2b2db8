"""Nothing that a job starts outlives it: descendants are adopted, found and killed.

Killing a process group is not enough, because `setsid` leaves it; a subreaper gets every
descendant whose parent died, however often it forked.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path

# linux/prctl.h
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36

SWEEP_SECONDS = 5.0
"""A killed process is gone in milliseconds unless the kernel holds it (a dead network disk)."""
SWEEP_PAUSE = 0.002

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}): {os.strerror(code)}")


def adopt(on: bool = True) -> None:
    """Become the parent of every orphan below this process, or no longer."""
    _prctl(PR_SET_CHILD_SUBREAPER, int(on))


def shut_memory() -> None:
    """Keep processes of the same user from reading our memory, environment and open files."""
    _prctl(PR_SET_DUMPABLE, 0)


def keep_apart() -> None:
    """`shut_memory` and `adopt`, where the kernel hears of them at all.

    A Lambda function may not call prctl: https://github.com/krallin/tini/issues/227. There a job
    could read what its runner knows of it, and its daemons end with the function's environment.
    """
    with contextlib.suppress(PermissionError):
        shut_memory()
        adopt()


def children(pid: int | str = "self") -> set[int]:
    """Direct children, of every thread of that process; needs CONFIG_PROC_CHILDREN."""
    found: set[int] = set()
    # The process or a thread of it may end while we read.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found.update(map(int, (task / "children").read_text().split()))
    return found


def descendants(pids: Collection[int]) -> set[int]:
    """These and everything below them."""
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children(pid))
    return found


def sweep(keep: Collection[int] = ()) -> tuple[int, int]:
    """Kill and reap every descendant but those below `keep`; (how many ended, how many resist)."""
    return _sweep(lambda: _reap(children() - set(keep)))


def kill(pids: Collection[int]) -> None:
    """These and all below them, at once; nobody is waited for."""
    _kill(descendants(pids))


def living(pids: Collection[int]) -> set[int]:
    """Those of them that have not ended, waited for or not."""
    return {pid for pid in pids if _state(pid) not in ("", "Z", "X")}


def sweep_below(parent: int, keep: Collection[int] = ()) -> tuple[int, int]:
    """As `sweep`, for the children of another process, which reaps them itself."""
    return _sweep(lambda: living(children(parent) - set(keep)))


def _sweep(left: Callable[[], set[int]]) -> tuple[int, int]:
    """Kill what is left, and what is below it, until nothing is or the time is over."""
    killed: set[int] = set()
    end = time.monotonic() + SWEEP_SECONDS
    while strays := left():
        if time.monotonic() > end:
            break
        killed |= _kill(descendants(strays))
        time.sleep(SWEEP_PAUSE)
    return len(killed - strays), len(strays)


def _kill(pids: Collection[int]) -> set[int]:
    """Those of them that were there to be killed."""
    killed = set()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
    return killed


def _state(pid: int) -> str:
    """One letter, as in proc(5); empty when the process is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return stat.rpartition(")")[2].split()[0]


def _reap(pids: Collection[int]) -> set[int]:
    """Collect those of our children that have ended; answers the others."""
    living = set()
    for pid in pids:
        # Another thread may have waited for it.
        with contextlib.suppress(ChildProcessError):
            if not os.waitpid(pid, os.WNOHANG)[0]:
                living.add(pid)
    return living
