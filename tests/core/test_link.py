"""Links to places on a job's page."""

from __future__ import annotations

from dishwasher.core.job import Reason
from dishwasher.core.link import artifact_url, bundle_url, link, log_url
from dishwasher.core.result import PhaseResult, Result, StepResult

PAGE = "https://ci.example.test/jobs/build-0"


def phase(reason: Reason | None, *codes: int | None) -> PhaseResult:
    return PhaseResult("build", reason, steps=tuple(StepResult("make", code) for code in codes))


def test_the_log_opens_at_the_step_that_failed() -> None:
    phases = (phase(Reason.OK, 0, 1), phase(Reason.FAILED, 0, 2, None))
    assert log_url(PAGE, Result(Reason.FAILED, "", phases)) == f"{PAGE}#s2-2"
    ended = (phase(None, 0), phase(Reason.TIMED_OUT, 0, None))
    assert log_url(PAGE, Result(Reason.TIMED_OUT, "", ended)) == f"{PAGE}#s2-0"


def test_without_such_a_step_the_log_opens_at_its_top() -> None:
    assert log_url(PAGE, None) == PAGE
    assert log_url(PAGE, Result(Reason.OK, "", (phase(Reason.OK, 0),))) == PAGE


def test_paths_of_artifacts_end_no_link() -> None:
    hostile = 'a b/(1)/"x">é\udcff.html'
    url = artifact_url(PAGE, hostile)
    assert url == f"{PAGE}/artifacts/a%20b/%281%29/%22x%22%3E%C3%A9%FF.html"
    assert bundle_url(PAGE) == f"{PAGE}/artifacts.tar.gz"
    assert bundle_url(PAGE, "docs/html") == f"{PAGE}/artifacts.tar.gz?folder=docs%2Fhtml"


def test_the_text_of_a_link_is_inert() -> None:
    assert link("a](x) [b", PAGE) == rf"[a\]\(x\) \[b]({PAGE})"
