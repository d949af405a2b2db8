from __future__ import annotations

from dishwasher.core.report import Posted, Report


def test_a_job_that_was_never_posted_has_a_blank_entry() -> None:
    assert Report("7/sha").of("build-0") == Posted("build-0")
    assert Report("7/sha").group == ""


def test_an_entry_is_replaced_and_the_others_stay() -> None:
    report = Report("7/sha").having(Posted("a", 1)).having(Posted("b", 2)).having(Posted("a", 3))
    assert report.of("a") == Posted("a", 3)
    assert report.of("b") == Posted("b", 2)
    assert len(report.posted) == 2
