"""One comment a pull request: edited in place, silent where nothing is to be done (42, 47)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import cast

import pytest
from dishwasher.core.access import Change, Right
from dishwasher.core.build import Build
from dishwasher.core.comment import MARKER, WAIT
from dishwasher.core.delivery import REFUSALS, Delivery
from dishwasher.core.event import EventKind
from dishwasher.core.job import Reason
from dishwasher.core.outcome import Status, TestCase, summarise
from dishwasher.core.report import Report, Said, pull_key
from dishwasher.errors import Ambiguous, Gone, InfraError
from dishwasher.flow.claim import LINGER, SWEEP_AFTER, take
from dishwasher.flow.comment import LAG
from dishwasher.flow.turn import RETRY_AFTER
from dishwasher.ports import Record, Store, Topic

from tests.fakes.forge import ForgePull, Trouble
from tests.flow.house import House, reason
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, pull_request, push, rerun

ASKING = ("conversation", "comments")
WRITING = ("comment", "edit", "withdraw")


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  lint: flake8\n  docs: sphinx-build\n")


@pytest.fixture
def build(house: House) -> Build:
    return house.planned(pull_request())


def end(house: House, build: Build, **reasons: Reason) -> None:
    for name, why in reasons.items():
        house.ended(house.jobs(build)[name], why)


def failed(house: House, build: Build) -> None:
    """Both have ended, one of them badly, and GitHub was told."""
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    house.reports(build.id)


def calls(house: House, *kinds: str) -> list[str]:
    """Those calls since the last time."""
    made = [call for call in house.forge.calls if call in kinds]
    house.forge.calls.clear()
    return made


def bodies(house: House) -> list[str]:
    return [one.body for one in house.talk.of(REPOSITORY, 5)]


def said(house: House) -> Said:
    return house.found(Report, pull_key(REPOSITORY.id, 5)).said


def the_report(house: House) -> Report:
    return house.found(Report, pull_key(REPOSITORY.id, 5))


def moved(house: House, sha: str) -> None:
    """The branch was pushed to stand at this commit."""
    house.talk.stands(REPOSITORY, 5, sha)
    house.there.branches["topic"] = sha
    house.there.pulls[5].head_sha = sha


# When something is said


def test_a_green_pull_request_is_not_spoken_to(house: House, build: Build) -> None:
    end(house, build, lint=Reason.OK, docs=Reason.ADVISORY)
    house.reports(build.id)
    assert bodies(house) == []
    assert calls(house, *ASKING, *WRITING) == []


def test_a_push_has_no_conversation(house: House) -> None:
    build = house.planned(push())
    failed(house, build)
    assert calls(house, *ASKING, *WRITING) == []


def test_what_fails_is_told_once(house: House, build: Build) -> None:
    failed(house, build)
    (body,) = bodies(house)
    assert body.startswith("**1 of 2 checks failed**: lint")
    assert calls(house, *WRITING) == ["comment"]
    house.reports(build.id)
    assert calls(house, *ASKING, *WRITING) == []


def test_a_first_comment_waits_for_the_other_checks(house: House, build: Build) -> None:
    end(house, build, lint=Reason.FAILED)
    house.rung(Topic.REPORTS)
    house.reports(build.id)
    assert bodies(house) == []
    house.clock.advance(WAIT)
    assert build.id in house.rung(Topic.REPORTS)
    house.reports(build.id)
    (body,) = bodies(house)
    assert "others still run" in body
    end(house, build, docs=Reason.FAILED)
    house.reports(build.id)
    (body,) = bodies(house)
    assert body.startswith("**2 of 2 checks failed**")


def test_a_failure_that_was_mended_leaves_one_line(house: House, build: Build) -> None:
    failed(house, build)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    house.reports(build.id)
    assert bodies(house)[0].startswith("**Checking aaaaaaa**")
    end(house, again, lint=Reason.OK)
    house.reports(build.id)
    assert bodies(house) == [f"**All clear** since aaaaaaa: 2 checks passed.\n\n{MARKER}"]


def test_a_newer_commit_takes_the_comment_over(house: House, build: Build) -> None:
    failed(house, build)
    moved(house, OTHER_SHA)
    newer = house.planned(pull_request(delivery="delivery-2", sha=OTHER_SHA))
    house.reports(newer.id)
    assert bodies(house)[0].startswith("**Checking bbbbbbb**")
    # What comes late of the old commit changes nothing.
    calls(house, *ASKING)
    house.reports(build.id)
    assert calls(house, *WRITING) == []
    end(house, newer, lint=Reason.OK, docs=Reason.OK)
    house.reports(newer.id)
    assert bodies(house)[0].startswith("**All clear** since bbbbbbb")
    assert len(bodies(house)) == 1


def test_the_bell_of_an_older_commit_brings_the_word_on_the_newest(
    house: House, build: Build
) -> None:
    """Found by the simulation (seed 12996): the newer one's bell was lost, this one came."""
    moved(house, OTHER_SHA)
    newer = house.planned(pull_request(sha=OTHER_SHA, delivery="delivery-2"))
    end(house, newer, lint=Reason.FAILED, docs=Reason.OK)
    house.reports(build.id)
    (body,) = bodies(house)
    assert OTHER_SHA[:7] in body


def test_what_ends_after_the_comment_was_looked_at_is_told_though_its_bell_is_lost(
    house: House, build: Build
) -> None:
    """Found by the simulation (seed 31124): its check run was made, and nobody rang again."""
    failed(house, build)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    house.reports(build.id)
    assert bodies(house)[0].startswith("**Checking")
    row = house.found(Report, again.group)

    def meanwhile() -> None:
        end(house, again, lint=Reason.OK)
        house.rung(Topic.REPORTS)

    # The first save is the comment's claim, the second its release, the third that of the checks.
    house.store.interrupt(None, None, meanwhile)
    house.reports(build.id)
    house.rung(Topic.REPORTS)
    assert house.jobs(again)["lint"].deadline == 0
    assert house.found(Report, again.group).version > row.version
    assert bodies(house)[0].startswith("**Checking")
    house.clock.advance(1)
    house.reap()
    for bell in house.rung(Topic.REPORTS):
        house.reports(bell)
    assert bodies(house)[0].startswith("**All clear**")


def test_a_head_that_github_does_not_show_yet_is_looked_for_again(
    house: House, build: Build
) -> None:
    house.talk.stands(REPOSITORY, 5, BASE_SHA)
    failed(house, build)
    assert bodies(house) == []
    house.talk.stands(REPOSITORY, 5, SHA)
    house.rung(Topic.REPORTS)
    house.clock.advance(LAG + 1)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)
    house.reports(build.id)
    assert len(bodies(house)) == 1
    assert the_report(house).due == 0


def test_what_fails_on_the_base_branch_too_is_told_apart(house: House) -> None:
    base = house.planned(push(sha=BASE_SHA, delivery="base", before=OTHER_SHA))
    house.ended(house.jobs(base)["docs"], Reason.OK)
    known = summarise([TestCase("s", "Price", "old", Status.FAILED)])
    house.ended(house.jobs(base)["lint"], Reason.FAILED, tests=known)
    build = house.planned(pull_request())
    both = [TestCase("s", "Price", name, Status.FAILED) for name in ("old", "new")]
    house.ended(house.jobs(build)["lint"], Reason.FAILED, tests=summarise(both))
    end(house, build, docs=Reason.FAILED)
    house.reports(build.id)
    (body,) = bodies(house)
    new, _, folded = body.partition("<details>")
    assert "docs: failed" in body and "(on main, too)" not in new
    assert "Price\\.new" in new and "Price\\.old" not in new
    assert "1 on main, too" in folded and "Price\\.old" in folded


def test_a_pull_request_of_a_commit_that_has_failed_already_is_told(house: House) -> None:
    house.there.branches["topic"] = SHA
    house.there.pulls.clear()
    build = house.planned(push(branch="topic"))
    failed(house, build)
    assert bodies(house) == []
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA)
    house.rung(Topic.REPORTS)
    house.planned(pull_request(delivery="opened"))
    # The bell is lost: whoever looks at the table knows that something is owed.
    assert house.rung(Topic.REPORTS) == [build.id]
    house.clock.advance(1)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)
    house.reports(build.id)
    assert len(bodies(house)) == 1
    assert the_report(house).due == 0


def test_who_reports_another_build_of_the_commit_tells_the_pull_request(
    house: House,
) -> None:
    build = house.planned(pull_request())
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    # The bell of this build is lost, and that of a push of the same commit is not.
    other = replace(build, id="other", event=push(), jobs=(), pull_request=0, version=0)
    house.store.save(other)
    house.reports(other.id)
    assert len(bodies(house)) == 1


# Where nothing is said


def test_a_closed_pull_request_is_left_in_peace(house: House, build: Build) -> None:
    failed(house, build)
    before = bodies(house)
    house.talk.close(REPOSITORY, 5)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    end(house, again, lint=Reason.OK)
    house.reports(build.id)
    assert bodies(house) == before


@pytest.mark.parametrize("told", ["both", "opened", "closed late"])
def test_what_failed_while_it_was_closed_is_said_when_it_is_open_again(
    house: House, build: Build, told: str
) -> None:
    """Seeds 82042 and 82647: its commit was built already, and nobody looked at the comment."""
    closed = pull_request(updated=10.0, kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1")
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    house.talk.close(REPOSITORY, 5)
    house.there.pulls[5].is_open = False
    if told == "both":
        assert reason(house, closed) == "pull request 5 was closed"
    house.reports(build.id)
    assert bodies(house) == []
    house.talk.stands(REPOSITORY, 5, SHA)
    house.there.pulls[5].is_open = True
    if told == "closed late":
        house.there.pulls[5].updated = 99.0
        house.store.save(Delivery("closed-1", "pull_request", house.clock.now(), closed))
        house.plan("closed-1")
    else:
        house.planned(pull_request(delivery="opened-1", action="reopened"))
    house.rest(60.0)
    assert len(bodies(house)) == 1


def test_a_close_that_is_told_late_of_what_has_no_build_says_nothing(house: House) -> None:
    closed = pull_request(updated=10.0, kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1")
    house.deliver(closed)
    house.there.pulls[5].is_open, house.there.pulls[5].updated = True, 99.0
    house.plan("closed-1")
    assert house.delivery("closed-1").reason == "pull request 5 is open again"
    house.rest(60.0)
    assert bodies(house) == []


def test_a_locked_conversation_gets_no_new_comment(house: House, build: Build) -> None:
    house.talk.lock(REPOSITORY, 5)
    failed(house, build)
    assert calls(house, *WRITING) == []


@pytest.mark.parametrize("end", ["lock", "close"])
def test_a_conversation_that_ends_meanwhile_is_left_in_peace(
    house: House, build: Build, end: str
) -> None:
    def refused(*_: object) -> int:
        getattr(house.talk, end)(REPOSITORY, 5)
        raise Gone("the conversation is locked")

    house.talk.comment = refused  # type: ignore[method-assign]
    failed(house, build)
    assert said(house) == Said(silent=SHA)
    house.reports(build.id)
    assert bodies(house) == []
    assert the_report(house).due == 0


@pytest.mark.parametrize("call", ["comment", "edit"])
def test_one_refusal_silences_nothing(house: House, build: Build, call: str) -> None:
    if call == "edit":
        failed(house, build)
        build = house.planned(rerun(house.jobs(build)["lint"].id))
    house.forge.plan(call, Trouble.GONE)
    with pytest.raises(InfraError):
        failed(house, build) if call == "comment" else house.reports(build.id)
    assert said(house).refused == 1
    house.clock.advance(RETRY_AFTER)
    house.reports(build.id)
    assert (len(bodies(house)), said(house).refused, said(house).silent) == (1, 0, "")


def test_what_is_refused_again_and_again_is_believed(house: House, build: Build) -> None:
    house.forge.weather = lambda call: Trouble.GONE if call == "comment" else Trouble.NONE
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    for _ in range(REFUSALS):
        with suppress(InfraError):
            house.reports(build.id)
        house.clock.advance(RETRY_AFTER)
    assert said(house) == Said(silent=SHA)


def test_a_comment_that_someone_deleted_comes_back_with_a_new_commit_only(
    house: House, build: Build
) -> None:
    failed(house, build)
    house.talk.of(REPOSITORY, 5)[0].deleted = True
    for number in range(2):
        again = house.planned(rerun(house.jobs(build)["lint"].id, f"rerun-{number}"))
        house.reports(build.id)
        end(house, again, lint=Reason.FAILED)
        house.reports(build.id)
        assert bodies(house) == []
    moved(house, OTHER_SHA)
    failed(house, house.planned(pull_request(delivery="delivery-2", sha=OTHER_SHA)))
    assert len(bodies(house)) == 1


def test_a_repository_that_was_deleted_ends_the_talk(house: House, build: Build) -> None:
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    house.tells(Change(3, Right.DELETED, "acme/site was deleted", (7,), present=REPOSITORY))
    house.reports(build.id)
    assert the_report(house).due == 0
    assert all(job.due == 0 for job in house.jobs(build).values())


# One comment, whatever happens


def test_only_what_this_app_has_written_is_edited(house: House, build: Build) -> None:
    house.talk.write(REPOSITORY, 5, f"a copy\n\n{MARKER}")
    house.talk.write(REPOSITORY, 5, "an answer to a command", ours=True)
    failed(house, build)
    assert bodies(house)[:2] == [f"a copy\n\n{MARKER}", "an answer to a command"]
    assert len(bodies(house)) == 3


def test_a_comment_of_an_earlier_installation_is_taken_over(house: House, build: Build) -> None:
    id = house.talk.write(REPOSITORY, 5, f"old\n\n{MARKER}\n", ours=True)
    failed(house, build)
    (one,) = house.talk.of(REPOSITORY, 5)
    assert (one.id, said(house).comment) == (id, id)
    assert one.body.startswith("**1 of 2")


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_a_comment_whose_answer_is_lost_is_looked_for_first(
    house: House, build: Build, trouble: Trouble
) -> None:
    house.forge.plan("comment", trouble)
    with pytest.raises(Ambiguous):
        failed(house, build)
    house.clock.advance(RETRY_AFTER)
    house.reports(build.id)
    assert len(bodies(house)) == 1
    assert said(house).comment == house.talk.of(REPOSITORY, 5)[0].id


def test_a_call_that_made_nothing_leaves_no_doubt(house: House, build: Build) -> None:
    house.forge.plan("comment", Trouble.UNSENT)
    with pytest.raises(InfraError):
        failed(house, build)
    assert said(house) == Said()
    # The check runs were shown all the same.
    assert house.run("lint").is_completed


def test_a_double_that_the_list_lacked_is_withdrawn(house: House, build: Build) -> None:
    house.forge.plan("comment", Trouble.AFTER)
    with pytest.raises(Ambiguous):
        failed(house, build)
    house.forge.plan("comments", Trouble.STALE)
    house.clock.advance(RETRY_AFTER)
    house.reports(build.id)
    assert len(bodies(house)) == 2
    kept = said(house).comment
    house.clock.advance(SWEEP_AFTER + 1)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)
    house.reports(build.id)
    assert [one.id for one in house.talk.of(REPOSITORY, 5)] == [kept]
    house.clock.advance(LINGER)
    house.reports(build.id)
    assert the_report(house).due == 0


def test_an_edit_that_an_older_word_overwrote_is_made_again(house: House, build: Build) -> None:
    failed(house, build)
    house.forge.plan("edit", Trouble.AFTER)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    with pytest.raises(InfraError):
        house.reports(build.id)
    end(house, again, lint=Reason.OK)
    house.clock.advance(RETRY_AFTER)
    house.reports(build.id)
    ours = house.talk.of(REPOSITORY, 5)[0]
    # A reporter that froze before it sent says now what was so then.
    ours.bodies.append((house.clock.now(), ours.bodies[1][1]))
    house.clock.advance(SWEEP_AFTER + 1)
    house.reports(build.id)
    assert bodies(house)[0].startswith("**All clear**")


def test_who_lost_the_claim_says_what_it_did(house: House, build: Build) -> None:
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    key = pull_key(REPOSITORY.id, 5)
    write = house.talk.comment

    def frozen(*arguments: object) -> int:
        id = write(*arguments)  # type: ignore[arg-type]
        house.clock.advance(house.timing.hold + 1)
        other = take(house.store, house.clock, key, house.timing.hold)
        assert other is not None
        return id

    house.talk.comment = frozen  # type: ignore[method-assign]
    house.reports(build.id)
    assert the_report(house).sweep > 0
    assert the_report(house).holder


def test_a_body_that_github_rejects_is_cut_to_its_first_line(house: House, build: Build) -> None:
    house.forge.plan("comment", Trouble.REJECTED)
    failed(house, build)
    assert bodies(house) == [f"**1 of 2 checks failed**: lint\n\n{MARKER}"]
    calls(house)
    house.reports(build.id)
    assert calls(house, *WRITING) == []


def test_what_github_never_takes_is_not_sent_for_ever(house: House, build: Build) -> None:
    house.forge.plan("comment", Trouble.REJECTED, Trouble.REJECTED)
    failed(house, build)
    assert calls(house, *WRITING) == ["comment", "comment"]
    house.reports(build.id)
    assert calls(house, *WRITING) == []
    assert said(house).doubtful is False


def test_a_rejected_edit_is_cut_too(house: House, build: Build) -> None:
    failed(house, build)
    house.forge.plan("edit", Trouble.REJECTED)
    house.planned(rerun(house.jobs(build)["lint"].id))
    house.reports(build.id)
    assert len(bodies(house)) == 1
    assert bodies(house)[0].startswith("**Checking")


def test_two_reporters_write_one_comment(house: House, build: Build) -> None:
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    claim = take(house.store, house.clock, pull_key(REPOSITORY.id, 5), 30)
    assert claim is not None
    house.reports(build.id)
    assert bodies(house) == []
    assert claim.release() is False


def test_a_comment_that_was_left_behind_is_rung_for(house: House, build: Build) -> None:
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    claim = take(house.store, house.clock, pull_key(REPOSITORY.id, 5), 30, build.id)
    assert claim is not None
    house.rung(Topic.REPORTS)
    house.clock.advance(31)
    house.reap()
    assert build.id in house.rung(Topic.REPORTS)


def test_under_a_limit_the_comment_waits_and_the_checks_go_on(house: House, build: Build) -> None:
    house.forge.plan("conversation", Trouble.THROTTLED)
    failed(house, build)
    assert bodies(house) == []
    assert house.run("lint").is_completed
    house.clock.advance(61)
    assert build.id in house.rung(Topic.REPORTS)
    house.reports(build.id)
    assert len(bodies(house)) == 1


def test_a_look_that_finds_nothing_to_say_ends(house: House, build: Build) -> None:
    end(house, build, lint=Reason.OK, docs=Reason.OK)
    claim = take(house.store, house.clock, pull_key(REPOSITORY.id, 5), 30, build.id)
    assert claim is not None
    claim.warn(house.clock.now())
    claim.release()
    house.clock.advance(LINGER + 1)
    house.reports(build.id)
    assert the_report(house).due == 0


def test_a_head_without_a_build_is_nothing_to_speak_of(house: House, build: Build) -> None:
    failed(house, build)
    before = bodies(house)
    house.talk.stands(REPOSITORY, 5, "d" * 40)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    end(house, again, lint=Reason.OK)
    house.clock.advance(LAG + 1)
    house.reports(build.id)
    assert bodies(house) == before


def test_a_comment_that_could_not_be_begun_is_come_back_to(house: House, build: Build) -> None:
    """Seed 101279: the table failed, the check runs were told, and the bell was lost."""

    class Failing:
        failed = False

        def __getattr__(self, name: str) -> object:
            return getattr(house.store, name)

        def save(self, *records: Record) -> None:
            if not self.failed and records[0].id == pull_key(REPOSITORY.id, 5):
                self.failed = True
                raise InfraError("the table does not answer")
            house.store.save(*records)

    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    with pytest.raises(InfraError, match="does not answer"):
        replace(house.reports, store=cast(Store, Failing()))(build.id)
    assert not any(job.deadline for job in house.jobs(build).values())
    house.rung(Topic.REPORTS)
    house.rest(60.0)
    assert len(bodies(house)) == 1


def test_nobody_is_rung_for_a_pull_request_that_was_closed(house: House, build: Build) -> None:
    end(house, build, lint=Reason.FAILED, docs=Reason.OK)
    claim = take(house.store, house.clock, pull_key(REPOSITORY.id, 5), 30, build.id)
    assert claim is not None
    house.store.save(house.build(build.id).counting_for())
    house.clock.advance(31)
    house.reap()
    left = the_report(house)
    assert (left.due, left.holder, left.look) == (0.0, "", 0.0)
