"""The prepared environment: what the jobs of a build would each install, installed by one of them.

A job whose first phase only installs dependencies looks for what another has stored under the
same key, and takes it in place of that phase. The first to finish the phase stores it, before any
other command of the user's has run. Nothing here fails a job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dishwasher.core.step import Phase
from dishwasher.core.ticket import CacheFound, CacheOffer, CacheQuery, Ticket
from dishwasher.errors import InfraError
from dishwasher.runner import changes, removal
from dishwasher.runner.archive import Archives, size
from dishwasher.runner.changes import Changes, TooMany
from dishwasher.runner.environment import Workspace
from dishwasher.runner.fingerprint import OWNED, Fingerprint, Key, Unknown
from dishwasher.runner.pack import Packed, Packer, Unkept
from dishwasher.runner.tar import Damaged
from dishwasher.runner.unpack import Unpacker

FORMAT = "prepared 1"
"""Raised when old archives can not be used any more."""
ROOT = "job"
"""What paths in an archive begin with: the job's folder."""
PARTS = ("virtualenv", *changes.ROOTS)
SHOWN = 80
"""Characters of a name that an archive tells."""


class Prepared:
    """Of one job; `phase` is the one that it stands for."""

    def __init__(
        self,
        ticket: Ticket,
        phase: Phase,
        workspace: Workspace,
        archives: Archives,
        give: Callable[[Path], None],
    ) -> None:
        """`give` makes the job's commands the owner of a folder and all in it."""
        assert phase.installs is not None
        self.phase, self.installs = phase, phase.installs
        self._ticket, self._workspace, self._archives = ticket, workspace, archives
        self._say, self._give = archives.say, give
        self._key: Key | None = None
        self._found = CacheFound()
        self._damaged = False
        self._before: dict[str, changes.State] | None = None
        self._began = 0.0
        self.restored = False

    @property
    def stands_for(self) -> str:
        """The commands, for people."""
        return "; ".join(" ".join(step.command.split()) for step in self.phase.steps)

    def look(self, environment: Mapping[str, str], programs: Iterable[str]) -> bool:
        """Whether there is one; raises Fenced and LeaseOver."""
        self._began = time.monotonic()
        workspace = self._workspace
        words = (workspace.root, workspace.checkout, workspace.home)
        fingerprint = Fingerprint(self._ticket, self.phase, self.installs, *words)
        try:
            today = time.strftime("%Y-%m-%d", time.gmtime())
            self._key = fingerprint.key(environment, programs, today)
            self._found = self._archives.sink.find_cache(CacheQuery(FORMAT, self._key.text))
        except (Unknown, OSError, InfraError) as error:
            self._say(f"The dependencies are installed anew: {error}.")
            self._key = None
        if not self._found.kept:
            self._key = None
        return bool(self._found.url)

    def restore(self) -> None:
        """Put what was found to its places; `restored` says whether that went well."""
        self._archives.attempt("Restoring the dependencies", self._restore)

    def _restore(self) -> None:
        began = time.monotonic()
        try:
            unpacker = self._archives.unpacked(self._found)
            self._place(unpacker)
        except Damaged:
            self._damaged = True
            raise
        self.restored = True
        took = time.monotonic() - began
        made = _told(unpacker.made)
        self._say(f"Restored {size(self._found.size)} in {took:.1f} s{made}, in place of:")
        for step in self.phase.steps:
            self._say(f"  {step.command.rstrip()}")

    def _place(self, unpacker: Unpacker) -> None:
        problems = unpacker.mend()
        if self.installs.python and not unpacker.has(ROOT, "virtualenv"):
            problems.append("the virtual environment is not in it")
        if problems:
            raise Damaged("; ".join(problems))
        for path in unpacker.folders(ROOT, OWNED):
            # Of a cache: what belongs together comes from one place.
            removal.clear(self._workspace.root / path)
        for part in PARTS:
            problems += unpacker.move(ROOT, part)
            if (self._workspace.root / part).is_dir():
                self._give(self._workspace.root / part)
        if problems:
            self._say(f"Left out: {'; '.join(problems)}")

    def before(self) -> None:
        """The phase is about to run."""
        self._before = None
        if self._key is None or (self._key.is_brief and self._ticket.alone):
            return
        if self._ticket.secrets:
            # What installs could have kept a secret, and other jobs would find it.
            return
        try:
            self._before = changes.look(self._workspace.root)
        except (TooMany, OSError) as error:
            self._say(f"The dependencies are not kept: {error}.")

    @property
    def is_worth_it(self) -> bool:
        """Whether to `save`, now that the phase has succeeded and nothing of it runs any more."""
        took = time.monotonic() - self._began
        return self._before is not None and took >= self._ticket.limits.install_seconds

    def save(self) -> None:
        self._archives.attempt("Storing the dependencies", self._save)

    def _save(self) -> None:
        assert self._key is not None and self._before is not None
        sink, began = self._archives.sink, time.monotonic()
        if not self._damaged and sink.find_cache(CacheQuery(FORMAT, self._key.text)).url:
            self._say("Another job has stored these dependencies meanwhile.")
            return
        try:
            found = changes.compare(self._before, changes.look(self._workspace.root))
            if found.changed:
                what = found.changed[0].partition("/")[2]
                raise Unkept(f"installing them has changed {what}, which was there before")
            packed = self._archives.pack(lambda packer: self._fill(packer, found))
        except (TooMany, Unkept) as error:
            self._say(f"The dependencies are not kept: {error}.")
            return
        offer = CacheOffer(
            *(FORMAT, self._key.text, packed.size, packed.sha256), self._damaged, self._key.slot
        )
        why = self._archives.send(offer)
        if why:
            self._say(f"The dependencies are not stored, because {why}.")
            return
        took = time.monotonic() - began
        what = f"{packed.members} files, {size(packed.content)}, as {size(packed.size)}"
        self._say(f"Stored the dependencies for other jobs: {what} in {took:.1f} s.")

    def _fill(self, packer: Packer, found: Changes) -> Packed:
        own = ["virtualenv"] if self.installs.python else []
        packer.take(ROOT, [*own, *found.new])
        build = dict(self._ticket.facts).get("build_number", "")
        return packer.finish({"job": self._ticket.spec.name, "build": build})


def _told(made: Mapping[str, str]) -> str:
    """Where it comes from; an archive may tell anything."""
    job, build = (
        "".join(filter(str.isprintable, made.get(name, "")))[:SHOWN] for name in ("job", "build")
    )
    of = f" of build {build}" if build else ""
    return f", installed by {job}{of}" if job else ""
