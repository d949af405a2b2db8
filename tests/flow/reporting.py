"""What tests of reporting ask and do again and again."""

from __future__ import annotations

from dishwasher.core.build import Build
from dishwasher.core.job import Conclusion, Job
from dishwasher.core.report import Status
from dishwasher.flow.claim import take

from tests.flow.house import House
from tests.samples import finding

WRITES = ("create", "update")


def lint(house: House, build: Build) -> Job:
    return house.jobs(build)["lint"]


def writes(house: House) -> list[str]:
    """The writing calls since the last time."""
    made = [call for call in house.forge.calls if call in WRITES]
    house.forge.calls.clear()
    return made


def shown(house: House) -> dict[str, tuple[Status, Conclusion | None]]:
    return {
        run.shown.name.removeprefix("dishwasher / "): (run.shown.status, run.shown.conclusion)
        for run in house.runs()
    }


def report(house: House, build: Build, *, after: float = 0.0) -> None:
    house.clock.advance(after)
    house.reports(build.id)


def many(count: int) -> dict[str, object]:
    found = tuple(finding(line=line) for line in range(1, count + 1))
    return {"findings": found, "findings_total": count}


def sweep_now(house: House, build: Build) -> None:
    claim = take(house.store, house.clock, build.group, house.timing.hold)
    assert claim is not None
    claim.sweep_at(house.clock.now())
    claim.release()
