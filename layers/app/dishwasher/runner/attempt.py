"""One attempt from its bootstrap to its result, in a process of its own."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from dishwasher.core.environment import SANDBOX
from dishwasher.core.job import Reason
from dishwasher.core.result import Result
from dishwasher.core.sandbox import AUTO
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans
from dishwasher.runner.engine import Engine
from dishwasher.runner.environment import Workspace
from dishwasher.runner.http_sink import HttpSink
from dishwasher.runner.mask import Mask
from dishwasher.runner.removal import remove
from dishwasher.runner.sandbox import probe
from dishwasher.runner.sink import Fenced, LeaseOver
from dishwasher.runner.stop import Cause, Stop

HURRY = signal.SIGUSR1
"""The server has orders, and this process is to ask for them: only its answer is fenced."""
DONE, BROKEN, GIVEN_UP = 0, 1, 4
"""Exit codes: the result is delivered; it is not, and why is on stderr; nobody wants it."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


def run_attempt(bootstrap: Bootstrap, folder: Path, host: Mapping[str, str]) -> int:
    """Claim the ticket, run it, deliver the result; the workspace is removed at the end."""
    workspace = Workspace(workspace_of(bootstrap.attempt, folder))
    orphans.keep_apart()
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.request(Cause.CANCELLED))
    # The folder too: what cleans up /tmp, or a job of before, may have removed it.
    workspace.root.mkdir(mode=0o700, parents=True)
    held = hold(workspace.root)
    if held is None:
        raise InfraError(f"another process holds {workspace.root}, or has removed it")
    sink = HttpSink(bootstrap.url, bootstrap.attempt)
    try:
        return _run(bootstrap, workspace, host, stop, sink)
    except (Fenced, LeaseOver):
        return GIVEN_UP
    finally:
        sink.close()
        remove(workspace.root)
        os.close(held)


def workspace_of(attempt: str, folder: Path) -> Path:
    """The attempt's own folder; raises InfraError for a name that leads elsewhere."""
    if not NAME.fullmatch(attempt):
        raise InfraError(f"not the id of an attempt: {attempt!r}")
    return folder / attempt


def _run(
    bootstrap: Bootstrap, workspace: Workspace, host: Mapping[str, str], stop: Stop, sink: HttpSink
) -> int:
    ticket = sink.claim(bootstrap.code)
    try:
        isolation = probe.choose(host.get(SANDBOX, AUTO))
    except UserError as error:
        sink.result(Result(Reason.INFRA, str(error)))
        return DONE
    engine = Engine(ticket, sink, workspace, host, stop, isolation=isolation)
    signal.signal(HURRY, lambda *_: engine.hurry())
    try:
        result = engine.run()
    except (Fenced, LeaseOver):
        raise
    except Exception as error:
        # An error can quote what it stumbled over, and the server's log is a place to read as well.
        mask = Mask(ticket.secrets)
        sys.stderr.write(mask.text(traceback.format_exc()))
        detail = f"The runner broke: {type(error).__name__}: {error}"
        result = Result(Reason.INFRA, mask.text(detail))
    try:
        sink.result(result)
    except InfraError as error:
        print(f"{bootstrap.attempt}: the result is lost: {error}", file=sys.stderr)
        return BROKEN
    finally:
        engine.close()
    return DONE


def hold(folder: Path) -> int | None:
    """Lock a workspace for as long as the descriptor is open; None when its runner lives, or when
    who cleans up was faster and has removed it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if lock(descriptor, folder):
        return descriptor
    os.close(descriptor)
    return None


def lock(descriptor: int, folder: Path) -> bool:
    """Whether it is locked now, and is the folder's own: not of one that was there before."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), os.stat(folder))
    except (BlockingIOError, FileNotFoundError):
        return False
