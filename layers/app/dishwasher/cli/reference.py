"""How people name a build or a job: an id or its beginning, a page's address, a commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.cli.ledger import Ledger
    from dishwasher.core.build import Build
    from dishwasher.core.history import Entry
    from dishwasher.core.job import Job

ID = re.compile(r"([0-9a-f]{4,20})(?:-(\d{1,6}))?")
PAGE = re.compile(r"https?://.*/(?:jobs|builds)/([0-9a-f]+(?:-\d+)?)/?(?:[?#].*)?")
COMMIT = re.compile(r"[0-9a-f]{4,64}")
PAGE_ROWS = 200
"""Lines of the list that are read at once."""
CHOICES = 8
"""Builds that are told of where several are meant."""
HELP = (
    "its id or at least four digits of it, the address of its page, OWNER/REPO@COMMIT, "
    "OWNER/REPO@BRANCH or OWNER/REPO, which are the newest build there"
)


@dataclass(frozen=True, slots=True)
class Meant:
    build: Build
    job: Job | None = None
    """None: all of the build."""


def find(ledger: Ledger, word: str, job: str = "") -> Meant:
    """What the word names, or its job of this name; raises UserError in words that help."""
    page = PAGE.fullmatch(word)
    known = ID.fullmatch(page[1] if page else word.lower())
    if known is not None:
        build = _by_id(ledger, known[1])
        return Meant(build, _job(ledger, build, job, known[2]))
    if "/" not in word:
        raise UserError(f"{word!r} names no build: give {HELP}; `dishwasher builds` lists them")
    build = _newest(ledger, word)
    return Meant(build, _job(ledger, build, job, None))


def short(build: str) -> str:
    """An id as it is shown: long enough not to be mistaken for another."""
    return build[:10]


def repository(ledger: Ledger, name: str) -> int:
    """The id of `owner/name`; raises UserError where nobody has told of it."""
    from dishwasher.local import repositories

    found = repositories.find(ledger.database, name)
    if found is None:
        raise UserError(f"this server has not heard of {name} yet; `dishwasher builds` lists all")
    return found.id


def _by_id(ledger: Ledger, beginning: str) -> Build:
    from dishwasher.core.build import Build

    ids = ledger.index.builds(beginning, CHOICES)
    builds = [build for id in ids if (build := ledger.store.get(Build, id)) is not None]
    if not builds:
        raise UserError(f"there is no build {beginning}; `dishwasher builds` lists them")
    return _only(builds, beginning)


def _only(builds: list[Build], word: str) -> Build:
    if len(builds) > 1:
        told = "; ".join(_told(build) for build in builds)
        more = " or more" if len(builds) == CHOICES else ""
        raise UserError(f"{word} is how {len(builds)}{more} builds begin, write more of it: {told}")
    return builds[0]


def _told(build: Build) -> str:
    event = build.event
    return f"{build.id} ({event.repository.full_name}, {event.branch or event.tag})"


def _newest(ledger: Ledger, word: str) -> Build:
    """Of a repository, or of one of its commits or branches."""
    from dishwasher.core.build import Build

    name, _, at = word.partition("@")
    id = repository(ledger, name)
    if COMMIT.fullmatch(at):
        groups = ledger.index.commits(id, at, 2)
        if len(groups) > 1:
            raise UserError(f"{at} is how several commits of {name} begin: write more of it")
        if groups:
            return max(ledger.store.group(Build, groups[0]), key=lambda build: build.created)
    entry = next(entries(ledger, id, at), None)
    build = None if entry is None else ledger.store.get(Build, entry.build)
    if build is None:
        where = f" for a commit or branch {at}" if at else ""
        raise UserError(f"{name} has no build{where}; `dishwasher builds {name}` lists them")
    return build


def entries(ledger: Ledger, repository: int | None, branch: str = "") -> Iterator[Entry]:
    """Lines of the list, the newest first: of one repository or of all, of one branch or all."""
    from dishwasher.core.history import Entry, history_group

    before: str | None = None
    while True:
        rows: tuple[Entry, ...]
        if repository is not None:
            group = history_group(repository)
            rows = ledger.store.latest(Entry, group, PAGE_ROWS, before)
        else:
            ids = ledger.index.newest(PAGE_ROWS, *(() if before is None else (before,)))
            rows = tuple(row for id in ids if (row := ledger.store.get(Entry, id)) is not None)
        yield from (row for row in rows if not branch or branch in (row.branch, row.tag))
        if len(rows) < PAGE_ROWS:
            return
        before = rows[-1].id


def _job(ledger: Ledger, build: Build, name: str, position: str | None) -> Job | None:
    jobs = ledger.jobs(build)
    if name:
        named = next((job for job in jobs if job.spec.name == name), None)
        if named is None:
            there = ", ".join(job.spec.name for job in jobs)
            raise UserError(f"build {short(build.id)} has no job {name}; there is {there}")
        return named
    if position is None:
        return None
    found = next((job for job in jobs if job.position == int(position)), None)
    if found is None:
        raise UserError(f"build {short(build.id)} has no job {position}, only {len(jobs)} jobs")
    return found
