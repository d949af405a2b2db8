"""One attempt in a Lambda function, whose process and folders must not outlive it.

A process of the job can hear and answer for the function's runtime as long as it lives, and so can
what it leaves behind. On AWS nobody else's job comes there, for each attempt is a tenant of its own
(`aws.function`); what is done here holds also where environments are used again, as in a container.
The runner is a child; when it has ended, all that came of it is killed, its folder is emptied, and
the caller ends its own process.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import dishwasher
from dishwasher.core.codec import decode
from dishwasher.core.environment import JOB_ENV, LIBRARIES, carried
from dishwasher.core.ticket import Bootstrap
from dishwasher.runner import locales, orphans, removal
from dishwasher.runner.attempt import BROKEN, run_attempt

LAST_SECONDS = 20.0
"""Before Lambda's own end: for the commands' grace and the last words."""
PLACES = ("/opt/python", "/opt/dishwasher")
"""Where this package is in a layer, and in the image of infra/runner.

https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""


def scratch() -> Path:
    """The folder whose content is nobody's but the job's: on Lambda that is all of /tmp."""
    if any(Path(dishwasher.__file__).is_relative_to(place) for place in PLACES):
        return Path("/tmp")
    # Anywhere else there are files of others beside ours.
    folder = Path(tempfile.gettempdir()) / "dishwasher-function"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def run(event: Mapping[str, Any], host: Mapping[str, str], seconds: float, folder: Path) -> int:
    """The exit code of `run_attempt`; `seconds` until Lambda ends the function.

    `folder` is emptied at the end. Raises ValueError for an event that is no bootstrap.
    """
    bootstrap = decode(Bootstrap, dict(event))
    # Credentials are in the environment of this process, and a job may read what is not shut.
    orphans.keep_apart()
    pid = os.fork()
    if pid == 0:
        _child(bootstrap, folder, _told(host))
    alarm = threading.Timer(max(seconds - LAST_SECONDS, 0.0), os.kill, (pid, signal.SIGTERM))
    alarm.start()
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        alarm.cancel()
        orphans.sweep()
        _empty(folder)


def _told(host: Mapping[str, str]) -> dict[str, str]:
    """What a runner may know, in a locale that is there: Lambda names one that it has not.

    Its Python finds no library of its own without what Lambda says of libraries, in a job too.
    """
    told = carried(host)
    if LIBRARIES in host:
        told[LIBRARIES] = host[LIBRARIES]
        told[JOB_ENV] = f"{told.get(JOB_ENV, '')} {LIBRARIES}".strip()
    if "LANG" in told:
        told["LANG"] = locales.present(told["LANG"])
    return told


def _child(bootstrap: Bootstrap, folder: Path, host: Mapping[str, str]) -> NoReturn:
    code = BROKEN
    try:
        code = run_attempt(bootstrap, folder, host)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _empty(folder: Path) -> None:
    """As far as it goes: what can not be removed, the next invocation of this environment sees."""
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            removal.clear(left)
        else:
            with suppress(OSError):
                left.unlink()
