"""The check run that a job shows, whatever the tools said (39 to 41)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.added import Added, AddedFile
from dishwasher.core.annotation import (
    MAX_ANNOTATIONS,
)
from dishwasher.core.check_run import CANCEL, RERUN, render
from dishwasher.core.config import Kind
from dishwasher.core.job import Conclusion, Job, Reason, State
from dishwasher.core.lifecycle import ALLOWED
from dishwasher.core.markdown import MAX_OUTPUT_BYTES, inert
from dishwasher.core.outcome import Status as Outcome
from dishwasher.core.outcome import TestCase, TestSummary
from dishwasher.core.plan import config_job
from dishwasher.core.report import Action, Check, Status
from dishwasher.core.result import Artifact, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.clock import NOON
from tests.samples import SHA, build, finding, job, spec

BUILD = build(jobs=("build-0",), settled=1)
PAGE = "https://ci.example.test/jobs/build-0"
OVER = job(
    state=State.CONCLUDED,
    reason=Reason.FAILED,
    detail="`pytest` ended with 1.",
    attempt=1,
    started=NOON + 1,
    ended=NOON + 13,
)
TOOK = "Took 12 s of a runner after 1.0 s of waiting."


def rendered(one: Job = OVER, **result: object) -> Check:
    made = Result(**({"reason": Reason.FAILED, "detail": ""} | result))  # type: ignore[arg-type]
    return render(one, BUILD, made, PAGE)


@pytest.mark.parametrize(
    ("state", "status", "title"),
    [
        (State.BLOCKED, Status.QUEUED, "Queued"),
        (State.QUEUED, Status.QUEUED, "Queued"),
        (State.STARTING, Status.QUEUED, "Queued"),
        (State.RUNNING, Status.IN_PROGRESS, "Running"),
    ],
)
def test_a_job_that_is_not_over_shows_how_far_it_is(
    state: State, status: Status, title: str
) -> None:
    check = render(job(state=state, spec=spec("lint")), BUILD, None, PAGE)
    assert (check.status, check.title, check.conclusion) == (status, title, None)
    assert (check.name, check.head_sha, check.external_id) == ("dishwasher / lint", SHA, "build-0")
    assert check.summary == f"[Follow it here]({PAGE})"
    assert (check.details_url, check.started_at, check.completed_at) == (PAGE, NOON, 0.0)


def test_a_verdict_shows_reason_detail_and_the_end_of_the_log() -> None:
    check = rendered(tail=("FAILED test_x", "1 failed"), findings=(finding(),), findings_total=1)
    assert (check.status, check.conclusion) == (Status.COMPLETED, Conclusion.FAILURE)
    assert check.title == "Failed in 12 s"
    assert (check.started_at, check.completed_at) == (NOON + 1, NOON + 13)
    assert check.annotations == (finding(),)
    assert check.summary == (
        f"\\`pytest\\` ended with 1\\.\n\n[Log and details]({PAGE})\n\n"
        "```text\nFAILED test_x\n1 failed\n```\n\n"
        "Took 12 s of a runner after 1.0 s of waiting."
    )


def test_a_failure_that_is_allowed_says_so() -> None:
    allowed = replace(OVER, reason=Reason.ADVISORY, detail=f"{ALLOWED} `pytest` ended with 1.")
    check = rendered(allowed, tail=("1 failed",))
    assert (check.title, check.conclusion) == ("Failed, as it may, in 12 s", Conclusion.NEUTRAL)
    assert "1 failed" in check.summary


def test_notes_on_the_whole_build_stand_at_the_end() -> None:
    check = render(OVER, replace(BUILD, notes=("circle.yml is taken.",)), None, PAGE)
    assert check.summary.endswith(f"\n\ncircle\\.yml is taken\\.\n\n{TOOK}")


def test_a_success_needs_no_log() -> None:
    check = rendered(replace(OVER, reason=Reason.OK, detail=""), tail=("fine",))
    assert check.summary == f"[Log and details]({PAGE})\n\n{TOOK}"


@pytest.mark.parametrize("reason", sorted(Reason))
def test_every_reason_has_its_words(reason: Reason) -> None:
    check = render(replace(OVER, reason=reason, started=0.0), BUILD, None, PAGE)
    assert check.conclusion is not None
    assert check.title
    assert " in " not in check.title


def test_findings_of_a_job_that_runs_again_wait_for_its_end() -> None:
    assert rendered(job(state=State.RUNNING), findings=(finding(),)).annotations == ()


def test_a_clock_that_was_set_back_ends_no_job_before_its_start() -> None:
    check = rendered(replace(OVER, ended=NOON - 600))
    assert check.completed_at == check.started_at == NOON + 1
    assert check.title == "Failed in under 0.1 s"


def test_an_earlier_attempt_is_told() -> None:
    assert (
        "Attempt 2: an earlier one lost"
        in rendered(replace(OVER, attempt=2, lost_retries=1)).summary
    )


def test_a_move_to_a_larger_runner_is_told_while_it_runs_and_at_the_end() -> None:
    moved = (
        "It ran out of memory. That was on a function, so its next attempt was planned on a box."
    )
    running = rendered(job(state=State.RUNNING, outgrown=moved))
    assert running.summary.startswith(inert(moved))
    over = rendered(replace(OVER, attempt=2, outgrown=moved, lost_retries=1)).summary
    assert f"Attempt 2. {inert(moved)}" in over
    assert "an earlier one lost" not in over


def test_tests_are_counted_and_the_failing_ones_named() -> None:
    failing = TestCase("s", "app.T", "test_<b>", Outcome.FAILED, message="@ann: 1 != 2")
    tests = TestSummary(1200, 25, 0, failing=(failing,) * 25)
    summary = rendered(tests=tests).summary
    assert "Tests: 25 failed, 1,200 passed\n\n- **app\\.T\\.test\\_\\<b\\>** @\u2060ann" in summary
    assert summary.count("- **app") == 20
    assert "- and 5 more" in summary
    assert "Tests: 3 passed, 1 skipped" in rendered(tests=TestSummary(3, 0, 1)).summary


def test_artifacts_and_notes_are_listed_and_inert() -> None:
    kept = (Artifact("docs/<b>.html", 4_100, "0" * 64), Artifact("a", 12, "0" * 64))
    summary = rendered(artifacts=kept, notes=("@org/team was skipped",)).summary
    assert f"- [docs/\\<b\\>\\.html]({PAGE}/artifacts/docs/%3Cb%3E.html) (4.1 KB)" in summary
    assert f"- [a]({PAGE}/artifacts/a) (12 B)\n\n[everything\\.tar\\.gz]" in summary
    assert "@org" not in summary


def test_many_artifacts_are_counted() -> None:
    kept = tuple(Artifact(f"page-{number}", 1, "0" * 64) for number in range(60))
    assert "(1 B)\n- and 10 more\n" in rendered(artifacts=kept).summary


def test_twelve_thousand_findings_become_as_many_annotations_as_github_shows() -> None:
    found = tuple(finding(line=line) for line in range(1, 1001))
    check = rendered(findings=found, findings_total=12_000)
    assert len(check.annotations) == MAX_ANNOTATIONS
    assert "12000 findings, of which 300 are annotated." in check.summary


LINES = st.sampled_from(["🚀" * 600, "`" * 500, "x" * 100_000, "ok", "</details>", "@org/team"])
TEXTS = st.sampled_from(["🚀" * 600, "\\" * 600, "@" * 300, "plain", "é\n" * 5_000])


@settings(deadline=None)
@given(
    detail=TEXTS,
    tail=st.lists(LINES, max_size=80),
    notes=st.lists(TEXTS, max_size=30),
    artifacts=st.lists(TEXTS, max_size=60),
)
def test_a_summary_always_fits_and_closes_its_block(
    detail: str, tail: list[str], notes: list[str], artifacts: list[str]
) -> None:
    check = rendered(
        replace(OVER, detail=detail),
        tail=tuple(tail),
        notes=tuple(notes),
        artifacts=tuple(Artifact(path, 1, "0" * 64) for path in artifacts),
        findings_total=5_000,
    )
    assert len(check.summary.encode()) <= MAX_OUTPUT_BYTES
    fences = [line for line in check.summary.split("\n") if line.startswith("```")]
    if tail:
        opening = next(line for line in fences if line.endswith("text"))
        assert opening.removesuffix("text") in fences[fences.index(opening) + 1 :]


def test_a_check_that_failed_can_be_run_again_by_a_button() -> None:
    assert rendered().actions == (RERUN,)
    assert rendered(replace(OVER, reason=Reason.OK)).actions == ()
    assert rendered(replace(OVER, reason=Reason.FILTERED)).actions == ()
    deploys = replace(OVER, spec=spec("live", kind=Kind.DEPLOYMENT))
    assert rendered(deploys).actions == ()
    assert render(job(state=State.RUNNING), BUILD, None, PAGE).actions == ()


def test_while_others_run_they_can_be_cancelled_there() -> None:
    runs = replace(BUILD, jobs=("build-0", "build-1"))
    assert render(OVER, runs, None, PAGE).actions == (RERUN, CANCEL)


@pytest.mark.parametrize("action", [RERUN, CANCEL])
def test_buttons_keep_githubs_limits(action: Action) -> None:
    assert 0 < len(action.label) <= 20
    assert 0 < len(action.description) <= 40
    assert 0 < len(action.identifier) <= 20


def test_only_what_the_change_has_added_is_annotated_and_the_rest_is_told() -> None:
    added = Added((AddedFile("app/views.py", ((3, 3),)),))
    found = tuple(finding(line=line) for line in range(1, 16))
    failed = Result(Reason.FAILED, "", findings=found, findings_total=15)
    check = render(OVER, BUILD, failed, PAGE, added=added)
    assert [one.start_line for one in check.annotations] == [3]
    assert "14 findings are on lines that this change does not add:" in check.summary
    assert "- app/views\\.py:1 unused\n- app/views\\.py:2 unused" in check.summary
    assert "- and 4 more" in check.summary
    one = render(
        OVER, BUILD, replace(failed, findings=found[:1], findings_total=1), PAGE, added=added
    )
    assert "1 finding is on lines" in one.summary
    assert "annotated" not in one.summary


def test_mistakes_of_the_configuration_are_annotated_wherever_they_are() -> None:
    wrong = config_job("build", "2 mistakes.", NOON)
    failed = Result(Reason.CONFIG, "", findings=(finding(),), findings_total=1)
    assert render(wrong, BUILD, failed, PAGE, added=Added()).annotations == (finding(),)
    refused = replace(OVER, reason=Reason.REFUSED)
    assert render(refused, BUILD, failed, PAGE, added=Added()).annotations == (finding(),)
