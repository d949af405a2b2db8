"""A pull request as GitHub shows it now: the merge that is built, and whom to believe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.event import EventKind
from dishwasher.core.hooks.code import MAX_MESSAGE
from dishwasher.core.job import Reason, State
from dishwasher.errors import Conflict, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.request import MERGED_WITHIN
from dishwasher.ports import Topic

from tests.fakes.forge import ForgePull
from tests.flow.house import BROKEN, CHECKS, CONFIG_PATH, House, builds, reason
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, from_fork, pull_request, push, rerun


@pytest.fixture
def house() -> House:
    return House()


# Whom to believe


def test_a_fork_is_built_at_once_with_the_checks_of_the_base_branch(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = CHECKS + b"  evil: steal\n"
    jobs = house.jobs(build := house.planned(from_fork()))
    assert list(jobs) == ["lint", "tests"]
    assert jobs["lint"].state is State.QUEUED
    assert (build.doubt, build.is_trusted) == ("The pull request comes from a fork.", False)
    assert house.rung(Topic.JOBS) == [jobs["lint"].id]
    assert "branch_sha" not in house.forge.calls


def test_a_stranger_s_commit_is_built_anew_when_one_of_the_team_pushes_it() -> None:
    house = House(CHECKS)
    strange = house.planned(from_fork())
    built = house.planned(push(branch="copy", delivery="delivery-2"))
    assert built.id != strange.id
    assert (strange.is_trusted, built.is_trusted) == (False, True)
    assert house.jobs(built)["lint"].state is State.QUEUED


def test_a_fork_that_is_told_of_twice_is_one_build(house: House) -> None:
    assert house.planned(from_fork()).id == house.planned(from_fork(delivery="delivery-2")).id


def test_mistakes_of_the_base_branch_are_shown_to_a_fork_without_hiding_its_commit(
    house: House,
) -> None:
    house.there.files[BASE_SHA][CONFIG_PATH] = BROKEN
    refused = house.planned(from_fork())
    assert list(house.jobs(refused)) == ["config"]
    assert house.planned(push(branch="topic", delivery="delivery-2")).id != refused.id


@pytest.mark.parametrize("branch", [None, OTHER_SHA])
def test_a_branch_that_does_not_stand_there_yet_is_waited_for(
    house: House, branch: str | None
) -> None:
    house.there.branches.pop("topic")
    if branch:
        house.there.branches["topic"] = branch
    house.deliver(pull_request())
    with pytest.raises(Unseen, match="does not stand at"):
        house.plan("delivery-1")
    house.there.branches["topic"] = SHA
    house.plan("delivery-1")
    assert house.jobs(house.build(house.delivery("delivery-1").build))["lint"].reason is None


def test_a_branch_that_never_stands_there_is_not_trusted(house: House) -> None:
    house.there.branches["topic"] = OTHER_SHA
    house.deliver(pull_request())
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    build = house.build(house.delivery("delivery-1").build)
    assert "no longer stands" in build.doubt
    assert not house.claimed(house.jobs(build)["lint"]).ticket.trusted


# What is built


def moved_base(house: House, files: dict[str, bytes] | None = None) -> str:
    """The base branch goes on while pull request 5 is open; answers where it stands."""
    added = {"base.txt": b"new"} if files is None else files
    whole = house.there.files[BASE_SHA] | added
    base = house.forge.commit(REPOSITORY, whole, "base", (BASE_SHA,))
    house.there.pulls[5] = ForgePull("topic", SHA, base, "base")
    return base


def test_the_result_of_the_merge_is_built_and_reported_on_the_head(house: House) -> None:
    base = moved_base(house)
    build = house.planned(pull_request())
    request = build.event.pull_request
    assert request is not None and build.event.sha == SHA
    assert house.there.parents[build.event.built] == (base, SHA)
    assert (request.merge, request.base_sha, request.base_ref) == (build.event.built, base, "base")
    assert build.group == f"7/{SHA}"
    assert build.notes[0].startswith(f"This is the result of merging into base at {base[:12]};")


def test_the_runner_gets_the_merge_and_the_head_by_name(house: House) -> None:
    moved_base(house)
    build = house.planned(pull_request())
    ticket = house.claimed(house.jobs(build)["lint"]).ticket
    assert ticket.source.sha == build.event.built != SHA
    variables = dict(ticket.environment)
    assert variables["DISHWASHER_SHA"] == SHA
    assert variables["DISHWASHER_MERGE_SHA"] == build.event.built


def test_the_configuration_is_that_of_the_merge() -> None:
    house = House(CHECKS)
    moved_base(house, {CONFIG_PATH: CHECKS + b"  types: mypy\n"})
    assert list(house.jobs(house.planned(pull_request()))) == ["lint", "types"]


def test_a_merge_that_changes_nothing_is_the_head_itself(house: House) -> None:
    build = house.planned(pull_request())
    assert (build.event.built, build.notes) == (SHA, ())


def test_a_rerun_builds_the_merge_that_was_pinned(house: House) -> None:
    moved_base(house)
    build = house.planned(pull_request())
    lint = house.ended(house.jobs(build)["lint"], Reason.FAILED)
    moved_base(house, {"later.txt": b"1"})
    again = house.planned(rerun(lint.id))
    assert again.event.built == build.event.built
    assert again.notes == build.notes


def test_the_same_head_with_another_base_is_another_build(house: House) -> None:
    moved_base(house)
    first = house.planned(pull_request())
    moved_base(house, {"later.txt": b"1"})
    second = house.planned(pull_request(delivery="delivery-2", action="edited"))
    assert second.id != first.id and second.group == first.group
    assert second.event.built != first.event.built


def test_two_pull_requests_with_one_head_and_one_result_are_one_build(house: House) -> None:
    moved_base(house)
    first = house.planned(pull_request())
    house.there.pulls[6] = replace(house.there.pulls[5])
    assert house.planned(pull_request(6, delivery="delivery-2")).id == first.id
    assert house.build(first.id).requests == (5, 6)


def test_a_conflict_is_told_and_the_head_built(house: House) -> None:
    house.there.files[SHA]["a.txt"] = b"ours"
    moved_base(house, {"a.txt": b"theirs"})
    build = house.planned(pull_request())
    assert build.event.built == SHA
    assert build.notes[0].startswith("The branch conflicts with base, so that it was built by")


def test_a_merge_that_github_still_tries_is_waited_for(house: House) -> None:
    moved_base(house)
    house.there.pulls[5].mergeable = None
    house.deliver(pull_request())
    with pytest.raises(Unseen, match="not merged for a try yet"):
        house.plan("delivery-1")
    house.there.pulls[5].mergeable = True
    house.plan("delivery-1")
    assert builds(house)[0].event.built != SHA


def test_a_merge_that_never_comes_is_done_without(house: House) -> None:
    moved_base(house)
    house.there.pulls[5].mergeable = None
    house.deliver(pull_request())
    house.clock.advance(MERGED_WITHIN)
    house.plan("delivery-1")
    assert builds(house)[0].event.built == SHA
    assert builds(house)[0].notes[0].startswith("GitHub did not merge the branch into base in ")


class OldMerge:
    """Pulls whose merge is one of before."""

    def __init__(self, house: House, merge: str | None) -> None:
        self._house, self._merge = house, merge

    def merge_sha(self, *_: object) -> str | None:
        return self._merge

    def __getattr__(self, name: str) -> object:
        return getattr(self._house.forge, name)


def made(house: House, *parents: str) -> str:
    return house.forge.commit(REPOSITORY, {"m": b"".join(map(str.encode, parents))}, None, parents)


def test_the_merge_of_an_older_head_or_of_another_branch_is_not_built(house: House) -> None:
    base = moved_base(house)
    elsewhere = made(house, OTHER_SHA)
    merges = [None, made(house, base, OTHER_SHA), made(house, base), made(house, elsewhere, SHA)]
    for number, merge in enumerate(merges):
        delivery = f"delivery-{number}"
        house.deliver(pull_request(delivery=delivery))
        with pytest.raises(Unseen, match="not merged for a try yet"):
            replace(house.plan, pulls=OldMerge(house, merge))(delivery)  # type: ignore[arg-type]
    assert builds(house) == []


def test_the_merge_into_an_earlier_commit_of_the_base_branch_will_do(house: House) -> None:
    moved_base(house)
    merge = made(house, BASE_SHA, SHA)
    house.there.files[merge][CONFIG_PATH] = CHECKS
    house.deliver(pull_request())
    replace(house.plan, pulls=OldMerge(house, merge))("delivery-1")  # type: ignore[arg-type]
    assert builds(house)[0].event.built == merge


def test_the_head_s_message_may_ask_to_skip(house: House) -> None:
    house.there.messages[SHA] = "Tidy up\n\n[skip ci]"
    assert reason(house, pull_request()) == "The commit message says [skip ci]."


def test_of_a_head_s_long_message_the_beginning_is_kept(house: House) -> None:
    """A row of DynamoDB has 400 KB at most."""
    house.there.messages[SHA] = "Tidy up\n\n" + "all of it " * 100_000
    built = house.planned(pull_request())
    assert built.event.message == house.there.messages[SHA][:MAX_MESSAGE]


# What is still true of it


def test_an_event_of_an_older_head_builds_nothing(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", OTHER_SHA, BASE_SHA, updated=200.0)
    old = pull_request(updated=100.0)
    assert reason(house, old) == f"pull request 5 stands at {OTHER_SHA[:12]}"


def test_github_may_show_a_pull_request_late(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", BASE_SHA, BASE_SHA, updated=100.0)
    house.deliver(pull_request(updated=200.0))
    with pytest.raises(Unseen, match="stands at cccccccccccc, and not at aaaaaaaaaaaa yet"):
        house.plan("delivery-1")
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA, updated=200.0)
    house.plan("delivery-1")
    assert len(builds(house)) == 1


def test_what_github_shows_in_the_end_is_believed(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", OTHER_SHA, BASE_SHA)
    house.deliver(pull_request())
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    assert house.delivery("delivery-1").reason == f"pull request 5 stands at {OTHER_SHA[:12]}"


def test_a_pull_request_that_is_closed_meanwhile_is_not_built(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA, is_open=False, updated=2.0)
    event = pull_request(updated=1.0)
    assert reason(house, event) == "pull request 5 is closed"


def test_of_two_who_plan_at_once_the_later_head_is_built(house: House) -> None:
    """The older one has asked GitHub before the push, and goes on after the newer was planned."""
    house.deliver(pull_request())
    newer = pull_request(delivery="delivery-2", sha=OTHER_SHA, action="synchronize")
    house.deliver(newer)

    def overtake() -> None:
        house.there.branches["topic"] = house.there.pulls[5].head_sha = OTHER_SHA
        house.plan("delivery-2")

    house.store.interrupt(overtake)
    with pytest.raises(Conflict):
        house.plan("delivery-1")
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    assert house.delivery("delivery-1").reason == f"pull request 5 stands at {OTHER_SHA[:12]}"
    assert [build.event.sha for build in builds(house)] == [OTHER_SHA]


# Beside a push


def test_an_open_pull_request_builds_its_branch_and_the_push_does_not(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA)
    pushed = push(branch="topic", delivery="push-1")
    assert reason(house, pushed) == "pull request 5 builds this branch"
    assert house.planned(pull_request()).event.kind is EventKind.PULL_REQUEST


def test_a_pull_request_from_a_fork_s_branch_of_that_name_does_not_stop_a_push(
    house: House,
) -> None:
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA, is_fork=True)
    assert house.planned(push(branch="topic")).event.kind is EventKind.PUSH


def test_the_default_branch_is_built_whatever_is_open() -> None:
    house = House(CHECKS)
    house.there.pulls[5] = ForgePull("main", SHA, BASE_SHA, "release")
    assert list(house.jobs(house.planned(push()))) == ["lint"]


def test_what_runs_on_pushes_alone_is_left_to_them() -> None:
    house = House(CHECKS + b"  slow: {run: make slow, when: {event: push}}\n")
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA)
    # One with the same name that says it was skipped would let it merge.
    assert list(house.jobs(house.planned(push(branch="topic", delivery="push-1")))) == ["slow"]
    assert list(house.jobs(house.planned(pull_request()))) == ["lint"]


def test_a_fork_is_told_of_what_runs_on_pushes_alone() -> None:
    house = House(CHECKS + b"  slow: {run: make slow, when: {event: push}}\n")
    jobs = house.jobs(house.planned(from_fork()))
    assert {name: job.reason for name, job in jobs.items()} == {
        "lint": None,
        "slow": Reason.FILTERED,
    }


def test_a_pull_request_that_is_shown_as_it_was_before_is_waited_for(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", BASE_SHA, BASE_SHA)
    pushed = push(branch="topic", delivery="push-1")
    house.deliver(pushed)
    with pytest.raises(Unseen, match="pull request 5 does not stand at aaaaaaaaaaaa yet"):
        house.plan("push-1")
    house.clock.advance(UNSEEN_FOR)
    house.plan("push-1")
    # It was closed before, and nobody else builds the push.
    assert builds(house)[0].event.kind is EventKind.PUSH


def test_a_push_that_its_pull_request_has_left_behind_is_not_built(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", OTHER_SHA, BASE_SHA)
    house.there.branches["topic"] = OTHER_SHA
    pushed = push(branch="topic", delivery="push-1")
    assert reason(house, pushed) == "pull request 5 builds this branch"


def test_a_draft_is_built_at_once_and_not_again_when_it_is_ready(house: House) -> None:
    build = house.planned(pull_request(action="opened"))
    ready = pull_request(action="ready_for_review", delivery="ready-1")
    assert house.planned(ready).id == build.id
    assert len(builds(house)) == 1
