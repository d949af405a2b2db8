"""What could not be told or built while the App was not let in is told and built when it is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import cast

import pytest
from dishwasher.core.access import (
    FIRST_LOOK,
    SLOW_LOOK,
    STALE_AFTER,
    UNEXPLAINED,
    Access,
    Change,
    Named,
    Right,
)
from dishwasher.core.build import AWAY, Build
from dishwasher.core.delivery import REFUSALS
from dishwasher.core.deploy import Environment
from dishwasher.core.event import EventKind
from dishwasher.core.heads import Looked
from dishwasher.core.job import Conclusion, Job, Reason, State
from dishwasher.core.place import Place
from dishwasher.core.report import Report, Status, pull_key
from dishwasher.errors import Conflict, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.claim import take
from dishwasher.flow.dispatch import ANEW
from dishwasher.flow.places import SETTLED, WRITES, Places
from dishwasher.ports import Bells, Record, Store, Topic

from tests.fakes.forge import Trouble
from tests.flow.house import House, reason
from tests.flow.mortal import Death, Life, Mortal
from tests.flow.reporting import lint, report, shown
from tests.samples import OTHER_SHA, REPOSITORY, from_fork, pull_request, push, rerun

SUSPENDED = Change(3, Right.SUSPENDED, "installation 3 was suspended", told=10.0)
GRANTED = Change(3, Right.GRANTED, "installation 3 is not suspended any more", told=20.0)
REMOVED = Change(3, Right.REMOVED, "installation 3 was removed", told=10.0)
ARCHIVED = Change(3, Right.ARCHIVED, "acme/site was archived", (7,), 10.0, REPOSITORY)
UNARCHIVED = replace(ARCHIVED, right=Right.GRANTED, told=20.0)
DELETED = replace(ARCHIVED, right=Right.DELETED)
AGAIN = Change(
    4, Right.GRANTED, "installation 4 was made", named=(Named(7, "acme/site"), Named(8, "acme/b"))
)
"""The App was removed and installed again, which makes another installation."""
DONE = (Status.COMPLETED, Conclusion.SUCCESS)


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  lint: flake8\n  docs: sphinx-build\n")


@pytest.fixture
def build(house: House) -> Build:
    """Its check runs are open."""
    build = house.planned(push())
    report(house, build)
    return build


def shut(house: House, *changes: Change) -> None:
    """GitHub does not let us in any more, and may have said so."""
    house.forge.shut.add(3)
    for change in changes:
        house.tells(change)


def end(house: House, job: Job) -> None:
    token = house.started(job)
    house.effects.clear()
    shut(house)
    house.settle_as(job, token)


def asked(house: House) -> int:
    """Calls to GitHub since the last time."""
    count = len(house.forge.calls)
    house.forge.calls.clear()
    return count


# Reports


def test_a_check_that_was_open_is_concluded_when_the_suspension_ends(
    house: House, build: Build
) -> None:
    end(house, lint(house, build))
    house.tells(SUSPENDED)
    asked(house)
    house.rest(2 * 24 * 3600.0, 3600.0)
    assert asked(house) == 0
    assert shown(house)["lint"][0] is not Status.COMPLETED
    house.forge.shut.clear()
    house.tells(GRANTED)
    house.rest(60.0)
    assert shown(house)["lint"] == DONE
    assert house.job(lint(house, build)).due == 0
    assert house.report(build).group == ""
    # The very check run that was open, and no other.
    assert len(house.runs()) == 2


def test_a_suspension_that_is_felt_before_it_is_told_loses_nothing(
    house: House, build: Build
) -> None:
    end(house, lint(house, build))
    report(house, build)
    assert house.report(build).due == house.clock.now() + FIRST_LOOK
    assert house.job(lint(house, build)).due >= house.clock.now() + FIRST_LOOK
    house.tells(SUSPENDED)
    house.rest(FIRST_LOOK)
    assert house.report(build).due == pytest.approx(house.clock.now() + SLOW_LOOK)
    house.forge.shut.clear()
    house.tells(GRANTED)
    # Nobody need wait for the reaper.
    assert build.id in house.rung(Topic.REPORTS)
    report(house, build)
    assert shown(house)["lint"] == DONE


def test_who_ends_later_waits_for_the_same_moment_and_rings_once(
    house: House, build: Build
) -> None:
    tokens = {name: house.started(job) for name, job in house.jobs(build).items()}
    shut(house, SUSPENDED)
    house.settle_as(lint(house, build), tokens["lint"])
    house.rest(50.0, 10.0)
    docs = house.jobs(build)["docs"]
    house.settle_as(docs, tokens["docs"])
    house.rest(300.0)
    assert {house.job(job).due for job in (docs, lint(house, build))} == {house.report(build).due}
    before = house.store.saves
    house.rest(3000.0, 10.0)
    assert house.store.saves == before


def test_an_end_of_the_suspension_that_nobody_told_is_seen_in_the_list(
    house: House, build: Build
) -> None:
    end(house, lint(house, build))
    house.tells(replace(SUSPENDED, told=house.clock.now()))
    report(house, build)
    house.forge.shut.clear()
    places = Places(house.store, house.queue, house.clock)
    # A list that was asked for at about the same time proves nothing.
    places.listed(REPOSITORY, house.clock.now() + SETTLED)
    assert house.report(build).group == "7"
    # The first that is listed of an installation wakes the others (found by seed 41682).
    neighbour = replace(REPOSITORY, id=1, name="neighbour")
    places.listed(neighbour, house.clock.now() + SETTLED + 1)
    house.rest(60.0)
    assert shown(house)["lint"] == DONE
    places.listed(REPOSITORY, house.clock.now() + SETTLED + 1)
    assert house.rung(Topic.REPORTS) == []


@pytest.mark.parametrize("change", [SUSPENDED, ARCHIVED])
def test_who_dies_while_waking_is_made_good_for_by_the_next_list(change: Change) -> None:
    """Seed 62883: the word that it is over was stored, and nobody was told."""
    for moments in range(1, 40):
        house = House(b"checks: {lint: flake8}\n")
        build = house.planned(push())
        report(house, build)
        end(house, lint(house, build))
        house.tells(change)
        report(house, build)
        house.forge.shut.clear()
        house.clock.advance(SETTLED + 60.0)
        life = Life(moments)
        store = Mortal(house.store, life, "save")
        bells = Mortal(house.queue, life, "ring")
        with suppress(Death):
            Places(cast(Store, store), cast(Bells, bells), house.clock).listed(
                REPOSITORY, house.clock.now()
            )
        Places(house.store, house.queue, house.clock).listed(REPOSITORY, house.clock.now())
        house.rest(60.0)
        assert shown(house)["lint"] == DONE, moments
        if life.left > 0:
            break
    assert 4 <= moments < 39


def test_a_list_of_before_does_not_undo_what_was_told_since(house: House) -> None:
    now = house.clock.now()
    house.tells(replace(DELETED, told=now))
    places = Places(house.store, house.queue, house.clock)
    places.listed(REPOSITORY, now + SETTLED)
    assert house.found(Place, "7").right is Right.DELETED
    # Somebody at GitHub has restored it.
    places.listed(REPOSITORY, now + SETTLED + 1)
    assert house.found(Place, "7").right is Right.GRANTED


def test_the_slow_round_tells_it_where_all_else_was_lost(house: House, build: Build) -> None:
    end(house, lint(house, build))
    house.tells(SUSPENDED)
    report(house, build)
    house.forge.shut.clear()
    row = house.found(Access, "3/0")
    house.store.save(replace(row, right=Right.GRANTED))
    house.rest(SLOW_LOOK + 60.0, 600.0)
    assert shown(house)["lint"] == DONE


def test_after_two_weeks_github_has_ended_it_and_nobody_waits_any_longer(
    house: House, build: Build
) -> None:
    end(house, lint(house, build))
    house.tells(SUSPENDED)
    house.rest(STALE_AFTER + SLOW_LOOK + 60.0, 3600.0)
    assert (house.report(build).due, house.job(lint(house, build)).due) == (0.0, 0.0)
    # Unless somebody wakes it.
    house.forge.shut.clear()
    house.tells(GRANTED)
    house.rest(60.0)
    assert shown(house)["lint"] == DONE


def test_where_github_never_says_why_it_is_asked_less_and_less(house: House, build: Build) -> None:
    end(house, lint(house, build))
    report(house, build)
    asked(house)
    house.rest(3600.0)
    assert asked(house) <= 2 * 7
    house.rest(UNEXPLAINED + SLOW_LOOK, 600.0)
    assert asked(house) <= 2 * 18
    assert (house.report(build).due, house.job(lint(house, build)).due) == (0.0, 0.0)
    house.rest(UNEXPLAINED, 3600.0)
    assert asked(house) == 0


def test_nothing_is_told_where_the_app_was_removed_until_it_is_installed_again(
    house: House, build: Build
) -> None:
    end(house, lint(house, build))
    report(house, build)
    house.tells(REMOVED)
    asked(house)
    house.rest(24 * 3600.0, 3600.0)
    assert asked(house) == 0
    assert (house.report(build).due, house.job(lint(house, build)).due) == (0.0, 0.0)
    house.tells(AGAIN)
    assert house.found(Place, "7").repository == replace(REPOSITORY, installation=4)
    house.rest(60.0)
    assert shown(house)["lint"] == DONE
    # Repositories that we know nothing of need no row.
    assert house.store.get(Place, "8") is None


def test_an_archived_repository_is_told_when_it_is_one_no_more(house: House, build: Build) -> None:
    house.ended(lint(house, build))
    house.tells(ARCHIVED)
    asked(house)
    house.rest(3600.0)
    assert (asked(house), reason(house, push(delivery="2"))) == (0, "the repository is archived")
    house.tells(UNARCHIVED)
    house.rest(60.0)
    assert shown(house)["lint"] == DONE


def test_the_comment_waits_as_the_checks_do(house: House) -> None:
    build = house.planned(pull_request())
    report(house, build)
    token = house.started(lint(house, build))
    docs = house.started(house.jobs(build)["docs"])
    shut(house, SUSPENDED)
    house.settle_as(lint(house, build), token, Reason.FAILED)
    house.settle_as(house.jobs(build)["docs"], docs)
    house.rest(3600.0)
    assert house.found(Report, pull_key(7, 5)).group == "7"
    assert house.talk.of(REPOSITORY, 5) == []
    house.forge.shut.clear()
    house.tells(GRANTED)
    house.rest(60.0)
    (word,) = house.talk.of(REPOSITORY, 5)
    assert "lint" in word.body


def test_a_comment_is_not_taken_for_deleted_where_we_are_not_let_in(house: House) -> None:
    build = house.planned(pull_request())
    house.ended(lint(house, build), Reason.FAILED)
    house.ended(house.jobs(build)["docs"], Reason.FAILED)
    house.rest(60.0)
    (word,) = house.talk.of(REPOSITORY, 5)
    # Suspended between the look at the talk and the edit.
    said = house.found(Report, pull_key(7, 5)).said
    house.store.save(replace(house.found(Report, pull_key(7, 5)), said=replace(said, digest="old")))
    house.forge.plan("edit", Trouble.GONE)
    house.forge.plan("conversation", Trouble.NONE, Trouble.GONE)
    report(house, build)
    assert house.found(Report, pull_key(7, 5)).said.comment == word.id
    house.rest(FIRST_LOOK + 10.0)
    assert house.found(Report, pull_key(7, 5)).said.digest != "old"


def test_who_is_let_in_while_it_gives_up_is_woken(house: House, build: Build) -> None:
    end(house, lint(house, build))
    house.tells(SUSPENDED)
    house.store.interrupt(None, lambda: house.tells(GRANTED))
    report(house, build)
    house.forge.shut.clear()
    house.rest(60.0)
    assert shown(house)["lint"] == DONE


def test_what_comes_while_it_gives_up_is_looked_at_soon(house: House, build: Build) -> None:
    end(house, lint(house, build))
    house.tells(SUSPENDED)
    # The claim is taken, the place noted; then another bell rings.
    house.store.interrupt(None, lambda: house.reports(build.id))
    report(house, build)
    assert house.report(build).due < house.clock.now() + FIRST_LOOK
    house.rest(60.0)
    assert house.report(build).due > house.clock.now() + FIRST_LOOK


# Builds


def looked(house: House) -> tuple[str, ...]:
    return house.found(Looked, "7").again


def test_what_waits_for_a_runner_is_called_off_and_its_head_not_forgotten(
    house: House, build: Build
) -> None:
    job = lint(house, build)
    shut(house, SUSPENDED)
    for _ in range(2):
        house.dispatch(job.id)
    assert house.job(job).reason is Reason.CANCELLED
    assert house.job(job).detail == "Not started: the App is suspended there."
    assert house.build(build.id).abandoned
    assert looked(house) == ("refs/heads/main",)
    house.dispatch(house.jobs(build)["docs"].id)
    assert looked(house) == ("refs/heads/main",)


def test_what_is_called_off_in_part_goes_on_in_its_next_build_alone(
    house: House, build: Build
) -> None:
    house.tells(SUSPENDED)
    house.dispatch(lint(house, build).id)
    house.tells(GRANTED)
    docs = house.jobs(build)["docs"]
    house.dispatch(docs.id)
    assert house.job(docs).reason is Reason.CANCELLED
    assert house.job(docs).detail == f"Not started: {ANEW}."
    anew = house.planned(push(delivery="head-1"))
    for job in house.jobs(anew).values():
        house.dispatch(job.id)
    assert len(house.fleet.started) == 2


def test_what_was_asked_for_by_hand_is_asked_for_by_hand_again(house: House, build: Build) -> None:
    job = house.ended(lint(house, build))
    again = house.planned(rerun(job.id))
    shut(house, SUSPENDED)
    house.dispatch(lint(house, again).id)
    assert lint(house, again).reason is Reason.CANCELLED
    assert not house.build(again.id).abandoned


def test_a_push_that_comes_while_we_are_not_let_in_is_remembered(house: House) -> None:
    house.tells(SUSPENDED)
    assert reason(house, push()) == "the App is suspended there"
    assert looked(house) == ("refs/heads/main",)
    assert reason(house, pull_request(delivery="2")) == "the App is suspended there"
    assert looked(house) == ("refs/heads/main", "refs/pull/5")


def test_each_pull_request_of_a_build_that_is_called_off_is_remembered(house: House) -> None:
    """Seed 101753: two offered the same commit, and one of them was looked at again."""
    build = house.planned(pull_request())
    house.there.pulls[6] = replace(house.there.pulls[5])
    house.planned(pull_request(6, delivery="2"))
    house.tells(SUSPENDED)
    house.dispatch(lint(house, build).id)
    assert looked(house) == ("refs/pull/5", "refs/pull/6")


def test_each_branch_of_a_build_that_is_called_off_is_remembered(house: House) -> None:
    build = house.planned(push(branch="topic"))
    house.planned(push(branch="other", delivery="2"))
    house.tells(SUSPENDED)
    house.dispatch(lint(house, build).id)
    assert looked(house) == ("refs/heads/topic", "refs/heads/other")


def test_a_branch_is_looked_at_whose_pull_request_was_closed_before_it_was_built(
    house: House,
) -> None:
    opened = pull_request(updated=5.0)
    house.deliver(opened)
    assert reason(house, push(branch="topic", delivery="2")) == "pull request 5 builds this branch"
    closed = replace(opened, kind=EventKind.PULL_REQUEST_CLOSED, delivery="3")
    assert reason(house, closed) == "pull request 5 was closed"
    assert looked(house) == ("refs/pull/5", "refs/heads/topic")
    house.clock.advance(UNSEEN_FOR)
    house.plan(opened.delivery)
    assert house.delivery(opened.delivery).reason == "pull request 5 is closed"


def test_nobody_looks_for_the_branch_of_a_fork_or_of_what_was_built(house: House) -> None:
    closed = replace(pull_request(), kind=EventKind.PULL_REQUEST_CLOSED, delivery="2")
    house.planned(pull_request())
    reason(house, closed)
    fork = replace(from_fork(number=6, sha=OTHER_SHA), kind=closed.kind, delivery="3")
    reason(house, fork)
    assert looked(house) == ("refs/pull/5", "refs/pull/6")


def test_a_tag_is_no_head_that_somebody_could_find(house: House) -> None:
    house.tells(SUSPENDED)
    assert reason(house, push(branch="", tag="v1")) == "the App is suspended there"
    assert house.store.get(Looked, "7") is None


def test_a_tags_build_is_called_off_for_good() -> None:
    house = House(b"checks: {lint: {run: flake8, when: {event: tag}}}\n")
    build = house.planned(push(branch="", tag="v1"))
    house.tells(SUSPENDED)
    house.dispatch(lint(house, build).id)
    assert house.job(lint(house, build)).reason is Reason.CANCELLED
    assert house.store.get(Looked, "7") is None


def test_a_running_check_is_ended_where_the_app_was_removed(house: House, build: Build) -> None:
    job = lint(house, build)
    token = house.started(job)
    assert not house.beat(job, token).cancel
    house.tells(SUSPENDED)
    assert not house.beat(job, token).cancel
    house.tells(DELETED)
    assert house.beat(job, token).cancel
    assert house.job(job).cancel_why == "Ended: the repository was deleted."


def test_a_deployment_is_not_broken_off() -> None:
    house = House()
    build = house.planned(push(branch="main"))
    for name in ("lint", "tests"):
        house.ended(house.jobs(build)[name])
    staging = house.jobs(build)["staging"]
    token = house.started(staging)
    house.tells(REMOVED)
    assert not house.beat(staging, token).cancel
    assert house.job(staging).state is State.RUNNING


def test_a_build_that_is_planned_anew_deploys_nothing_twice() -> None:
    house = House()
    build = house.planned(push(delivery="head-1"))
    for name in ("lint", "tests"):
        house.ended(house.jobs(build)[name])
    house.ended(house.jobs(build)["staging"])
    # Something else of it was called off, and its head is found again.
    house.store.save(replace(house.build(build.id), abandoned=AWAY))
    again = house.planned(push(delivery="head-2"))
    assert again.id != build.id
    for name in ("lint", "tests"):
        house.ended(house.jobs(again)[name])
    staging = house.jobs(again)["staging"]
    house.dispatch(staging.id)
    assert house.job(staging).reason is Reason.SUPERSEDED
    assert house.job(staging).detail.startswith("This commit was deployed already")


# Rows that several write


def test_who_reports_at_this_moment_goes_round_once_more(house: House, build: Build) -> None:
    house.ended(lint(house, build))
    report(house, build)
    claim = take(house.store, house.clock, build.group, house.timing.hold, build.id)
    assert claim is not None
    house.store.save(replace(house.report(build), away=house.clock.now()))
    Places(house.store, house.queue, house.clock).wake("7")
    assert house.report(build).dirty
    assert not claim.release()


@pytest.mark.parametrize(("times", "owed"), [(1, False), (99, True)])
def test_who_waits_again_while_all_are_woken_is_known_to_wait(
    house: House, build: Build, times: int, owed: bool
) -> None:
    """Seed 62250: unarchived, and still suspended."""
    rung = []

    class Bell:
        def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
            rung.append(key)
            if len(rung) <= times:
                wait()

    def wait() -> None:
        house.store.save(replace(house.report(build), away=house.clock.now()))
        places.owe(REPOSITORY)

    places = Places(house.store, Bell(), house.clock)
    wait()
    places.wake("7")
    assert house.found(Place, "7").owed is owed
    assert len(rung) == min(times + 1, WRITES)


def test_a_push_that_github_refuses_is_remembered_once(house: House) -> None:
    house.forge.shut.add(3)
    house.deliver(push())
    for _ in range(REFUSALS):
        with suppress(Unseen):
            house.plan("delivery-1")
    assert looked(house) == ("refs/heads/main",)
    # Found again, and refused again: that is all.
    row = house.found(Looked, "7")
    house.store.save(replace(row, again=()))
    house.deliver(push(delivery="head-1"))
    for _ in range(REFUSALS):
        with suppress(Unseen):
            house.plan("head-1")
    assert looked(house) == ()
    # Only when we are let in (seed 73733: it had been archived, and the word came late).
    Places(house.store, house.queue, house.clock).wake("7")
    assert looked(house) == ("refs/heads/main",)
    assert house.found(Looked, "7").refused == ()


def test_a_row_that_is_always_written_by_others_is_given_up_with_a_conflict(house: House) -> None:
    class Busy:
        def __getattr__(self, name: str) -> object:
            return getattr(house.store, name)

        def save(self, *records: Record) -> None:
            raise Conflict("busy")

    places = Places(Busy(), house.queue, house.clock)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="place 7 is written too often"):
        places.owe(REPOSITORY)


def test_a_commit_whose_first_build_is_kept_no_longer_may_be_deployed_again() -> None:
    house = House()
    build = house.planned(push())
    for name in ("lint", "tests", "staging"):
        house.ended(house.jobs(build)[name])
    environment = house.found(Environment, "7/staging")
    house.store.save(replace(environment, build="removed"))
    again = house.planned(push(delivery="2", pushed_at=99))
    for name in ("lint", "tests", "staging"):
        house.ended(house.jobs(again)[name])
    assert house.jobs(again)["staging"].reason is Reason.OK
