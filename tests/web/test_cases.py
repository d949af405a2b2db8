from __future__ import annotations

from dishwasher.core.outcome import Status, TestCase, TestSummary
from dishwasher.web.cases import cases

from tests.web.sample import SHA

URL = "https://h/acme/site"


def test_failing_tests_lead_to_their_lines() -> None:
    failing = TestCase("s", "shop.Cart", "test_sum", Status.FAILED, 1.5, "shop/tests ü.py", 7, "3!")
    shown = cases(TestSummary(6, 1, 3, 12.0, (failing,)), SHA, URL)
    assert shown is not None
    assert (shown.words, shown.time) == ("1 failed, 6 passed, 3 skipped", "12 s")
    assert shown.shares == (("bad", 10.0), ("good", 60.0), ("stop", 30.0))
    (case,) = shown.failing
    assert (case.title, case.place, case.time) == (
        "shop.Cart.test_sum",
        "shop/tests ü.py:7",
        "1.5 s",
    )
    assert case.url == f"{URL}/blob/{SHA}/shop/tests%20%C3%BC.py#L7"


def test_places_outside_the_repository_are_no_links() -> None:
    for path in ("", "/usr/lib/python3/x.py", "../x.py", "a/../../x.py"):
        case = TestCase("s", "", "t", Status.ERROR, path=path)
        shown = cases(TestSummary(failed=1, failing=(case,)), SHA, URL)
        assert shown is not None and shown.failing[0].url == ""


def test_no_tests_no_card() -> None:
    assert cases(None, SHA, URL) is None
    assert cases(TestSummary(), SHA, URL) is None
