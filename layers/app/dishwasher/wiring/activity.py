"""A line of log for each delivery that is planned, each job that ends, each check that is shown.

The flows know no log: these stand between them and the adapters. Texts from outside are quoted as
JSON, so that none can make a line of its own; ids of builds are cut, because who knows a whole one
may read the build's pages.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from dishwasher.core.added import Added
from dishwasher.core.build import Build
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Repository
from dishwasher.core.job import Job
from dishwasher.core.lifecycle import REPORT_AFTER
from dishwasher.core.report import Check, Status
from dishwasher.errors import Rejected
from dishwasher.ports import Checks, PostedCheck, Record, Store
from dishwasher.wiring.lines import short

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)
T = TypeVar("T")

COMMIT_CHARACTERS = 10
PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
"""Values that stand without quotes."""


class LoggedStore:
    """A store that tells of deliveries and jobs when what became of them is stored."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, kind: type[R], id: str) -> R | None:
        return self._store.get(kind, id)

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        return self._store.group(kind, group)

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        return self._store.latest(kind, group, limit, before)

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        return self._store.due(kind, now, limit)

    def save(self, *records: Record) -> None:
        self._store.save(*records)
        builds = {record.id: record for record in records if isinstance(record, Build)}
        for record in records:
            if isinstance(record, Delivery):
                _delivery(record, builds.values())
            elif isinstance(record, Job) and _ends_now(record):
                _job(record, builds.get(record.build))


class LoggedChecks:
    """Checks that tell when GitHub has taken a conclusion."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def create(self, repository: Repository, check: Check) -> int:
        id = _told(repository, check, lambda: self._checks.create(repository, check))
        _check(repository, id, check)
        return id

    def update(self, repository: Repository, id: int, check: Check) -> None:
        _told(repository, check, lambda: self._checks.update(repository, id, check))
        _check(repository, id, check)

    def list(self, repository: Repository, sha: str) -> tuple[PostedCheck, ...]:
        return self._checks.list(repository, sha)

    def annotated(self, repository: Repository, id: int) -> int:
        return self._checks.annotated(repository, id)

    def added(self, repository: Repository, base: str, head: str) -> Added | None:
        return self._checks.added(repository, base, head)

    def has_room(self, repository: Repository) -> bool:
        return self._checks.has_room(repository)


def _told(repository: Repository, check: Check, call: Callable[[], T]) -> T:
    """What GitHub calls invalid is a mistake of ours, and its last refusal leaves a check open."""
    try:
        return call()
    except Rejected as error:
        last = check.status is Status.COMPLETED and not check.title
        _tell(
            "given up" if last else "refused by GitHub",
            logging.ERROR if last else logging.WARNING,
            build=_build(check),
            job=short(check.external_id),
            repository=repository.full_name,
            commit=check.head_sha[:COMMIT_CHARACTERS],
            name=check.name,
            why=str(error),
        )
        raise


def _ends_now(job: Job) -> bool:
    """Whether this is the first word of the end: later ones only move the deadline."""
    return job.is_over and job.deadline == job.ended + REPORT_AFTER


def _delivery(delivery: Delivery, builds: Iterable[Build]) -> None:
    event = delivery.event
    if delivery.stage is Stage.RECEIVED or event is None:
        return
    _tell(
        str(delivery.stage),
        delivery=delivery.id,
        event=delivery.name,
        repository=event.repository.full_name,
        commit=event.sha[:COMMIT_CHARACTERS],
        build=short(delivery.build),
        jobs=sum(len(build.jobs) for build in builds),
        why=delivery.reason,
    )


def _job(job: Job, build: Build | None) -> None:
    """`build` is stored along with the end of each of its jobs."""
    _tell(
        "concluded",
        delivery=build.event.delivery if build is not None else "",
        build=short(job.build),
        job=short(job.id),
        name=job.spec.name,
        attempt=job.attempt,
        reason=str(job.reason),
        seconds=round(job.ended - job.started, 3) if job.started else 0,
    )


def _check(repository: Repository, id: int, check: Check) -> None:
    if check.status is not Status.COMPLETED:
        return
    _tell(
        "reported",
        check=id,
        build=_build(check),
        job=short(check.external_id),
        repository=repository.full_name,
        commit=check.head_sha[:COMMIT_CHARACTERS],
        name=check.name,
        conclusion=str(check.conclusion),
        annotations=len(check.annotations),
    )


def _build(check: Check) -> str:
    return short(check.external_id.partition("-")[0])


def _tell(what: str, level: int = logging.INFO, **fields: str | float) -> None:
    """`what key=value key="two words"`; what is empty is left out."""
    shown = (
        f"{key}={value if PLAIN.fullmatch(str(value)) else json.dumps(value)}"
        for key, value in fields.items()
        if value != ""
    )
    logger.log(level, "%s %s", what, " ".join(shown), extra={"fields": {"what": what, **fields}})


def _conform(store: Store, checks: Checks) -> tuple[Store, Checks]:
    return LoggedStore(store), LoggedChecks(checks)
