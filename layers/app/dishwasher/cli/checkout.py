"""What the local git checkout tells of an event that has not happened."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.event import NO_COMMIT
from dishwasher.errors import UserError

SECONDS = 60.0
"""A git that takes longer to answer is stuck."""
USUAL = ("main", "master")
"""Names of default branches, for a clone that does not know its own."""

_OPTIONS = (
    # The folder may have come from anywhere; a monitor is a program that its settings name.
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "diff.external="),
)
_REMOTE = re.compile(r"[:/]([^/:]+)/([^/:]+?)(?:\.git)?/?$")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder that may be a clone; what git does not know is empty."""

    root: Path

    @property
    def sha(self) -> str:
        return self._git("rev-parse", "--verify", "-q", "HEAD^{commit}") or NO_COMMIT

    @property
    def branch(self) -> str:
        return self._git("symbolic-ref", "--short", "-q", "HEAD")

    @property
    def message(self) -> str:
        return self._git("log", "-1", "--format=%B")

    @property
    def default_branch(self) -> str:
        """What the remote calls so, or the usual name that there is a branch of."""
        told = self._git("symbolic-ref", "--short", "-q", "refs/remotes/origin/HEAD")
        if told:
            return told.removeprefix("origin/")
        return next((name for name in USUAL if self._tip(name)), self.branch or USUAL[0])

    @property
    def owner_and_name(self) -> tuple[str, str]:
        """Of the repository on its host, from the remote's URL."""
        found = _REMOTE.search(self._git("remote", "get-url", "origin"))
        return (found[1], found[2]) if found else ("", self.root.resolve().name)

    def changed(self, base: str) -> tuple[str, ...] | None:
        """Paths that differ from where the work left `base`, uncommitted and new ones included.

        None where git knows no such place, or nothing that a push would bring: nobody knows then.
        """
        tip = self._tip(base)
        start = self._git("merge-base", tip, "HEAD") if tip else ""
        if not start or start == self.sha:
            return None
        differing = self._git("diff", "--name-only", "--relative", "--no-renames", "-z", start)
        new = self._git("ls-files", "--others", "--exclude-standard", "-z")
        return tuple(sorted({*filter(None, f"{differing}\0{new}".split("\0"))}))

    def start(self, base: str) -> str:
        """The commit where the work left `base`."""
        tip = self._tip(base)
        return self._git("merge-base", tip, "HEAD") if tip else ""

    def _tip(self, ref: str) -> str:
        """The commit of a branch, the remote's own first, or of anything else that git knows."""
        names = (f"refs/remotes/origin/{ref}", f"refs/heads/{ref}", ref)
        tips = (
            self._git("rev-parse", "--verify", "-q", "--end-of-options", f"{name}^{{commit}}")
            for name in names
        )
        return next(filter(None, tips), "")

    def _git(self, *words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
        try:
            done = subprocess.run(
                ("git", *_OPTIONS, "-C", str(self.root), *words),
                env={**environment, "GIT_OPTIONAL_LOCKS": "0"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError:
            # Without git a folder is only a folder.
            return ""
        except subprocess.TimeoutExpired as error:
            raise UserError(f"git {words[0]} does not answer in {self.root}") from error
        return "" if done.returncode else done.stdout.decode("utf-8", "replace").strip()
