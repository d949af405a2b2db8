"""Labels: what only they ask for runs, on the commit that is built already, and nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.result import Result
from dishwasher.errors import Conflict, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.ports import Topic

from tests.fakes.forge import ForgePull
from tests.flow.house import BROKEN, CHECKS, CONFIG_PATH, House, builds, reason
from tests.samples import BASE_SHA, OTHER_SHA, SHA, from_fork, pull_request, push, rerun

CONFIG = b"""\
checks:
  lint: flake8
  tests: {run: pytest, needs: lint}
  preview: {run: ./preview, needs: tests, when: {label: preview}}
  size: {run: ./size, when: {label: "!Big Change"}}
"""


@pytest.fixture
def house() -> House:
    return House(CONFIG)


def labelled(label: str, delivery: str = "label-1", action: str = "labeled") -> Event:
    """Somebody has put it on the pull request."""
    return pull_request(delivery=delivery, action=action, label=label)


def put(house: House, *labels: str) -> None:
    """The pull request's labels are these, at GitHub."""
    house.there.pulls[5].labels = labels


def latest(house: House, name: str) -> Job:
    """The job whose check run GitHub shows under this name."""
    found = [
        (build.created, job)
        for build in builds(house)
        for job in house.jobs(build).values()
        if job.spec.name == name and not job.silent
    ]
    return max(found, key=lambda one: one[0])[1]


def opened(house: House, *labels: str) -> Build:
    build = house.planned(pull_request())
    put(house, *labels)
    house.clock.advance(1)
    return build


def test_a_job_that_waits_for_a_label_is_skipped_and_names_it(house: House) -> None:
    job = house.jobs(house.planned(pull_request()))["preview"]
    assert (job.reason, job.conclusion) == (Reason.FILTERED, "skipped")
    assert job.detail == "It runs with the label preview, which the pull request does not have."


def test_a_label_that_is_there_already_counts_when_it_is_planned(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA, labels=("Preview", "BIG CHANGE"))
    jobs = house.jobs(house.planned(pull_request()))
    assert jobs["preview"].state is State.BLOCKED
    assert jobs["size"].detail == "It does not run with the label BIG CHANGE."


def test_a_label_starts_what_waited_for_it_and_nothing_twice(house: House) -> None:
    first = opened(house, "preview")
    house.ended(house.jobs(first)["lint"])
    second = house.planned(labelled("preview"))
    shown = {name: job for name, job in house.jobs(second).items() if not job.silent}
    assert list(shown) == ["preview"]
    assert second.requests == (5,)
    # It waits for the check of the other build, which is at work.
    assert house.jobs(second)["preview"].state is State.BLOCKED
    tests = house.jobs(first)["tests"]
    assert house.jobs(second)["tests"].mirrors == tests.id
    house.rung(Topic.JOBS)
    house.ended(tests)
    assert house.jobs(second)["preview"].state is State.QUEUED
    assert house.rung(Topic.JOBS) == [house.jobs(second)["preview"].id]
    house.ended(house.jobs(second)["preview"])
    assert house.build(second.id).is_over
    assert sorted(house.effects) == sorted(
        [house.jobs(first)["lint"].id, tests.id, house.jobs(second)["preview"].id]
    )


def test_what_the_labelled_job_needs_may_have_failed_before(house: House) -> None:
    first = opened(house, "preview")
    house.ended(house.jobs(first)["lint"], Reason.FAILED)
    second = house.planned(labelled("preview"))
    job = house.jobs(second)["preview"]
    assert (job.reason, job.detail) == (Reason.NEED_FAILED, "Not started, because of tests.")
    assert house.build(second.id).is_over
    assert house.build(first.id).followers == ()


def test_each_name_has_one_check_run_and_they_all_conclude(house: House) -> None:
    first = opened(house, "preview")
    house.reports(first.id)
    second = house.planned(labelled("preview"))
    house.reports(second.id)
    names = [run.shown.name for run in house.runs()]
    assert sorted(names) == sorted(
        f"dishwasher / {name}" for name in ("lint", "tests", "preview", "size", "preview")
    )
    for name in ("lint", "tests"):
        house.ended(house.jobs(first)[name])
    house.ended(latest(house, "preview"))
    house.ended(house.jobs(first)["size"])
    house.reports(second.id)
    assert all(run.is_completed for run in house.runs())
    # Nobody is rung for what has no check run.
    assert house.jobs(second)["tests"].deadline == 0.0


def test_a_label_that_no_job_asks_for_is_ignored_and_said_so(house: House) -> None:
    opened(house, "bug")
    why = reason(house, labelled("bug"))
    assert why == "no job of .dishwasher.yml asks for the label bug"
    assert len(builds(house)) == 1


def test_a_label_that_changes_nothing_is_ignored(house: House) -> None:
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA, labels=("preview",))
    house.planned(pull_request())
    why = reason(house, labelled("preview"))
    assert why == "the label preview changes nothing of what runs"


def test_two_labels_at_once_start_their_job_once(house: House) -> None:
    config = CONFIG.replace(b"label: preview", b"label: [preview, demo]")
    house.there.files[SHA][CONFIG_PATH] = config
    opened(house, "preview", "demo")
    house.deliver(labelled("preview"))
    house.deliver(labelled("demo", "label-2"))
    house.store.interrupt(lambda: house.plan("label-2"))
    with pytest.raises(Conflict):
        house.plan("label-1")
    house.plan("label-1")
    assert house.delivery("label-1").reason == "the label preview changes nothing of what runs"
    assert len(builds(house)) == 2


def test_a_label_taken_off_ends_what_runs_for_it_as_skipped(house: House) -> None:
    opened(house, "preview")
    for name in ("lint", "tests"):
        house.ended(latest(house, name))
    house.planned(labelled("preview"))
    token = house.started(latest(house, "preview"))
    put(house)
    why = reason(house, labelled("preview", "label-2", "unlabeled"))
    assert why == "what the pull request does not ask for any more was cancelled"
    running = latest(house, "preview")
    assert running.cancel and running.cancel_as is Reason.FILTERED
    house.settle(running.attempt_id, token, Result(Reason.CANCELLED, "stopped"))
    ended = latest(house, "preview")
    assert (ended.reason, ended.conclusion) == (Reason.FILTERED, "skipped")
    assert "the label preview" in ended.detail


def test_a_red_check_becomes_skipped_with_its_label_and_runs_again_with_it(house: House) -> None:
    opened(house, "preview")
    for name in ("lint", "tests"):
        house.ended(latest(house, name))
    house.planned(labelled("preview"))
    house.ended(latest(house, "preview"), Reason.FAILED)
    put(house)
    house.clock.advance(1)
    house.planned(labelled("preview", "label-2", "unlabeled"))
    assert latest(house, "preview").reason is Reason.FILTERED
    put(house, "preview")
    house.clock.advance(1)
    house.planned(labelled("preview", "label-3"))
    assert latest(house, "preview").state is State.QUEUED


def test_a_green_check_stays_green_without_its_label(house: House) -> None:
    opened(house, "preview")
    for name in ("lint", "tests"):
        house.ended(latest(house, name))
    house.planned(labelled("preview"))
    house.ended(latest(house, "preview"))
    put(house)
    why = reason(house, labelled("preview", "label-2", "unlabeled"))
    assert why == "the label preview changes nothing of what runs"


def test_a_label_that_keeps_a_job_out_stops_it_and_lets_it_run_when_it_is_gone(
    house: House,
) -> None:
    opened(house, "big change")
    size = latest(house, "size")
    reason(house, labelled("big change"))
    assert house.job(size).reason is Reason.FILTERED
    assert house.job(size).detail == "It does not run with the label big change."
    put(house)
    house.clock.advance(1)
    house.planned(labelled("big change", "label-2", "unlabeled"))
    assert latest(house, "size").state is State.QUEUED


def test_a_label_waits_for_the_plan_of_its_commit(house: House) -> None:
    house.deliver(labelled("preview"))
    with pytest.raises(Unseen, match="not planned yet"):
        house.plan("label-1")
    house.clock.advance(UNSEEN_FOR)
    house.plan("label-1")
    assert house.delivery("label-1").reason == f"{SHA[:12]} was not planned; the next push is"


def test_a_label_on_a_commit_that_is_not_the_head_any_more_is_ignored(house: House) -> None:
    opened(house, "preview")
    house.there.pulls[5].head_sha = OTHER_SHA
    house.there.pulls[5].updated = 9.0
    request = replace(labelled("preview").pull_request, updated=5.0)  # type: ignore[type-var]
    why = reason(house, replace(labelled("preview"), pull_request=request))
    assert why == f"pull request 5 stands at {OTHER_SHA[:12]}"


def test_a_closed_pull_request_s_labels_start_nothing(house: House) -> None:
    opened(house, "preview")
    reason(house, pull_request(kind=EventKind.PULL_REQUEST_CLOSED, delivery="close-1"))
    house.there.pulls[5].updated = 9.0
    request = replace(labelled("preview").pull_request, updated=5.0)  # type: ignore[type-var]
    why = reason(house, replace(labelled("preview"), pull_request=request))
    assert why == "pull request 5 is closed"


def test_the_very_commit_is_built_that_the_other_checks_were_built_of(house: House) -> None:
    first = opened(house, "preview")
    request = house.build(first.id).event.pull_request
    assert request is not None
    merge = replace(request, merge="d" * 40, tree="e" * 40)
    event = replace(first.event, pull_request=merge)
    house.there.files["d" * 40] = {CONFIG_PATH: CONFIG}
    house.store.save(replace(house.build(first.id), event=event))
    second = house.planned(labelled("preview"))
    assert second.event.built == "d" * 40
    assert any("result of merging" in note for note in second.notes)


def test_a_label_on_a_commit_that_a_push_has_built_counts_too(house: House) -> None:
    first = house.planned(push(branch="topic"))
    again = house.planned(pull_request(delivery="delivery-2"))
    assert again.id == first.id
    put(house, "preview")
    house.clock.advance(1)
    second = house.planned(labelled("preview"))
    assert house.jobs(second)["tests"].mirrors == house.jobs(first)["tests"].id
    assert second.doubt == ""


def test_a_label_by_a_bot_makes_no_stranger_of_the_team_s_commit(house: House) -> None:
    opened(house, "preview")
    second = house.planned(replace(labelled("preview"), bots=(41,)))
    assert second.is_trusted


def test_a_stranger_s_commit_stays_a_stranger_s_with_a_label(house: House) -> None:
    first = house.planned(from_fork())
    put(house, "preview")
    house.there.files[SHA][CONFIG_PATH] = CHECKS
    house.clock.advance(1)
    second = house.planned(replace(from_fork(), delivery="label-1", label="preview"))
    assert (second.doubt, second.is_trusted) == (first.doubt, False)
    # Its own configuration has no such job, and does not count.
    assert "preview" in house.jobs(second)


def test_mistakes_that_are_shown_already_are_not_shown_for_a_label(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = BROKEN
    first = opened(house, "preview")
    house.planned(labelled("preview"))
    assert [build.id for build in builds(house)] == [first.id]


def test_a_newer_commit_ends_what_a_label_has_started(house: House) -> None:
    opened(house, "preview")
    second = house.planned(labelled("preview"))
    house.there.pulls[5].head_sha = house.there.branches["topic"] = OTHER_SHA
    house.planned(pull_request(delivery="delivery-9", sha=OTHER_SHA, action="synchronize"))
    assert {job.reason for job in house.jobs(second).values()} == {Reason.SUPERSEDED}


def test_a_mirror_whose_build_was_thrown_away_does_not_wait_for_ever(house: House) -> None:
    first = opened(house, "preview")
    second = house.planned(labelled("preview"))
    house.store.save(replace(house.jobs(second)["tests"], mirrors=f"{first.id}-99"))
    house.clock.advance(house.timing.start + 1)
    house.reap()
    assert house.jobs(second)["tests"].reason is Reason.LOST
    assert house.jobs(second)["preview"].reason is Reason.NEED_FAILED


def test_all_checks_are_run_again_with_what_labels_have_started(house: House) -> None:
    first = opened(house, "preview")
    for name in ("lint", "tests", "size"):
        house.ended(latest(house, name))
    house.planned(labelled("preview"))
    house.ended(latest(house, "preview"))
    house.clock.advance(1)
    every = rerun("", "all-1", kind=EventKind.RERUN_ALL)
    again = house.jobs(house.planned(every))
    assert sorted(again) == ["lint", "preview", "size", "tests"]
    assert again["preview"].needs == (again["tests"].id,)
    assert {job.state for job in again.values()} == {State.QUEUED, State.BLOCKED}
    assert first.id != again["lint"].build


def test_what_is_run_again_takes_what_waited_for_it_under_a_label_along(house: House) -> None:
    first = opened(house, "preview")
    house.ended(house.jobs(first)["lint"])
    house.ended(house.jobs(first)["tests"], Reason.FAILED)
    held = house.jobs(house.planned(labelled("preview")))["preview"]
    assert held.reason is Reason.NEED_FAILED
    again = rerun(house.jobs(first)["tests"].id)
    assert sorted(house.jobs(house.planned(again))) == ["preview", "tests"]
    alone = rerun(held.id, "rerun-2")
    assert sorted(house.jobs(house.planned(alone))) == ["preview", "tests"]
