"""Config × Event → the build with its jobs, its mistakes, and where its changes begin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.delivery import Stage
from dishwasher.core.event import NO_COMMIT, Event, EventKind
from dishwasher.core.findings import Level
from dishwasher.core.history import Entry
from dishwasher.core.home import HOMES, Home
from dishwasher.core.job import Reason
from dishwasher.errors import Conflict, InfraError, UserError
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.keep import read_result

from tests.fakes.forge import Trouble
from tests.flow.house import BROKEN, CHECKS, CONFIG_PATH, SPELLING, House, builds, reason
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, pull_request, push


@pytest.fixture
def house() -> House:
    return House()


# One commit, several events


def test_a_commit_that_was_pushed_is_not_built_again_for_its_pull_request() -> None:
    house = House(CHECKS)
    build = house.planned(push(branch="topic"))
    again = house.planned(pull_request(delivery="delivery-2"))
    assert (again.id, again.requests) == (build.id, (5,))
    assert house.delivery("delivery-2").reason == "this commit is built already"
    assert house.planned(pull_request(delivery="delivery-3")).version == again.version
    assert len(builds(house)) == 1


def test_a_planned_build_is_the_newest_line_of_its_repository(house: House) -> None:
    build = house.planned(push())
    (entry,) = house.store.latest(Entry, build.group.partition("/")[0], 9)
    assert (entry.build, entry.sha, entry.ended) == (build.id, SHA, 0.0)
    assert entry.branch == build.event.branch


def test_a_commit_that_was_checked_is_deployed_when_its_branch_gets_it(house: House) -> None:
    checked = house.planned(push(branch="topic"))
    deployed = house.planned(push(delivery="delivery-2"))
    assert deployed.id != checked.id
    assert "staging" in house.jobs(deployed)


def test_the_same_push_twice_deploys_once(house: House) -> None:
    first = house.planned(push())
    assert house.planned(push(delivery="delivery-2")).id == first.id
    assert len(builds(house)) == 1


def test_two_planners_at_once_make_one_build(house: House) -> None:
    house.deliver(push())
    house.deliver(push(delivery="delivery-2"))
    house.store.interrupt(lambda: house.plan("delivery-2"))
    with pytest.raises(Conflict):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.RECEIVED
    house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.PLANNED
    assert len(builds(house)) == 1


# Mistakes


def test_mistakes_become_a_check_with_annotations_on_their_lines() -> None:
    house = House(BROKEN)
    build = house.planned(push())
    (job,) = house.jobs(build).values()
    assert (job.spec.name, job.reason, build.is_over) == ("config", Reason.CONFIG, True)
    result = read_result(house.blobs, job)
    assert result is not None
    assert {finding.path for finding in result.findings} == {CONFIG_PATH}
    assert 3 in {finding.start_line for finding in result.findings}
    assert {finding.level for finding in result.findings} == {Level.FAILURE}
    assert result.findings_total == len(result.findings)
    assert result.tail[0].startswith(f"{CONFIG_PATH}:")
    assert job.detail.endswith("; nothing was run.")


def test_the_same_mistakes_are_shown_once() -> None:
    house = House(BROKEN)
    first = house.planned(push())
    assert house.planned(push(delivery="delivery-2")).id == first.id
    assert house.planned(pull_request(delivery="delivery-3")).id == first.id


def test_a_file_that_can_not_be_read_is_a_mistake_too(house: House) -> None:
    class Large:
        """Source.file as GitHub answers for more than a megabyte."""

        def file(self, *_: object) -> bytes:
            raise UserError(".dishwasher.yml is larger than 1048576 bytes; make it smaller")

    house.deliver(push())
    replace(house.plan, source=Large())("delivery-1")  # type: ignore[arg-type]
    (job,) = house.jobs(house.build(house.delivery("delivery-1").build)).values()
    assert (job.reason, job.detail) == (
        Reason.CONFIG,
        ".dishwasher.yml has 1 mistake; nothing was run.",
    )
    result = read_result(house.blobs, job)
    assert result is not None
    assert "larger than 1048576" in result.findings[0].message


# Where changes begin


@pytest.mark.parametrize(
    ("event", "base"),
    [
        (push(), BASE_SHA),
        (push(branch="topic", sha=OTHER_SHA), SHA),
        (push(before=NO_COMMIT), ""),
        (push(branch="main", before=NO_COMMIT, sha=OTHER_SHA), SHA),
        (pull_request(), BASE_SHA),
    ],
)
def test_a_build_that_judges_added_lines_knows_where_they_begin(event: Event, base: str) -> None:
    house = House(SPELLING)
    assert house.planned(event).base_sha == base


def test_commits_without_a_common_history_are_new_throughout() -> None:
    house = House(SPELLING)
    house.there.parents[SHA] = ()
    assert house.planned(pull_request()).base_sha == ""


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.REJECTED])
@pytest.mark.parametrize(
    ("event", "base"),
    [
        (push(branch="topic", sha=OTHER_SHA), BASE_SHA),
        (push(branch="topic", sha=OTHER_SHA, before=NO_COMMIT), ""),
        (pull_request(), BASE_SHA),
    ],
)
def test_a_comparison_that_github_refuses_leaves_nothing_unbuilt(
    event: Event, base: str, trouble: Trouble
) -> None:
    house = House(SPELLING)
    house.forge.plan("compare", trouble)
    assert house.planned(event).base_sha == base


def test_a_comparison_that_keeps_failing_is_done_without() -> None:
    house = House(SPELLING)
    house.forge.plan("compare", Trouble.UNSENT, Trouble.UNSENT)
    event = push(branch="topic", sha=OTHER_SHA)
    house.deliver(event)
    with pytest.raises(InfraError):
        house.plan(event.delivery)
    house.clock.advance(UNSEEN_FOR)
    house.plan(event.delivery)
    (build,) = builds(house)
    assert build.base_sha == BASE_SHA


def test_a_build_that_does_not_ask_pays_no_call_for_it(house: House) -> None:
    assert house.planned(pull_request()).base_sha == ""
    assert "compare" not in house.forge.calls


def test_filters_that_take_for_ever_are_a_mistake_of_the_file() -> None:
    house = House(b"checks:\n  docs: {run: make, when: {branch: ['*a', '*b', '*c']}}\n")
    house.clock.pace = 2.0
    build = house.planned(push())
    assert {name: job.reason for name, job in house.jobs(build).items()} == {
        "config": Reason.CONFIG
    }


# Inputs


ASKING = CHECKS + b"inputs:\n  SITE: {required: true, options: [here, there]}\n"


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ((), "the input SITE is required"),
        ((("SITE", "away"),), "the input SITE is none of here, there"),
    ],
)
def test_nothing_is_started_by_hand_with_wrong_inputs(
    inputs: tuple[tuple[str, str], ...], why: str
) -> None:
    assert reason(House(ASKING), push(kind=EventKind.MANUAL, inputs=inputs)) == why


def test_inputs_that_are_asked_for_are_given_to_the_build() -> None:
    given = (("SITE", "here"), ("OTHER", "x"))
    build = House(ASKING).planned(push(kind=EventKind.MANUAL, inputs=given))
    assert build.event.inputs == (("SITE", "here"),)


def test_a_push_is_built_whatever_is_asked_of_hands() -> None:
    assert House(ASKING).planned(push(branch="topic")).jobs


def test_a_repository_s_first_build_gives_it_a_row_and_the_next_changes_nothing() -> None:
    house = House()
    house.planned(push())
    (home,) = house.store.latest(Home, HOMES, 9)
    assert (home.id, home.version) == (str(REPOSITORY.id), 1)
    house.planned(push(delivery="delivery-2", sha=OTHER_SHA))
    assert house.store.latest(Home, HOMES, 9) == (home,)
