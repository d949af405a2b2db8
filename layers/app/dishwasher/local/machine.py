"""What the embedded mode needs of this machine besides Python: Linux and bash; and better git."""

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


def require(
    path: str | None, git: tuple[int, int] | None = None, platform: str = sys.platform
) -> None:
    """Raise UserError, saying what to install, where something is missing on this PATH.

    `git`: at least this one, where nothing goes without it.
    """
    if platform != "linux":
        raise UserError(
            f"Dishwasher runs jobs on Linux only, and this is {platform}: use a Linux machine, "
            "container or virtual machine"
        )
    if shutil.which("bash", path=path) is None:
        raise UserError("bash is not on PATH, and every step of a job runs in it: install bash")
    lack = without_git(path, git) if git else ""
    if lack:
        raise UserError(lack)


def without_git(path: str | None, git: tuple[int, int] = GIT) -> str:
    """Why commits can not be fetched on this PATH, and what to install; empty when they can."""
    wanted = ".".join(map(str, git))
    program = shutil.which("git", path=path)
    if program is None:
        return f"git is not on PATH: install git {wanted} or newer"
    try:
        done = subprocess.run(
            (program, "--version"), capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program} can not be run: {error}"
    said = done.stdout.decode("utf-8", "replace").strip()[:100]
    found = _VERSION.match(said)
    if found is None or (int(found[1]), int(found[2])) < git:
        return f"git {wanted} or newer is needed, and {program} says: {said!r}"
    return ""
