"""What runs for an event, in which order, and what a failure or a click changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.config import JobSpec
from dishwasher.core.event import NO_COMMIT, Event, EventKind
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.lifecycle import conclude
from dishwasher.core.plan import (
    FAILS_FAST,
    advance,
    advice_job,
    base_of,
    changed_since,
    config_job,
    is_about_config,
    job_id,
    jobs,
    rerun,
    scope,
    tells_changes,
    unfinished_checks,
)
from dishwasher.core.selection import Planned

from tests.fakes.clock import NOON
from tests.samples import BASE_SHA, SHA, build, deployment, pull_request, push, spec

TIMING = Timing()
LINT, TESTS = spec("lint"), spec("tests", needs=("lint",))
DOCS, STAGING = spec("docs", needs=("tests",)), deployment("staging", "main", "release")

CHECKS, BOTH = (Planned(LINT),), (Planned(LINT), Planned(STAGING))


def made(*specs: JobSpec) -> dict[str, Job]:
    """The new jobs of these specs by name."""
    planned = [Planned(spec) for spec in specs]
    return {one.spec.name: one for one in jobs("build", planned, NOON, TIMING)}


def ended(all_jobs: dict[str, Job], **reasons: Reason) -> dict[str, Job]:
    """The jobs with some of them concluded, and what follows from that."""
    for name, reason in reasons.items():
        all_jobs = all_jobs | {name: conclude(all_jobs[name], reason, "", NOON)}
        moved = advance(all_jobs.values(), NOON, TIMING)
        all_jobs = all_jobs | {one.spec.name: one for one in moved}
    return all_jobs


def test_checks_of_one_commit_are_built_once_whoever_asks() -> None:
    assert scope(push(branch="a"), CHECKS) == scope(pull_request(), CHECKS) == scope(push(), ())


def test_a_push_that_deploys_is_a_build_of_its_own_for_each_commit_before() -> None:
    scopes = {
        scope(push(), CHECKS),
        scope(push(), BOTH),
        scope(push(before=NO_COMMIT), BOTH),
        scope(push(pushed_at=1557933657), BOTH),
        scope(push(branch="release"), BOTH),
    }
    assert len(scopes) == 5


def test_a_refusal_never_stands_for_a_build() -> None:
    assert scope(pull_request(), CHECKS, "a fork") != scope(push(), CHECKS)


def test_each_rerun_is_a_build_of_its_own() -> None:
    first = push(rerun=True, delivery="1")
    assert scope(first, ()) == scope(first, BOTH, "a doubt")
    assert scope(first, ()) != scope(replace(first, delivery="2"), ())


@pytest.mark.parametrize("kind", [EventKind.SCHEDULE, EventKind.MANUAL])
def test_what_a_clock_or_a_hand_started_is_a_build_of_its_own(kind: EventKind) -> None:
    first = push(kind=kind, delivery="1")
    assert scope(first, CHECKS) not in (scope(push(), CHECKS), scope(push(kind=kind), CHECKS))


def test_checks_that_are_left_out_make_another_build() -> None:
    assert scope(push(), (Planned(LINT), Planned(DOCS, "no change"))) != scope(push(), CHECKS)


@pytest.mark.parametrize(
    ("event", "base"),
    [
        (push(), ""),
        (push(before=NO_COMMIT), "main"),
        (push(branch="topic"), "main"),
        (pull_request(), BASE_SHA),
        (push(branch="", tag="v1"), SHA),
    ],
)
def test_changes_begin_where_the_event_says(event: object, base: str) -> None:
    assert base_of(event) == base  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "base"),
    [
        (push(), BASE_SHA),
        (push(branch="topic", before=NO_COMMIT), "main"),
        (push(branch="topic"), "main"),
        (push(before=NO_COMMIT), ""),
        (pull_request(), BASE_SHA),
        (push(branch="", tag="v1"), ""),
        (push(kind=EventKind.SCHEDULE), ""),
    ],
)
def test_changed_paths_are_counted_from_where_the_event_says(event: Event, base: str) -> None:
    assert changed_since(event) == base


@pytest.mark.parametrize(
    ("event", "status", "tells"),
    [
        (push(), "ahead", True),
        (push(), "diverged", False),
        (push(), "behind", False),
        (push(branch="topic"), "diverged", True),
        (push(branch="topic"), "identical", False),
        (pull_request(), "diverged", True),
    ],
)
def test_a_comparison_hides_what_a_forced_push_has_removed(
    event: Event, status: str, tells: bool
) -> None:
    assert tells_changes(event, status) is tells


def test_new_jobs_are_ready_unless_they_need_another() -> None:
    by_name = made(LINT, TESTS)
    assert (by_name["lint"].state, by_name["tests"].state) == (State.QUEUED, State.BLOCKED)
    assert by_name["tests"].needs == (by_name["lint"].id,) == (job_id("build", 0),)
    assert all(one.deadline > NOON and one.created == NOON for one in by_name.values())


def test_a_need_that_is_not_built_holds_nothing_back() -> None:
    assert made(TESTS)["tests"].state is State.QUEUED


def test_the_mistakes_of_a_configuration_are_a_concluded_job() -> None:
    job = config_job("build", "3 mistakes", NOON)
    assert (job.id, job.spec.name, job.reason) == ("build-0", "config", Reason.CONFIG)
    assert (job.detail, job.ended) == ("3 mistakes", NOON)


def test_advice_about_a_configuration_stands_beside_the_jobs() -> None:
    others = tuple(made(LINT, TESTS).values())
    job = advice_job("build", others, "1 warning", NOON)
    assert (job.id, job.spec.name, job.reason) == ("build-2", "config", Reason.ADVISORY)
    assert is_about_config(job) and not is_about_config(others[0])


def test_a_job_that_is_called_config_keeps_its_name_to_itself() -> None:
    others = tuple(made(spec("config")).values())
    job = advice_job("build", others, "1 warning", NOON)
    assert job.spec.name == "configuration"
    assert is_about_config(job) and not is_about_config(others[0])


@pytest.mark.parametrize("reason", sorted(set(Reason)))
def test_a_failure_ends_what_has_not_started_where_that_is_asked_for(reason: Reason) -> None:
    all_jobs = made(LINT, TESTS, spec("other"))
    all_jobs["running"] = replace(made(spec("running"))["running"], id="r", state=State.RUNNING)
    all_jobs["lint"] = conclude(all_jobs["lint"], reason, "", NOON)
    moved = {one.spec.name: one for one in advance(all_jobs.values(), NOON, TIMING, fail_fast=True)}
    if reason in FAILS_FAST:
        assert set(moved) == {"tests", "other"}
        assert {one.reason for one in moved.values()} == {Reason.CANCELLED}
        assert "because lint failed" in moved["other"].detail
    else:
        assert "other" not in moved


@pytest.mark.parametrize("reason", [Reason.OK, Reason.ADVISORY])
def test_success_and_advice_meet_a_need(reason: Reason) -> None:
    assert ended(made(LINT, TESTS), lint=reason)["tests"].state is State.QUEUED


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.OK, Reason.ADVISORY}))
def test_every_other_end_stops_what_needs_it_and_what_needs_that(reason: Reason) -> None:
    after = ended(made(LINT, TESTS, DOCS), lint=reason)
    assert (after["tests"].reason, after["docs"].reason) == (Reason.NEED_FAILED,) * 2
    assert after["tests"].detail == "Not started, because of lint."
    assert after["docs"].detail == "Not started, because of tests."


def test_a_job_waits_for_all_its_needs_but_not_after_one_has_failed() -> None:
    both = spec("both", needs=("a", "b"))
    waiting = ended(made(spec("a"), spec("b"), both), a=Reason.OK)
    assert waiting["both"].state is State.BLOCKED
    assert ended(waiting, b=Reason.OK)["both"].state is State.QUEUED
    failed = ended(made(spec("a"), spec("b"), both), a=Reason.FAILED)
    assert failed["both"].reason is Reason.NEED_FAILED


def test_nothing_moves_twice() -> None:
    after = ended(made(LINT, TESTS, DOCS), lint=Reason.FAILED)
    assert advance(after.values(), NOON, TIMING) == ()


def all_ended(**reasons: Reason) -> dict[str, Job]:
    everything = replace(STAGING, needs=("lint", "tests", "docs"))
    production = replace(everything, name="production")
    return ended(made(LINT, TESTS, DOCS, everything, production), **reasons)


def names(all_jobs: dict[str, Job], clicked: str) -> list[str]:
    return [one.name for one in rerun(tuple(all_jobs.values()), all_jobs[clicked].id)]


def test_a_rerun_of_a_failed_check_brings_what_it_held_back() -> None:
    after = all_ended(lint=Reason.OK, tests=Reason.FAILED)
    assert names(after, "tests") == ["tests", "docs", "staging", "production"]


def test_a_rerun_of_what_was_held_back_brings_the_needs_that_failed() -> None:
    after = ended(made(LINT, TESTS, DOCS, spec("size")), lint=Reason.FAILED, size=Reason.FAILED)
    assert names(after, "docs") == ["lint", "tests", "docs"]


def test_a_rerun_of_a_deployment_deploys_nothing_else() -> None:
    after = all_ended(lint=Reason.OK, tests=Reason.FAILED)
    assert names(after, "staging") == ["tests", "docs", "staging"]


def test_a_rerun_of_a_success_runs_it_alone() -> None:
    after = all_ended(lint=Reason.OK, tests=Reason.OK, docs=Reason.OK, staging=Reason.OK)
    assert names(after, "lint") == ["lint"]
    assert names(after, "staging") == ["staging"]


def test_a_rerun_of_one_failure_of_two_runs_both_for_what_needs_both() -> None:
    both = spec("both", needs=("a", "b"))
    after = ended(made(spec("a"), spec("b"), both), a=Reason.FAILED, b=Reason.FAILED)
    assert names(after, "a") == ["a", "b", "both"]


def test_a_closed_pull_request_leaves_deployments_and_other_builds_alone() -> None:
    by_name = ended(made(LINT, spec("docs"), STAGING), docs=Reason.OK)
    foreign = replace(by_name["lint"], id="other-0", build="other")
    found = unfinished_checks(build(), (*by_name.values(), foreign))
    assert [one.spec.name for one in found] == ["lint"]
