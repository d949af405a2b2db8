from __future__ import annotations

from dishwasher.core.outcome import FAILING_KEPT, Status, TestCase, TestSummary, summarise, together


def case(status: Status, name: str = "test_a") -> TestCase:
    return TestCase("s", "C", name, status, seconds=0.5)


def test_counts_are_of_all_tests() -> None:
    summary = summarise(map(case, Status))
    assert (summary.passed, summary.failed, summary.skipped, summary.total) == (2, 2, 2, 6)
    assert summary.seconds == 3.0
    assert [one.status for one in summary.failing] == [Status.FAILED, Status.ERROR]


def test_failing_tests_are_kept_up_to_a_number() -> None:
    summary = summarise(case(Status.FAILED) for _ in range(FAILING_KEPT + 5))
    assert (summary.failed, len(summary.failing)) == (FAILING_KEPT + 5, FAILING_KEPT)


def test_a_test_is_called_by_class_and_name_or_by_its_suite() -> None:
    assert case(Status.PASSED).title == "C.test_a"
    assert TestCase("build", "", "", Status.ERROR).title == "build"


def test_several_runs_add_up_and_none_is_none() -> None:
    case = TestCase("s", "c", "n", Status.FAILED)
    parts = [TestSummary(3, 1, 2, 1.5, (case,)), TestSummary(1, 0, 0, 0.5)]
    assert together(parts) == TestSummary(4, 1, 2, 2.0, (case,))
    assert together([]) is None


def test_a_title_says_nothing_twice() -> None:
    assert TestCase("s", "outer bad", "outer bad", Status.FAILED).title == "outer bad"
    assert TestCase("s", "C", "test_a", Status.FAILED).title == "C.test_a"
