"""core.flake: what failed and then passed without a change is called flaky, and nothing else is."""

from __future__ import annotations

from dishwasher.core.flake import NAMED, flaky, said
from dishwasher.core.job import Reason
from dishwasher.core.outcome import Status, TestCase, TestSummary, summarise
from dishwasher.core.result import Result


def ran(*failing: str, of: int = 3) -> Result:
    """A run of so many tests, of which these failed."""
    cases = [TestCase("s", "", name, Status.FAILED) for name in failing]
    cases += [TestCase("s", "", f"fine {number}", Status.PASSED) for number in range(of)]
    return Result(Reason.FAILED, "", tests=summarise(cases[:of]))


def test_what_failed_at_first_and_passes_now_is_flaky() -> None:
    assert flaky([ran("a", "b")], ran("b")) == ("a",)
    assert flaky([ran("a"), ran("a", "b")], ran()) == ("a", "b")


def test_what_fails_each_time_is_not() -> None:
    assert flaky([ran("a")], ran("a")) == ()
    assert flaky([ran()], ran("a")) == ()


def test_a_run_that_tells_nothing_of_a_test_proves_nothing() -> None:
    assert flaky([ran("a")], None) == ()
    assert flaky([ran("a")], Result(Reason.OK, "")) == ()
    assert flaky([None, Result(Reason.LOST, "")], ran()) == ()
    assert flaky([ran("a", of=3)], ran(of=2)) == (), "it may not have run"
    assert flaky([ran("a")], Result(Reason.FAILED, "", tests=TestSummary(9, 2))) == ()


def test_a_sentence_names_some_and_counts_the_rest() -> None:
    assert said(()) == ""
    assert said(("a",)) == (
        "Flaky: **a** failed at first, and it passed when run again on the same files."
    )
    many = said(tuple(f"t{number}" for number in range(NAMED + 2)))
    assert many.startswith("Flaky: **t0**, **t1**, ")
    assert f"**t{NAMED - 1}** and 2 more failed at first, and they passed" in many
    assert "@ann" not in said(("@ann",))
