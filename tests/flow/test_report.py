"""Everything that GitHub is told of a commit, verdicts first (49)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from dishwasher.core.access import Change, Right
from dishwasher.core.build import Build
from dishwasher.core.check_run import CANCEL, RERUN
from dishwasher.core.job import Conclusion, Job, Reason
from dishwasher.core.lifecycle import conclude
from dishwasher.core.report import Action, Status
from dishwasher.errors import InfraError
from dishwasher.flow.turn import RETRY_AFTER
from dishwasher.ports import Record

from tests.fakes.forge import Trouble
from tests.fakes.store import MemoryStore
from tests.flow.house import House
from tests.flow.reporting import lint, report, shown, writes
from tests.samples import REPOSITORY, push, rerun

R = TypeVar("R", bound=Record)

DELETED = Change(3, Right.DELETED, "acme/site was deleted", (7,), present=REPOSITORY)


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  lint: flake8\n  docs: sphinx-build\n")


@pytest.fixture
def build(house: House) -> Build:
    return house.planned(push())


def test_all_builds_of_a_commit_are_reported_together(house: House, build: Build) -> None:
    house.ended(lint(house, build), Reason.FAILED)
    again = house.planned(rerun(lint(house, build).id))
    report(house, build)
    assert len(house.runs()) == 3
    assert house.report(again) == house.report(build)


def test_an_unknown_build_is_nobodys_business(house: House) -> None:
    house.reports("unknown")
    assert house.forge.calls == []


def test_verdicts_go_before_progress(house: House, build: Build) -> None:
    house.ended(house.jobs(build)["docs"])
    house.forge.plan("create", Trouble.NONE, Trouble.THROTTLED)
    report(house, build)
    assert list(shown(house)) == ["docs"]


class LateStore(MemoryStore):
    """Something happens between a look at the builds of a commit and one at their jobs."""

    def __init__(self, store: MemoryStore, happens: Callable[[], object]) -> None:
        self._rows, self._happens = store._rows, [happens]

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        if kind.KIND == Job.KIND and self._happens:
            self._happens.pop()()
        return super().group(kind, group)


def buttons(house: House, name: str) -> tuple[Action, ...]:
    return house.run(name).shown.actions


def test_the_button_that_stops_the_rest_goes_when_the_build_is_over(
    house: House, build: Build
) -> None:
    house.ended(lint(house, build), Reason.FAILED)
    report(house, build)
    assert buttons(house, "lint") == (RERUN, CANCEL)
    writes(house)
    house.ended(house.jobs(build)["docs"])
    report(house, build)
    assert buttons(house, "lint") == (RERUN,)
    assert writes(house) == ["update", "update"]
    report(house, build)
    assert writes(house) == []


def test_no_call_is_made_for_a_button_that_was_never_there(house: House, build: Build) -> None:
    house.ended(lint(house, build))
    report(house, build)
    writes(house)
    house.ended(house.jobs(build)["docs"], Reason.FAILED)
    report(house, build)
    assert (buttons(house, "lint"), buttons(house, "docs")) == ((), (RERUN,))
    assert writes(house) == ["update"]


def test_a_button_goes_although_the_call_for_it_fails_at_first(house: House, build: Build) -> None:
    house.ended(lint(house, build), Reason.FAILED)
    report(house, build)
    house.ended(house.jobs(build)["docs"])
    house.forge.plan("update", Trouble.NONE, Trouble.UNSENT)
    with pytest.raises(InfraError, match="no connection"):
        report(house, build)
    assert shown(house)["docs"] == (Status.COMPLETED, Conclusion.SUCCESS), "verdicts go first"
    assert house.report(build).due == house.clock.now() + RETRY_AFTER
    report(house, build, after=RETRY_AFTER)
    assert buttons(house, "lint") == (RERUN,)


def test_a_verdict_that_comes_between_two_looks_is_the_end_of_its_build(
    house: House, build: Build
) -> None:
    house.ended(lint(house, build), Reason.FAILED)
    report(house, build)
    store = LateStore(house.store, lambda: house.ended(house.jobs(build)["docs"]))
    replace(house.reports, store=store)(build.id)
    assert shown(house)["docs"] == (Status.COMPLETED, Conclusion.SUCCESS)
    assert buttons(house, "lint") == (RERUN,)


def test_one_check_run_that_fails_does_not_hold_up_the_other(house: House, build: Build) -> None:
    house.forge.plan("create", Trouble.UNSENT)
    with pytest.raises(InfraError, match="no connection"):
        report(house, build)
    assert list(shown(house)) == ["docs"]
    assert house.report(build).due == house.clock.now() + RETRY_AFTER
    report(house, build, after=RETRY_AFTER)
    assert house.forge.calls.count("list") == 0
    assert sorted(shown(house)) == ["docs", "lint"]


def test_after_two_failures_the_round_is_over() -> None:
    house = House(b"checks:\n  a: make a\n  b: make b\n  c: make c\n")
    build = house.planned(push())
    house.forge.plan("create", Trouble.UNSENT, Trouble.UNSENT)
    with pytest.raises(InfraError):
        report(house, build)
    assert writes(house) == ["create", "create"]


def test_a_repository_that_was_deleted_ends_the_story(house: House, build: Build) -> None:
    report(house, build)
    house.ended(lint(house, build))
    house.forge.remove(REPOSITORY)
    house.tells(DELETED)
    house.forge.calls.clear()
    report(house, build)
    assert house.job(lint(house, build)).due == 0
    assert house.report(build).due == 0
    docs = house.jobs(build)["docs"]
    house.verdicts.change(docs.id, lambda job: conclude(job, Reason.LOST, "", house.clock.now()))
    report(house, build)
    assert house.job(docs).due == 0
    # Known from the event, so that nobody has to ask.
    assert house.forge.calls == []
