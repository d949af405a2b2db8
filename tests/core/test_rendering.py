"""The check run that a job shows: within GitHub's rules whatever the tools said (39 to 41)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import ALLOWED, Conclusion, Job, Reason, State
from dishwasher.core.markdown import MAX_OUTPUT_BYTES
from dishwasher.core.outcome import Status as Outcome
from dishwasher.core.outcome import TestCase, TestSummary
from dishwasher.core.rendering import (
    MAX_ANNOTATIONS,
    MAX_LINE,
    MAX_MESSAGE,
    MAX_TITLE,
    annotate,
    duration,
    render,
    size,
)
from dishwasher.core.report import Check, Status
from dishwasher.core.result import Artifact, Result
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import NOON
from tests.samples import SHA, finding, job, spec

PAGE = "https://ci.example.test/jobs/build-0"
OVER = job(
    state=State.CONCLUDED,
    reason=Reason.FAILED,
    detail="`pytest` ended with 1.",
    attempt=1,
    started=NOON + 1,
    ended=NOON + 13,
)


def rendered(one: Job = OVER, **result: object) -> Check:
    return render(one, SHA, Result(**({"reason": Reason.FAILED, "detail": ""} | result)), PAGE)  # type: ignore[arg-type]


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
    check = render(job(state=state, spec=spec("lint")), SHA, None, PAGE)
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
        "```text\nFAILED test_x\n1 failed\n```"
    )


def test_a_failure_that_is_allowed_says_so() -> None:
    allowed = replace(OVER, reason=Reason.ADVISORY, detail=f"{ALLOWED} `pytest` ended with 1.")
    check = rendered(allowed, tail=("1 failed",))
    assert (check.title, check.conclusion) == ("Failed, as it may, in 12 s", Conclusion.NEUTRAL)
    assert "1 failed" in check.summary


def test_notes_on_the_whole_build_stand_at_the_end() -> None:
    check = render(OVER, SHA, None, PAGE, ("circle.yml is taken.",))
    assert check.summary.endswith("\n\ncircle\\.yml is taken\\.")


def test_a_success_needs_no_log() -> None:
    check = rendered(replace(OVER, reason=Reason.OK, detail=""), tail=("fine",))
    assert check.summary == f"[Log and details]({PAGE})"


@pytest.mark.parametrize("reason", sorted(Reason))
def test_every_reason_has_its_words(reason: Reason) -> None:
    check = render(replace(OVER, reason=reason, started=0.0), SHA, None, PAGE)
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


def test_tests_are_counted_and_the_failing_ones_named() -> None:
    failing = TestCase("s", "app.T", "test_<b>", Outcome.FAILED, message="@ann: 1 != 2")
    tests = TestSummary(1200, 25, 0, failing=(failing,) * 25)
    summary = rendered(tests=tests).summary
    assert "Tests: 25 failed, 1,200 passed\n\n- **app\\.T\\.test\\_\\<b\\>** @\u2060ann" in summary
    assert summary.count("- **") == 20
    assert "- and 5 more" in summary
    assert "Tests: 3 passed, 1 skipped" in rendered(tests=TestSummary(3, 0, 1)).summary


def test_artifacts_and_notes_are_listed_and_inert() -> None:
    kept = (Artifact("docs/<b>.html", 4_100, "0" * 64), Artifact("a", 12, "0" * 64))
    summary = rendered(artifacts=kept, notes=("@org/team was skipped",)).summary
    assert "**Artifacts**\n\n- docs/\\<b\\>\\.html (4.1 KB)\n- a (12 B)" in summary
    assert "@org" not in summary


def test_many_artifacts_are_counted() -> None:
    kept = tuple(Artifact(f"page-{number}", 1, "0" * 64) for number in range(60))
    assert rendered(artifacts=kept).summary.endswith("(1 B)\n- and 10 more")


def test_twelve_thousand_findings_become_as_many_annotations_as_github_shows() -> None:
    found = tuple(finding(line=line) for line in range(1, 1001))
    check = rendered(findings=found, findings_total=12_000)
    assert len(check.annotations) == MAX_ANNOTATIONS
    assert "12000 findings, of which 300 are annotated." in check.summary


def test_the_worst_findings_come_first_and_else_in_their_order() -> None:
    levels = [Level.NOTICE, Level.FAILURE, Level.WARNING, Level.FAILURE]
    found = tuple(finding(line=line, level=level) for line, level in enumerate(levels, 1))
    assert [one.start_line for one in annotate(found)] == [2, 4, 3, 1]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "././x", "a/./b"),
        *("C:\\x", "c:/x", "a\\b", "a\0b", "a\nb", "a\tb", "a\x1b[0m", "a\udc80b", "a\u202eb"),
    ],
)
def test_a_path_outside_the_repository_is_no_annotation(path: str) -> None:
    assert annotate((finding(path), finding("kept"))) == (finding("kept"),)


@pytest.mark.parametrize("path", ["a", "a b/ü.py", "..a", "$(id)", "C", "🚀"])
def test_a_path_of_the_repository_is_kept(path: str) -> None:
    assert [one.path for one in annotate((finding(f"./{path}"), finding(path)))] == [path, path]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ((0, 0), (1, 1)),
        ((-5, -7), (1, 1)),
        ((10**12, 10**12), (MAX_LINE, MAX_LINE)),
        ((9, 3), (9, 9)),
        ((3, 9), (3, 9)),
    ],
)
def test_lines_are_brought_into_range(lines: tuple[int, int], kept: tuple[int, int]) -> None:
    (one,) = annotate((replace(finding(), start_line=lines[0], end_line=lines[1]),))
    assert (one.start_line, one.end_line) == kept


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ((4, 9), (4, 9)),
        ((4, None), (4, None)),
        ((4, 0), (4, None)),
        ((4, 2), (4, 4)),
        ((0, 9), (None, None)),
        ((-1, 9), (None, None)),
        ((None, 9), (None, None)),
        ((10**12, 10**13), (MAX_LINE, MAX_LINE)),
    ],
)
def test_columns_are_brought_into_range(
    columns: tuple[int | None, int | None], kept: tuple[int | None, int | None]
) -> None:
    (one,) = annotate((replace(finding(), start_column=columns[0], end_column=columns[1]),))
    assert (one.start_column, one.end_column) == kept


def test_columns_over_several_lines_are_left_out() -> None:
    (one,) = annotate((replace(finding(), end_line=9, start_column=1, end_column=2),))
    assert (one.start_column, one.end_column) == (None, None)


def test_texts_of_an_annotation_are_cleaned_and_cut() -> None:
    loud = finding(message="\x1b[1m" + "🚀" * 30_000, title=" a\nb " + "x" * 300)
    (one,) = annotate((loud,))
    assert len(one.message) == MAX_MESSAGE
    assert len(one.message.encode()) <= 64 * 1024
    assert one.message.startswith("\ufffd[1m🚀")
    assert len(one.title) == MAX_TITLE
    assert one.title.startswith("a b x")
    (empty,) = annotate((finding(message=""),))
    assert empty.message == "(no message)"


LINES = st.sampled_from(["🚀" * 600, "`" * 500, "x" * 100_000, "ok", "</details>", "@org/team"])
TEXTS = st.sampled_from(["🚀" * 2_000, "\\" * 2_000, "@" * 900, "plain", "é\n" * 5_000])


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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "under 0.1 s"), (0.44, "0.4 s"), (9.96, "10.0 s"), (12.4, "12 s"), (59.7, "1 min 0 s")],
)
def test_a_duration_is_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(200) == "3 min 20 s"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (312, "312 B"), (4_100, "4.1 KB"), (12_000_000, "12 MB"), (10**13, "10000 GB")],
)
def test_a_size_is_for_people(count: int, text: str) -> None:
    assert size(count) == text


def test_a_finding_needs_no_columns() -> None:
    assert annotate((Finding("a", 1, 1, Level.NOTICE, "m"),))[0].start_column is None
