"""What the embedded mode needs of this machine besides Python: Linux, bash and git."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from dishwasher.errors import UserError

GIT = (2, 32)
"""Since then variables alone shut out the host's configuration and bring ours (GIT_CONFIG_GLOBAL):
https://github.com/git/git/blob/master/Documentation/RelNotes/2.32.0.txt"""
SECONDS = 10.0

_VERSION = re.compile(r"git version (\d+)\.(\d+)")


def require(path: str | None, git: tuple[int, int] = GIT, platform: str = sys.platform) -> None:
    """Raise UserError, saying what to install, where something is missing on this PATH."""
    if platform != "linux":
        raise UserError(
            f"Dishwasher runs jobs on Linux only, and this is {platform}: use a Linux machine, "
            "container or virtual machine"
        )
    if shutil.which("bash", path=path) is None:
        raise UserError("bash is not on PATH, and every step of a job runs in it: install bash")
    wanted = ".".join(map(str, git))
    program = shutil.which("git", path=path)
    if program is None:
        raise UserError(f"git is not on PATH: install git {wanted} or newer")
    said = _said(program)
    found = _VERSION.match(said)
    if found is None or (int(found[1]), int(found[2])) < git:
        raise UserError(f"git {wanted} or newer is needed, and {program} says: {said!r}")


def _said(program: str) -> str:
    try:
        done = subprocess.run(
            (program, "--version"), capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{program} can not be run: {error}") from error
    return done.stdout.decode("utf-8", "replace").strip()[:100]
