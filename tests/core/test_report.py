from __future__ import annotations

from dataclasses import replace

from dishwasher.core.job import Conclusion
from dishwasher.core.report import Check, Posted, Report, Status, pull_key, smaller

from tests.samples import SHA, finding

OVER = Check(
    *("dishwasher / lint", SHA, "build-0", "https://ci.example.test/jobs/build-0"),
    *(Status.COMPLETED, "Failed", "Much text.", Conclusion.FAILURE, (finding(),), 1.0, 2.0),
)


def test_a_job_that_was_never_posted_has_a_blank_entry() -> None:
    assert Report("7/sha").of("build-0") == Posted("build-0")
    assert Report("7/sha").group == ""


def test_an_entry_is_replaced_and_the_others_stay() -> None:
    report = Report("7/sha").having(Posted("a", 1)).having(Posted("b", 2)).having(Posted("a", 3))
    assert report.of("a") == Posted("a", 3)
    assert report.of("b") == Posted("b", 2)
    assert len(report.posted) == 2


def test_a_verdict_gets_smaller_and_stays_the_verdict() -> None:
    plain, bare = smaller(OVER)
    assert plain.summary == (
        "GitHub did not take the whole text. "
        "[Log and details](https://ci.example.test/jobs/build-0)"
    )
    assert plain.annotations == ()
    assert bare == Check("dishwasher / lint", SHA, "build-0", "", *BARE)
    assert smaller(replace(OVER, details_url=""))[0].summary.endswith("whole text.")


BARE = (Status.COMPLETED, "", "", Conclusion.FAILURE)


def test_progress_gets_no_smaller() -> None:
    assert smaller(replace(OVER, status=Status.IN_PROGRESS, conclusion=None)) == ()


def test_what_is_owed_is_rung_for_or_done_by_whoever_is_there() -> None:
    owed = Report("7/pull/5").owing("build", 9.0)
    assert (owed.bell, owed.due, owed.dirty) == ("build", 9.0, False)
    assert Report("7/pull/5", due=4.0).owing("build", 9.0).due == 4.0
    held = Report("7/pull/5", holder="secret", due=30.0).owing("build", 9.0)
    assert (held.bell, held.due, held.dirty) == ("build", 30.0, True)


def test_a_report_on_a_pull_request_knows_its_number() -> None:
    assert Report(pull_key(7, 5)).pull_request == 5
    assert Report("7/sha").pull_request == 0
