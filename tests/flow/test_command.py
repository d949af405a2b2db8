"""Commands in comments: by whoever may write, on the commit that was looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.approval import LOOKED
from dishwasher.core.build import Build
from dishwasher.core.command import MOST, Reaction
from dishwasher.core.delivery import Stage
from dishwasher.core.event import NO_COMMIT, Comment, Event, EventKind
from dishwasher.core.job import Reason, State
from dishwasher.core.markdown import inert
from dishwasher.core.pull import Pull
from dishwasher.core.session import Person
from dishwasher.errors import Conflict, InfraError, Unseen
from dishwasher.flow.changes import UNSEEN_FOR

from tests.fakes.clock import NOON
from tests.fakes.forge import Trouble
from tests.flow.house import CHECKS, CONFIG_PATH, House, builds
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, from_fork, pull_request, push, rerun

ANN, BOB = Person(1, "ann"), Person(2, "bob")
PUSHED, SEEN = NOON - 100, NOON - 50
OWN = b"checks:\n  own: make own\n"
THREE = b"checks:\n  one: a\n  two: b\n  docs: c\n"


@pytest.fixture
def house() -> House:
    return made(CHECKS)


def made(config: bytes) -> House:
    house = House(config)
    house.talk.writers.add((REPOSITORY.id, ANN))
    return house


def says(line: str, by: Person = ANN, at: float = SEEN, number: int = 5, id: int = 70) -> Event:
    return Event(
        kind=EventKind.COMMAND,
        delivery=f"comment-{id}",
        repository=REPOSITORY,
        sender=by.login,
        sha=NO_COMMIT,
        branch="",
        sender_id=by.id,
        comment=Comment(id, number, line, at),
    )


def obeyed(house: House, event: Event) -> str:
    """The delivery's reason, once it is over."""
    house.deliver(event, "issue_comment")
    house.plan(event.delivery)
    delivery = house.delivery(event.delivery)
    assert delivery.stage is not Stage.RECEIVED
    return delivery.reason


def reactions(house: House, id: int = 70) -> set[Reaction]:
    return house.talk.reactions.get(id, set())


def row(house: House) -> Pull:
    return house.found(Pull, "7/5")


def opened(house: House, event: Event | None = None) -> Build:
    """A pull request of a stranger, with a configuration of its own."""
    house.there.files[SHA][CONFIG_PATH] = OWN
    return house.planned(event or from_fork(updated=PUSHED, action="opened"))


# Who


@pytest.mark.parametrize("line", ["/rerun", "/cancel", "/approve", "/help", "/cancel now"])
def test_who_may_not_write_is_refused_whatever_is_asked(house: House, line: str) -> None:
    build = opened(house)
    assert obeyed(house, says(line, BOB)) == "bob may not write to the repository"
    assert reactions(house) == {Reaction.REFUSED}
    assert [one.id for one in builds(house)] == [build.id]
    assert (row(house).approval, row(house).answer) == (None, "")


def test_a_login_that_is_somebody_else_s_by_now_is_refused(house: House) -> None:
    opened(house)
    assert "may not write" in obeyed(house, says("/approve", Person(99, "ann")))


def test_permission_is_asked_for_when_it_is_used(house: House) -> None:
    opened(house)
    event = says("/approve")
    house.deliver(event)
    house.talk.writers.clear()
    house.plan(event.delivery)
    assert "may not write" in house.delivery(event.delivery).reason


def test_what_is_none_of_ours_costs_nothing_and_is_left_alone(house: House) -> None:
    opened(house)
    before = list(house.forge.calls)
    assert "no command of ours" in obeyed(house, says("/lgtm"))
    assert (house.forge.calls, reactions(house)) == (before, set())


def test_one_person_can_not_wear_us_out(house: House) -> None:
    opened(house)
    for number in range(MOST):
        obeyed(house, says("/rerun", BOB, id=100 + number))
    before = list(house.forge.calls)
    assert obeyed(house, says("/rerun", BOB)) == f"bob has given {MOST} commands just before"
    assert (house.forge.calls, reactions(house)) == (before, set())
    assert "may not" not in obeyed(house, says("/help", id=71))


@pytest.mark.parametrize(("end", "state"), [("close", "closed"), ("lock", "locked")])
def test_on_a_closed_or_locked_pull_request_nothing_is_done(
    house: House, end: str, state: str
) -> None:
    opened(house)
    getattr(house.talk, end)(REPOSITORY, 5)
    assert obeyed(house, says("/approve")) == f"pull request 5 is {state}"
    assert reactions(house) == set()


def test_a_mistake_is_answered_and_changes_nothing(house: House) -> None:
    opened(house)
    assert obeyed(house, says("/cancel lint")) == "/cancel stands alone."
    assert reactions(house) == {Reaction.UNCLEAR}
    assert row(house).answer == "/cancel stands alone."


def test_a_reaction_that_github_refuses_stops_nothing(house: House) -> None:
    opened(house)
    house.forge.plan("react", Trouble.REJECTED)
    assert obeyed(house, says("/cancel")) == "what had not ended was cancelled"


def test_where_github_is_down_the_command_waits(house: House) -> None:
    opened(house)
    house.forge.plan("may_write", Trouble.UNSENT)
    event = says("/cancel")
    house.deliver(event)
    with pytest.raises(InfraError):
        house.plan(event.delivery)
    house.plan(event.delivery)
    assert house.delivery(event.delivery).reason == "what had not ended was cancelled"


# Approve


def test_an_approval_builds_that_very_commit_with_its_own_configuration(house: House) -> None:
    before = opened(house)
    assert obeyed(house, says("/approve")) == ""
    build = house.build(house.delivery("comment-70").build)
    assert (list(house.jobs(build)), build.event.sha) == (["own"], SHA)
    assert reactions(house) == {Reaction.TAKEN}
    approval = build.approval
    assert approval is not None and approval == row(house).approval
    assert (approval.sha, approval.actor, approval.given) == (SHA, ANN.id, SEEN)
    assert approval.sentence in build.notes
    assert house.jobs(before)["lint"].reason is Reason.SUPERSEDED


def test_an_approval_builds_all_of_it_also_where_a_label_has_started_a_part() -> None:
    own = b"checks:\n  own: a\n  demo: {run: b, when: {label: demo}}\n"
    house = made(own)
    strange = from_fork(updated=PUSHED, action="opened")
    house.planned(strange)
    house.there.pulls[5].labels = ("demo",)
    house.clock.advance(1)
    label = replace(strange, delivery="label-1", action="labeled", label="demo")
    assert list(house.jobs(house.planned(label))) == ["demo"]
    house.clock.advance(1)
    obeyed(house, says("/approve"))
    build = house.build(house.delivery("comment-70").build)
    assert (sorted(house.jobs(build)), build.event.label) == (["demo", "own"], "")


def test_an_approval_gives_neither_trust_nor_deployments() -> None:
    deploys = OWN + b"deployments:\n  live: {branch: /.*/, run: steal}\n"
    house = made(CHECKS)
    house.there.files[SHA][CONFIG_PATH] = deploys
    house.planned(from_fork(updated=PUSHED))
    obeyed(house, says("/approve"))
    build = house.build(house.delivery("comment-70").build)
    assert not build.is_trusted
    ticket = house.claimed(house.jobs(build)["own"]).ticket
    assert (ticket.trusted, ticket.secrets) == (False, ())
    assert "live" not in house.jobs(build)


def test_an_approval_with_the_whole_sha_is_taken_whenever_it_was_written(house: House) -> None:
    opened(house)
    obeyed(house, says(f"/approve {SHA}", at=PUSHED - 1))
    assert row(house).approval is not None


@pytest.mark.parametrize("at", [PUSHED - 1, PUSHED, PUSHED + LOOKED, 0.0])
def test_without_a_sha_a_comment_from_before_the_push_approves_nothing(
    house: House, at: float
) -> None:
    build = opened(house)
    assert f"write /approve {SHA}" in obeyed(house, says("/approve", at=at))
    assert reactions(house) == {Reaction.REFUSED}
    assert row(house).approval is None
    assert [one.id for one in builds(house)] == [build.id]


def test_without_a_sha_a_commit_that_stood_there_before_is_meant(house: House) -> None:
    opened(house)
    obeyed(house, says("/approve", at=PUSHED + LOOKED + 1))
    assert row(house).approval is not None


def test_another_base_branch_voids_the_approval(house: House) -> None:
    """The same commit becomes another thing there, which nobody has looked at."""
    opened(house)
    obeyed(house, says("/approve"))
    house.there.pulls[5].base_ref = "release"
    edited = from_fork(updated=NOON, action="edited", delivery="delivery-2")
    house.there.branches["release"] = BASE_SHA
    again = house.planned(edited)
    assert (row(house).approval, again.approval) == (None, None)
    assert list(house.jobs(again)) == ["lint"]


def test_a_stranger_s_offer_of_the_team_s_commit_needs_no_approval(house: House) -> None:
    house.planned(pull_request(delivery="delivery-0", number=4))
    house.deliver(from_fork(updated=PUSHED))
    house.plan("delivery-1")
    assert "counts already" in obeyed(house, says(f"/approve {SHA}"))
    assert reactions(house) == {Reaction.REFUSED}


def test_where_nobody_knows_when_the_branch_moved_the_sha_has_to_be_said(house: House) -> None:
    opened(house, from_fork())
    assert "write /approve" in obeyed(house, says("/approve"))


def test_a_push_that_nobody_has_planned_yet_approves_nothing(house: House) -> None:
    """GitHub shows a commit that came after the one that the comment is about."""
    opened(house)
    house.talk.stands(REPOSITORY, 5, OTHER_SHA)
    assert f"write /approve {OTHER_SHA}" in obeyed(house, says("/approve"))


def test_a_push_that_is_planned_while_we_approve_is_not_approved_with_it(house: House) -> None:
    """Neither now nor when the pull request is opened again at the commit that nobody has read."""
    opened(house)
    react, event = house.talk.react, says(f"/approve {SHA}")

    def slow(*arguments: object) -> None:
        house.talk.react = react  # type: ignore[method-assign]
        pushed_anew(house, OTHER_SHA, NOON, "delivery-2")
        react(*arguments)  # type: ignore[arg-type]

    house.talk.react = slow  # type: ignore[method-assign]
    house.deliver(event)
    with pytest.raises(Conflict):
        house.plan(event.delivery)
    assert (row(house).head, row(house).approval) == (OTHER_SHA, None)
    house.plan(event.delivery)
    assert "does not stand at" in house.delivery(event.delivery).reason
    assert not any(build.approval for build in builds(house))


def test_an_approval_of_another_commit_counts_for_nothing(house: House) -> None:
    """Whatever has written the row."""
    opened(house)
    obeyed(house, says("/approve"))
    given = row(house).approval
    assert given is not None
    house.store.save(replace(row(house), approval=replace(given, sha=OTHER_SHA)))
    again = house.planned(from_fork(updated=NOON, action="reopened", delivery="delivery-2"))
    assert (again.approval, row(house).approval) == (None, None)


def test_another_sha_than_the_head_s_is_not_built(house: House) -> None:
    opened(house)
    told = obeyed(house, says(f"/approve {OTHER_SHA}"))
    assert told == f"The pull request does not stand at {OTHER_SHA[:12]} but at {SHA}."


def test_a_named_head_that_is_not_planned_yet_is_waited_for(house: House) -> None:
    event = says(f"/approve {SHA}")
    house.deliver(event)
    with pytest.raises(Unseen, match="is not planned yet"):
        house.plan(event.delivery)
    opened(house)
    house.plan(event.delivery)
    assert row(house).approval is not None


def test_what_is_never_planned_is_not_waited_for_without_end(house: House) -> None:
    event = says(f"/approve {SHA}")
    house.deliver(event)
    house.clock.advance(UNSEEN_FOR)
    house.plan(event.delivery)
    assert "is not planned yet" in house.delivery(event.delivery).reason


def test_the_team_s_own_needs_no_approval(house: House) -> None:
    opened(house, pull_request(updated=PUSHED))
    assert "counts already" in obeyed(house, says("/approve"))


def test_a_second_approval_builds_nothing_twice(house: House) -> None:
    opened(house)
    obeyed(house, says("/approve"))
    assert obeyed(house, says("/approve", id=71)) == "this commit is built already"
    approved = house.build(house.delivery("comment-70").build)
    assert house.jobs(approved)["own"].state is State.QUEUED


def test_mistakes_of_what_was_approved_are_shown(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = b"checks: [\n"
    house.planned(from_fork(updated=PUSHED))
    obeyed(house, says("/approve"))
    build = house.build(house.delivery("comment-70").build)
    assert list(house.jobs(build)) == ["config"]
    assert build.approval is not None


def pushed_anew(house: House, sha: str, updated: float, delivery: str) -> Build:
    """What the fork's author pushes after the approval."""
    shown = house.there.pulls[5]
    shown.head_sha, shown.updated = sha, updated
    house.talk.stands(REPOSITORY, 5, sha)
    house.there.files[sha][CONFIG_PATH] = b"checks:\n  evil: steal\n"
    event = from_fork(updated=updated, action="synchronize", sha=sha, delivery=delivery)
    return house.planned(event)


def test_a_push_voids_the_approval(house: House) -> None:
    opened(house)
    obeyed(house, says("/approve"))
    later = pushed_anew(house, OTHER_SHA, NOON, "delivery-2")
    assert (list(house.jobs(later)), later.approval) == (["lint"], None)
    assert row(house).approval is None


def test_a_push_that_brings_the_approved_commit_back_voids_it_as_well(house: House) -> None:
    opened(house)
    obeyed(house, says("/approve"))
    pushed_anew(house, OTHER_SHA, NOON, "delivery-2")
    house.clock.advance(10)
    pushed_anew(house, SHA, NOON + 5, "delivery-3")
    assert row(house).approval is None
    # Its webhook alone is enough, should the one of the push between be lost.
    obeyed(house, says(f"/approve {SHA}", id=71, at=NOON + 6))
    assert row(house).approval is not None
    house.planned(from_fork(updated=NOON + 9, action="synchronize", delivery="delivery-4"))
    assert row(house).approval is None


def test_a_redelivered_push_voids_nothing(house: House) -> None:
    opened(house, from_fork(updated=PUSHED, action="synchronize"))
    obeyed(house, says("/approve"))
    house.planned(from_fork(updated=PUSHED, action="synchronize", delivery="delivery-2"))
    assert row(house).approval is not None


def test_a_pull_request_that_is_opened_again_is_still_approved(house: House) -> None:
    opened(house)
    obeyed(house, says("/approve"))
    again = from_fork(updated=NOON, action="reopened", delivery="delivery-2")
    assert list(house.jobs(house.planned(again))) == ["own"]


def test_a_rerun_of_what_was_approved_stays_approved_and_a_stranger_s(house: House) -> None:
    opened(house)
    obeyed(house, says("/approve"))
    own = house.jobs(house.build(house.delivery("comment-70").build))["own"]
    house.ended(own, Reason.FAILED)
    again = house.planned(rerun(own.id))
    assert again.approval is not None and not again.is_trusted


def test_the_merge_that_was_looked_at_is_built(house: House) -> None:
    from tests.flow.test_request import moved_base

    base = moved_base(house)
    house.there.pulls[5].is_fork = True
    build = opened(house)
    obeyed(house, says("/approve"))
    approved = house.build(house.delivery("comment-70").build)
    assert approved.event.built == build.event.built != SHA
    assert any(base[:12] in note for note in approved.notes)


# Re-run


def test_what_has_failed_is_run_again() -> None:
    house = made(THREE)
    build = house.planned(pull_request())
    house.ended(house.jobs(build)["one"])
    house.ended(house.jobs(build)["two"], Reason.FAILED)
    obeyed(house, says("/rerun"))
    again = house.build(house.delivery("comment-70").build)
    assert (list(house.jobs(again)), again.event.rerun) == (["two"], True)
    assert reactions(house) == {Reaction.TAKEN}


@pytest.mark.parametrize("name", ["one", "dishwasher / one"])
def test_a_check_that_is_named_is_run_again(name: str) -> None:
    house = made(THREE)
    house.ended(house.jobs(house.planned(pull_request()))["one"])
    obeyed(house, says(f"/rerun {name}"))
    again = house.build(house.delivery("comment-70").build)
    assert list(house.jobs(again)) == ["one"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/rerun", "There is nothing to run again: no check has failed."),
        ("/rerun one", "one has not ended yet."),
        ("/rerun three", "There is no check three here. There is: one, two, docs."),
    ],
)
def test_where_nothing_is_to_be_run_the_answer_says_why(line: str, answer: str) -> None:
    house = made(THREE)
    house.planned(pull_request())
    assert obeyed(house, says(line)) == answer
    assert (reactions(house), row(house).answer) == ({Reaction.REFUSED}, answer)


def test_before_anything_is_planned_there_is_nothing_to_run(house: House) -> None:
    assert "There is: none yet." in obeyed(house, says("/rerun lint"))


def test_a_deployment_is_not_asked_for_by_a_comment() -> None:
    house = made(CHECKS + b"deployments:\n  try: {branch: topic, run: ./deploy}\n")
    house.planned(push(branch="topic", delivery="push-1"))
    house.planned(pull_request())
    assert "There is no check try here." in obeyed(house, says("/rerun try"))


# Cancel


def test_what_has_not_ended_is_cancelled_by_name(house: House) -> None:
    build = opened(house)
    assert obeyed(house, says("/cancel")) == "what had not ended was cancelled"
    job = house.jobs(build)["lint"]
    assert (job.reason, job.detail) == (Reason.CANCELLED, "Cancelled by ann.")


def test_where_nothing_runs_nothing_is_cancelled(house: House) -> None:
    house.ended(house.jobs(opened(house))["lint"])
    assert "nothing to cancel" in obeyed(house, says("/cancel"))


def test_another_pull_request_s_build_is_left_alone(house: House) -> None:
    build = opened(house)
    house.talk.stands(REPOSITORY, 6, SHA)
    assert "nothing to cancel" in obeyed(house, says("/cancel", number=6))
    assert house.jobs(build)["lint"].reason is None


# What our comment says


def told(house: House, build: Build) -> str:
    house.reports(build.id)
    (comment,) = house.talk.of(REPOSITORY, 5)
    return comment.body


def test_help_is_shown_in_our_one_comment(house: House) -> None:
    build = opened(house)
    obeyed(house, says("/help"))
    said = told(house, build)
    assert "- `/rerun` runs what has failed" in said and "first line of a new comment" in said
    obeyed(house, says("/help", id=71))
    assert told(house, build) == said


def test_an_answer_is_shown_until_something_is_done(house: House) -> None:
    build = opened(house)
    obeyed(house, says("/approve", at=PUSHED))
    assert f"/approve {SHA}" in told(house, build).replace("\\", "")
    obeyed(house, says(f"/approve {SHA}", id=71))
    assert "pushed to after" not in told(house, build)


def test_an_answer_is_inert(house: House) -> None:
    build = opened(house)
    obeyed(house, says("/rerun @acme/team <img src=x> #1"))
    said = told(house, build)
    assert inert("@acme/team <img src=x> #1") in said and "@acme" not in said


def test_who_is_refused_makes_us_write_nothing(house: House) -> None:
    build = opened(house)
    obeyed(house, says("/help", BOB))
    house.reports(build.id)
    assert house.talk.of(REPOSITORY, 5) == []


def test_a_new_commit_ends_what_was_answered(house: House) -> None:
    opened(house)
    obeyed(house, says("/help"))
    pushed_anew(house, OTHER_SHA, NOON, "delivery-2")
    assert not row(house).speaks


def test_of_two_who_answer_at_once_none_is_lost(house: House) -> None:
    opened(house)
    event = says("/help")
    house.deliver(event)
    house.store.interrupt(
        None, lambda: house.store.save(replace(row(house), answer="Somebody else's."))
    )
    with pytest.raises(InfraError):
        house.plan(event.delivery)
    house.plan(event.delivery)
    assert row(house).helps


def test_where_what_was_approved_asks_for_nothing_the_checks_go_on(house: House) -> None:
    house.there.files[SHA].clear()
    build = house.planned(from_fork(updated=PUSHED))
    assert "no configuration" in obeyed(house, says("/approve"))
    assert house.jobs(build)["lint"].state is State.QUEUED
