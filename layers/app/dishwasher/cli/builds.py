"""`dishwasher builds`: what this server has built, and the jobs of one build."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from dishwasher.cli import ledger, reference
from dishwasher.cli.grid import Cell, grid
from dishwasher.cli.terminal import paint, show
from dishwasher.core.rendering import ago, duration

if TYPE_CHECKING:
    from dishwasher.cli.ledger import Ledger
    from dishwasher.core.build import Build
    from dishwasher.core.history import Entry
    from dishwasher.core.job import Conclusion, Job

LIMIT = 20
COMMIT = 7
"""Digits, as GitHub shows them."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "builds",
        help="what was built here, the newest first",
        description="List what the server of this machine has built, the newest first: of all "
        "repositories, of one, or of one of its branches. With a build, list its jobs.",
    )
    parser.add_argument(
        "what", nargs="?", default="", metavar="OWNER/REPO|BUILD", help="a repository, or one build"
    )
    parser.add_argument("--branch", default="", metavar="NAME", help="of this branch or tag alone")
    parser.add_argument(
        "--limit", type=_count, default=LIMIT, metavar="N", help="so many at most (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="all of it, for programs")
    ledger.add(parser)
    parser.set_defaults(call=builds)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of builds")
    return int(text)


def builds(options: argparse.Namespace) -> int:
    """0, also where there is none."""
    with ledger.opened(options) as opened:
        if options.what and ("/" not in options.what or "@" in options.what or _is_page(options)):
            _one(opened, reference.find(opened, options.what).build, options.json)
        else:
            _all(opened, options)
    return 0


def _is_page(options: argparse.Namespace) -> bool:
    return reference.PAGE.fullmatch(options.what) is not None


def _all(opened: Ledger, options: argparse.Namespace) -> None:
    id = reference.repository(opened, options.what) if options.what else None
    found = list(islice(reference.entries(opened, id, options.branch), options.limit))
    names = _Names(opened)
    if options.json:
        show([json.dumps([_json(entry, names) for entry in found], indent=2)])
    elif not found:
        of = f" of {options.branch}" if options.branch else ""
        show([f"Nothing{of} has been built yet."])
    else:
        now = opened.clock.now()
        shared = "" if id is None else names(id)
        show(grid(_lines(found, names, now, shared), paint()))


class _Names:
    """What repositories are called, each asked for once."""

    def __init__(self, opened: Ledger) -> None:
        self._ledger = opened
        self._known: dict[int, str] = {}

    def __call__(self, id: int) -> str:
        from dishwasher.web.front import newest

        if id not in self._known:
            build = newest(self._ledger.store, id)
            self._known[id] = build.event.repository.full_name if build else str(id)
        return self._known[id]


def _lines(
    found: list[Entry], names: Callable[[int], str], now: float, shared: str
) -> Iterator[tuple[Cell, ...]]:
    """`shared` is the one repository that all are of; it needs no column."""
    head = ["build", *(() if shared else ("repository",)), "branch", "commit", "how", "took"]
    yield tuple(Cell(word, "bold") for word in (*head, "begun", "what"))
    for entry in found:
        where = f"{entry.branch or entry.tag}"
        if entry.pull_request:
            where = f"#{entry.pull_request} {where}"
        yield (
            Cell(reference.short(entry.build)),
            *(() if shared else (Cell(names(entry.repository)),)),
            Cell(where),
            Cell(entry.sha[:COMMIT]),
            Cell(_word(entry.conclusion), _style(entry.conclusion)),
            Cell(duration(max((entry.ended or now) - entry.created, 0.0))),
            Cell(ago(now - entry.created)),
            Cell(", ".join(entry.deciders) or entry.title, "" if entry.deciders else "faint"),
        )


def _word(conclusion: Conclusion | None) -> str:
    from dishwasher.web.tone import CONCLUDED

    return CONCLUDED[conclusion] if conclusion else "Running"


def _style(conclusion: Conclusion | None) -> str:
    from dishwasher.core.job import Conclusion

    if conclusion in (Conclusion.FAILURE, Conclusion.TIMED_OUT):
        return "error"
    if conclusion is Conclusion.ACTION_REQUIRED:
        return "warning"
    if conclusion is Conclusion.SUCCESS:
        return "good"
    return "faint" if conclusion else "note"


def _json(entry: Entry, names: Callable[[int], str]) -> dict[str, Any]:
    return {
        "build": entry.build,
        "repository": names(entry.repository),
        "event": str(entry.kind),
        "sha": entry.sha,
        "branch": entry.branch,
        "tag": entry.tag,
        "pull_request": entry.pull_request or None,
        "sender": entry.sender,
        "title": entry.title,
        "created": entry.created,
        "ended": entry.ended or None,
        "conclusion": None if entry.conclusion is None else str(entry.conclusion),
        "decided_by": list(entry.deciders),
    }


def _one(opened: Ledger, build: Build, as_json: bool) -> None:
    jobs, now = opened.jobs(build), opened.clock.now()
    if as_json:
        show([json.dumps(_build_json(build, jobs), indent=2)])
        return
    event, shown = build.event, paint()
    where = event.branch or event.tag
    by = f" by {event.sender}" if event.sender else ""
    heading = f"{event.repository.full_name}, {where} at {event.sha[:COMMIT]}{by}"
    show([f"{shown('bold', build.id)}  {heading}", ""])
    show(grid(_job_lines(jobs, now), shown))


def _job_lines(jobs: list[Job], now: float) -> Iterator[tuple[Cell, ...]]:
    from dishwasher.core.rendering import verdict

    yield tuple(Cell(word, "bold") for word in ("job", "name", "how", "took", "why"))
    for job in jobs:
        taken = duration((job.ended or now) - job.started) if job.started else ""
        yield (
            Cell(f"{reference.short(job.build)}-{job.position}"),
            Cell(job.spec.name),
            Cell(verdict(job, job.reason) if job.reason else f"{job.state}", _style_of(job)),
            Cell(taken),
            Cell(job.detail, "faint"),
        )


def _style_of(job: Job) -> str:
    return _style(job.conclusion) if job.is_over else "note"


def _build_json(build: Build, jobs: list[Job]) -> dict[str, Any]:
    event = build.event
    return {
        "build": build.id,
        "repository": event.repository.full_name,
        "event": str(event.kind),
        "sha": event.sha,
        "branch": event.branch,
        "tag": event.tag,
        "pull_request": build.pull_request or None,
        "sender": event.sender,
        "created": build.created,
        "jobs": [
            {
                "id": job.id,
                "name": job.spec.name,
                "kind": str(job.spec.kind),
                "state": str(job.state),
                "conclusion": None if job.conclusion is None else str(job.conclusion),
                "reason": None if job.reason is None else str(job.reason),
                "detail": job.detail,
                "attempt": job.attempt,
                "started": job.started or None,
                "ended": job.ended or None,
            }
            for job in jobs
        ],
    }
