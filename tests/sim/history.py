"""The list of a repository's builds: each has one line, ended exactly when the build is."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.core.build import Build
from dishwasher.core.history import Entry, entry_id
from dishwasher.core.job import Conclusion, Job
from dishwasher.ports import Record

from tests.fakes.store import MemoryStore

FINE = frozenset({Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.SKIPPED})


def wrong(rows: MemoryStore, new: Record) -> str:
    """What the list gets wrong at this very write; empty where it is right."""
    if isinstance(new, Entry):
        lines = sum(entry.build == new.build for entry in rows.group(Entry, new.group))
        return "" if lines == 1 else f"build {new.build} has {lines} lines"
    if not isinstance(new, Build | Job):
        return ""
    build = rows.get(Build, new.id if isinstance(new, Build) else new.build)
    assert build is not None
    entry = rows.get(Entry, entry_id(build))
    if entry is None:
        return f"build {build.id} has no line"
    over = all(job.is_over for job in rows.group(Job, build.id))
    if over != (entry.ended > 0.0):
        return f"the line of build {build.id} ended at {entry.ended}, while over: {over}"
    return ""


def problems(rows: MemoryStore) -> Iterator[str]:
    """L11: what a line says of how its build ended is what its jobs say."""
    for build in rows.all(Build):
        jobs, entry = rows.group(Job, build.id), rows.get(Entry, entry_id(build))
        ends = {job.conclusion for job in jobs}
        if entry is None or entry.conclusion not in ends:
            yield f"L11 the line of build {build.id} says {entry and entry.conclusion}: {ends}"
        elif (entry.conclusion in FINE) != (ends <= FINE):
            yield f"L11 the line of build {build.id} says {entry.conclusion}, its jobs {ends}"
