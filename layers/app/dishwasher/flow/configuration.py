"""The configuration of one commit, read through the forge's API."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.config import Config
from dishwasher.core.event import Repository
from dishwasher.errors import ConfigError, UserError
from dishwasher.formats import choose
from dishwasher.formats.choose import NOT_THERE
from dishwasher.formats.repository import Repository as Files
from dishwasher.ports import Listing, Source

MOST_READS = 40
"""Files of one commit that are read to see what it implies; each is a call to the forge's API."""
NOT_ALL_LISTED = (
    "The repository has more files than GitHub lists at once; of those below its folders, some "
    "may have been missed."
)


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration, and whether a file of the repository says it."""

    config: Config
    in_file: bool

    @property
    def advises(self) -> bool:
        """Whether there is something to tell in a check run of its own."""
        return bool(self.config.warnings or (self.config.notes and not self.in_file))

    def noting(self, note: str) -> Written:
        """The same with one note more, if there is one."""
        if not note:
            return self
        return replace(self, config=replace(self.config, notes=(*self.config.notes, note)))


def read(source: Source, repository: Repository, sha: str) -> Written | None:
    """What is to be done for this commit; None where nothing says it or implies it.

    Raises ConfigError for the mistakes of its file.
    """
    commit = Commit(source, repository, sha)
    try:
        config = choose.load(commit.file, commit.look)
    except ConfigError as error:
        if any(problem.code == NOT_THERE for problem in error.problems):
            return None
        raise
    cut = commit.listing is not None and not commit.listing.complete
    written = Written(config, in_file=config.path in commit.found)
    return written.noting(NOT_ALL_LISTED if cut else "")


class Commit:
    """The files of one commit, and which of them were there."""

    def __init__(self, source: Source, repository: Repository, sha: str) -> None:
        self._source, self._repository, self._sha = source, repository, sha
        self._reads = 0
        self.found: set[str] = set()
        self.listing: Listing | None = None

    def file(self, path: str) -> bytes | None:
        data = self._source.file(self._repository, path, self._sha)
        if data is not None:
            self.found.add(path)
        return data

    def look(self) -> Files:
        self.listing = self._source.files(self._repository, self._sha)
        return Files(self.listing.paths, self._text)

    def _text(self, path: str) -> str | None:
        """Of a file that the listing names; None as well where too many were read."""
        known = self.listing is not None and path in self.listing.paths
        if not known or self._reads >= MOST_READS:
            return None
        self._reads += 1
        try:
            data = self._source.file(self._repository, path, self._sha)
            return None if data is None else data.decode()
        except (UserError, UnicodeDecodeError):
            return None
