"""What a pull request in doubt changes of the configuration, which does not count for it yet."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.config import Config
from dishwasher.errors import ConfigError, UserError
from dishwasher.flow import configuration
from dishwasher.flow.work import Work
from dishwasher.formats import choose
from dishwasher.ports import Source

NAMED = 5
"""Jobs that a note names; the others are counted."""
UNREADABLE = b"\0"
"""Stands for a file that is there and can not be read: no configuration has this byte."""


@dataclass(frozen=True, slots=True)
class Unapproved:
    source: Source

    def notes(self, work: Work) -> tuple[str, ...]:
        """What is to be known of a stranger's build."""
        if not work.doubt or work.event.pull_request is None:
            return ()
        if work.approval:
            return (work.doubt, work.approval.sentence)
        return (f"{work.doubt} It is built in a jail, without secrets.",)

    def pending(self, work: Work, config: Config) -> tuple[str, ...]:
        """What it changes of the configuration, in whose place the base branch's counts."""
        in_doubt = work.doubt and not work.approval and work.event.pull_request is not None
        path = self._changed(work) if in_doubt else ""
        if not path:
            return ()
        return (
            f"This pull request changes {path}; it takes effect when it is approved or merged. "
            f"{self._difference(work, config)}".strip(),
            f"Someone with write permission approves it by the comment /approve {work.event.sha}",
        )

    def _changed(self, work: Work) -> str:
        """The path of the file that the pull request changes and that would count; or empty.

        In the order in which they are looked for: what comes after a file that is there on both
        sides changes nothing.
        """
        for path, _ in choose.FILES:
            before, after = (self._file(work, path, sha) for sha in (work.config_sha, _own(work)))
            if before != after:
                return path
            if before is not None:
                break
        return ""

    def _file(self, work: Work, path: str, sha: str) -> bytes | None:
        try:
            return self.source.file(work.event.repository, path, sha)
        except UserError:
            return UNREADABLE

    def _difference(self, work: Work, config: Config) -> str:
        """Which jobs it would add and remove, in a sentence."""
        try:
            written = configuration.read(self.source, work.event.repository, _own(work))
        except ConfigError as error:
            return f"As it is, {error.path} has mistakes."
        there = [spec.name for spec in config.jobs]
        wanted = [spec.name for spec in written.config.jobs] if written else []
        said = [
            f"{verb} {_named([name for name in some if name not in others])}"
            for verb, some, others in (("add", wanted, there), ("remove", there, wanted))
            if set(some) - set(others)
        ]
        return f"It would {' and '.join(said)}." if said else ""


def _own(work: Work) -> str:
    return work.event.built


def _named(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
