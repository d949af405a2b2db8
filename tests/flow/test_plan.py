"""A delivery becomes a build, or a reason why not; never two builds, never a lost one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.delivery import GIVE_UP_AFTER, REFUSALS, Delivery, Stage
from dishwasher.core.event import NO_COMMIT, Comment, EventKind
from dishwasher.core.hooks.code import MAX_MESSAGE
from dishwasher.core.job import State
from dishwasher.errors import InfraError, Throttled, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.ports import Topic

from tests.fakes.forge import Trouble
from tests.flow.house import CONFIG_PATH, House, builds, reason
from tests.samples import BASE_SHA, REPOSITORY, SHA, pull_request, push


@pytest.fixture
def house() -> House:
    return House()


# What a push and a pull request plan


def test_a_push_plans_jobs_and_rings_for_what_is_ready(house: House) -> None:
    build = house.planned(push())
    jobs = house.jobs(build)
    assert [job.spec.name for job in jobs.values()] == ["lint", "tests", "staging"]
    assert [jobs[name].state for name in jobs] == [State.QUEUED, State.BLOCKED, State.BLOCKED]
    assert (build.event, build.config_path, build.settled) == (push(), CONFIG_PATH, 0)
    assert build.jobs == tuple(job.id for job in jobs.values())
    assert house.rung(Topic.JOBS) == [jobs["lint"].id]
    assert house.rung(Topic.REPORTS) == [build.id]
    delivery = house.delivery("delivery-1")
    assert (delivery.stage, delivery.due) == (Stage.PLANNED, 0.0)


def test_a_push_to_another_branch_deploys_nothing(house: House) -> None:
    assert list(house.jobs(house.planned(push(branch="topic")))) == ["lint", "tests"]


def test_a_pull_request_of_this_repository_is_built_and_remembered(house: House) -> None:
    build = house.planned(pull_request())
    assert build.pull_request == 5
    assert list(house.jobs(build)) == ["lint", "tests"]


def test_a_delivery_that_was_handled_or_never_was_is_no_work(house: House) -> None:
    house.planned(push())
    calls = len(house.forge.calls)
    house.plan("delivery-1")
    house.plan("unknown")
    house.store.save(Delivery("ping", "ping", 0.0, None))
    house.plan("ping")
    assert len(house.forge.calls) == calls
    assert len(builds(house)) == 1


def test_no_configuration_plans_nothing() -> None:
    house = House(config=None)
    assert reason(house, push()) == f"no configuration at {SHA[:12]}, and nothing implies one"
    assert builds(house) == []


def test_deployments_alone_plan_nothing_elsewhere() -> None:
    house = House(b"deployments:\n  live:\n    branch: main\n    run: ./deploy\n")
    assert reason(house, push(branch="topic")) == f"{CONFIG_PATH} plans nothing for this event"


# When GitHub fails


def test_a_repository_that_is_gone_plans_nothing_once_that_is_sure(house: House) -> None:
    house.forge.remove(REPOSITORY)
    house.deliver(push())
    for look in range(1, REFUSALS):
        with pytest.raises(Unseen, match="gone"):
            house.plan("delivery-1")
        waiting = house.delivery("delivery-1")
        assert (waiting.stage, waiting.refused) == (Stage.RECEIVED, look)
        assert waiting.reason == "waits: file: the repository is gone"
    house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.IGNORED
    assert house.delivery("delivery-1").reason == "file: the repository is gone"


def test_a_single_refusal_of_github_ends_no_delivery(house: House) -> None:
    house.forge.plan("file", Trouble.GONE)
    house.deliver(push())
    with pytest.raises(Unseen):
        house.plan("delivery-1")
    house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.PLANNED
    assert house.delivery("delivery-1").reason == ""


def test_a_delivery_says_what_it_waits_for(house: House) -> None:
    house.forge.plan("file", Trouble.BEFORE, Trouble.BEFORE)
    house.deliver(push())
    for _ in range(2):
        with pytest.raises(InfraError):
            house.plan("delivery-1")
    waiting = house.delivery("delivery-1")
    assert (waiting.reason, waiting.version) == ("waits: the answer was lost", 2)


def test_what_can_not_be_told_of_waiting_hides_no_fault(house: House) -> None:
    house.forge.plan("file", Trouble.BEFORE)
    house.deliver(push())
    house.store.interrupt(lambda: house.store.save(house.delivery("delivery-1")))
    with pytest.raises(InfraError, match="answer was lost"):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").reason == ""


def test_a_comment_is_asked_what_it_commands(house: House) -> None:
    line = Comment(id=9, number=5, line="/lgtm", created=1.0)
    asked = push(kind=EventKind.COMMAND, sha=NO_COMMIT, branch="", comment=line)
    assert reason(house, asked) == "the first line of the comment is no command of ours"


@pytest.mark.parametrize(("branch", "sha"), [("", SHA), ("topic", SHA), ("old", BASE_SHA)])
def test_what_a_clock_or_a_hand_asks_for_is_built_where_its_branch_stands(
    house: House, branch: str, sha: str
) -> None:
    house.there.branches["old"] = BASE_SHA
    asked = push(kind=EventKind.MANUAL, sha=NO_COMMIT, branch=branch, delivery="by-hand-1")
    build = house.planned(asked)
    assert (build.event.sha, build.event.branch) == (sha, branch or "main")
    assert house.planned(replace(asked, delivery="by-hand-2")).id != build.id


def test_a_branch_that_is_not_there_is_not_built_by_hand(house: House) -> None:
    asked = push(kind=EventKind.MANUAL, sha=NO_COMMIT, branch="none")
    assert reason(house, asked) == "there is no branch none"


def test_a_commit_is_built_by_hand_as_one_of_its_branch_alone(house: House) -> None:
    older = push(kind=EventKind.MANUAL, sha=BASE_SHA)
    assert house.planned(older).event.sha == BASE_SHA
    # GitHub shows the commits of forks too, and of branches that are further on.
    house.there.branches["old"] = BASE_SHA
    ahead = push(kind=EventKind.MANUAL, branch="old", delivery="by-hand-2")
    assert reason(house, ahead) == f"{SHA[:12]} is no commit of old"
    unknown = push(kind=EventKind.MANUAL, sha="9" * 40, delivery="by-hand-3")
    assert reason(house, unknown) == "999999999999 is no commit of main"


def test_a_branch_that_was_found_is_not_built_where_its_commit_says_so(house: House) -> None:
    """A look tells nothing of messages, and what was told and skipped counts as not built."""
    house.there.messages[SHA] = "Correct the docs\n\n[skip ci]"
    found = push(delivery="head-of-main")
    assert reason(house, found) == "The commit message says [skip ci]."
    house.there.messages[SHA] = "Correct the docs" + "!" * MAX_MESSAGE
    kept = house.planned(push(delivery="head-of-main-1")).event.message
    assert kept == house.there.messages[SHA][:MAX_MESSAGE]


def test_a_request_that_github_calls_invalid_is_not_repeated(house: House) -> None:
    house.forge.plan("file", Trouble.REJECTED)
    assert reason(house, push()) == "file: invalid"


def test_a_commit_that_is_not_visible_yet_is_looked_for_two_minutes(house: House) -> None:
    unknown = push(sha="9" * 40)
    house.deliver(unknown)
    with pytest.raises(Unseen):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.RECEIVED
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.IGNORED


@pytest.mark.parametrize(
    ("trouble", "fault"), [(Trouble.BEFORE, InfraError), (Trouble.THROTTLED, Throttled)]
)
def test_an_outage_is_waited_out_for_three_days(
    house: House, trouble: Trouble, fault: type[InfraError]
) -> None:
    house.forge.plan("file", trouble, trouble)
    house.deliver(push())
    with pytest.raises(fault):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").due > 0
    house.clock.advance(GIVE_UP_AFTER)
    house.plan("delivery-1")
    assert house.delivery("delivery-1").reason.startswith("given up after three days: ")
