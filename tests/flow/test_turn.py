"""One at a time tells GitHub of a commit, and nobody while a limit lasts (48, 52)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.report import Status
from dishwasher.errors import Ambiguous, Fault, Gone, InfraError, Throttled
from dishwasher.flow.claim import take
from dishwasher.flow.turn import RETRY_AFTER
from dishwasher.ports import Topic

from tests.fakes.clock import NOON
from tests.fakes.forge import Trouble
from tests.flow.house import House
from tests.flow.reporting import report, shown, sweep_now, writes
from tests.samples import push


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  lint: flake8\n  docs: sphinx-build\n")


@pytest.fixture
def build(house: House) -> Build:
    return house.planned(push())


def test_under_a_limit_nothing_is_sent_before_its_end(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.THROTTLED)
    report(house, build)
    assert writes(house) == ["create"]
    house.rung(Topic.REPORTS)
    for name in ("lint", "docs"):
        house.ended(house.jobs(build)[name])
        report(house, build, after=1)
    house.reap()
    assert writes(house) == []
    house.clock.advance(60)
    assert build.id in house.rung(Topic.REPORTS)
    report(house, build)
    assert writes(house) == ["create", "create"]
    assert {status for status, _ in shown(house).values()} == {Status.COMPLETED}


def test_the_end_of_a_limit_is_found_by_the_reaper_when_the_bell_is_lost(
    house: House, build: Build
) -> None:
    house.forge.plan("create", Trouble.THROTTLED)
    report(house, build)
    house.clock.advance(60)
    house.rung(Topic.REPORTS)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)


@pytest.mark.parametrize("fault", [Gone("gone"), InfraError("down"), Throttled("slow", NOON + 99)])
@pytest.mark.parametrize("call", ["list", "create"])
def test_who_lost_the_claim_meanwhile_leaves_it_to_the_other(
    house: House, build: Build, call: str, fault: Fault
) -> None:
    class Slow:
        """Checks of which one call fails after longer than the claim holds."""

        def __getattr__(self, name: str) -> object:
            return self.fail if name == call else getattr(house.forge, name)

        def fail(self, *_: object) -> None:
            house.clock.advance(house.timing.hold)
            assert take(house.store, house.clock, build.group, house.timing.hold) is not None
            raise fault

    house.forge.plan("create", Trouble.BEFORE)
    with pytest.raises(Ambiguous):
        report(house, build)
    house.clock.advance(RETRY_AFTER)
    house.rung(Topic.REPORTS)
    with suppress(InfraError):
        replace(house.reports, checks=Slow())(build.id)  # type: ignore[arg-type]
    assert house.report(build).holder
    assert house.rung(Topic.REPORTS) == []


def test_who_lost_the_claim_in_the_sweep_leaves_the_rest_to_the_other(
    house: House, build: Build
) -> None:
    class Slow:
        """Checks whose list fails after longer than the claim holds."""

        def __getattr__(self, name: str) -> object:
            return getattr(house.forge, name)

        def list(self, *_: object) -> None:
            house.clock.advance(house.timing.hold)
            assert take(house.store, house.clock, build.group, house.timing.hold) is not None
            raise Gone("gone")

    report(house, build)
    sweep_now(house, build)
    replace(house.reports, checks=Slow())(build.id)  # type: ignore[arg-type]
    assert house.report(build).holder
    assert house.report(build).sweep


def test_two_reporters_make_one_check_run_each(house: House, build: Build) -> None:
    house.store.interrupt(None, lambda: house.reports(build.id))
    report(house, build)
    assert len(house.runs()) == 2
    assert not house.report(build).holder


def test_a_reporter_that_lost_its_claim_before_it_wrote_writes_nothing(
    house: House, build: Build
) -> None:
    def overtake() -> None:
        house.clock.advance(house.timing.hold)
        house.reports(build.id)

    house.store.interrupt(None, overtake)
    report(house, build)
    assert len(house.runs()) == 2
