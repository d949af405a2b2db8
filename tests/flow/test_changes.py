"""Jobs are left out for want of a change only where the changes are known."""

from __future__ import annotations

import pytest
from dishwasher.core.build import Build
from dishwasher.core.event import NO_COMMIT, Event
from dishwasher.core.job import Reason
from dishwasher.errors import InfraError
from dishwasher.flow.changes import TOO_MANY, UNSEEN_FOR

from tests.fakes.forge import Trouble
from tests.flow.house import House
from tests.samples import BASE_SHA, OTHER_SHA, SHA, pull_request, push

PATHS = b"""\
checks:
  docs: {run: make docs, when: {path: docs/**}}
  tests: make test
"""


def of_paths(*changed: str) -> House:
    house = House(PATHS)
    house.there.files[SHA] |= dict.fromkeys(changed, b"new")
    return house


def reasons(house: House, build: Build) -> dict[str, Reason | None]:
    return {name: job.reason for name, job in house.jobs(build).items()}


@pytest.mark.parametrize("event", [push(), pull_request(), push(before=NO_COMMIT, branch="topic")])
def test_a_job_without_a_changed_path_is_skipped_with_the_reason(event: Event) -> None:
    house = of_paths("app/views.py")
    house.there.branches["main"] = BASE_SHA
    build = house.planned(event)
    assert reasons(house, build) == {"docs": Reason.FILTERED, "tests": None}
    house.reports(build.id)
    shown = house.run("docs").shown
    assert (shown.conclusion, shown.title) == ("skipped", "Filtered")
    assert "Nothing was changed in" in shown.summary


def test_a_last_commit_on_a_branch_skips_nothing_that_an_earlier_one_has_changed() -> None:
    house = House(PATHS)
    house.there.branches["main"] = BASE_SHA
    house.there.files[OTHER_SHA] = house.there.files[SHA] | {"docs/index.md": b"broken"}
    house.there.files[SHA] = house.there.files[OTHER_SHA] | {"app/views.py": b"new"}
    house.there.parents |= {OTHER_SHA: (BASE_SHA,), SHA: (OTHER_SHA,)}
    build = house.planned(push(branch="topic", before=OTHER_SHA))
    assert set(reasons(house, build).values()) == {None}


def test_a_job_with_a_changed_path_runs() -> None:
    house = of_paths("docs/index.md")
    assert set(reasons(house, house.planned(push())).values()) == {None}


def test_more_changes_than_are_listed_leave_nothing_out_and_say_so() -> None:
    house = of_paths(*(f"app/{number}.py" for number in range(400)))
    build = house.planned(push())
    assert set(reasons(house, build).values()) == {None}
    assert build.notes == (TOO_MANY,)


def test_a_forced_push_leaves_nothing_out() -> None:
    house = of_paths("app/views.py")
    build = house.planned(push(before=OTHER_SHA, forced=True))
    assert set(reasons(house, build).values()) == {None}


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.REJECTED])
def test_a_comparison_that_is_refused_leaves_nothing_out(trouble: Trouble) -> None:
    house = of_paths("app/views.py")
    house.forge.plan("compare", trouble)
    assert set(reasons(house, house.planned(push())).values()) == {None}


def test_a_comparison_that_fails_is_tried_again_and_then_done_without() -> None:
    house = of_paths("app/views.py")
    house.forge.plan("compare", Trouble.UNSENT, Trouble.UNSENT)
    house.deliver(push())
    with pytest.raises(InfraError):
        house.plan("delivery-1")
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    build = house.build(house.delivery("delivery-1").build)
    assert set(reasons(house, build).values()) == {None}


def test_the_first_branch_is_new_throughout() -> None:
    house = of_paths("app/views.py")
    build = house.planned(push(before=NO_COMMIT))
    assert set(reasons(house, build).values()) == {None}
    assert "compare" not in house.forge.calls


def test_paths_cost_nothing_where_nobody_asks() -> None:
    house = House(b"checks:\n  lint: flake8\n")
    house.planned(push())
    assert "compare" not in house.forge.calls
