"""One job that failed, in the comment: what is new comes first, and much is folded."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from dishwasher.core.comment import compose
from dishwasher.core.failure import FOLDED, ROWS
from dishwasher.core.job import Reason
from dishwasher.core.outcome import summarise

from tests.core.test_comment import case, over, ran, result, shown
from tests.samples import SHA, finding


def test_what_is_new_comes_before_what_fails_on_the_base_branch_too() -> None:
    old = shown(over("docs"), result(tail=("WARNING",)), frozenset())
    mixed = shown(over("tests"), ran("old", "new"), frozenset({"PriceTest.old"}))
    lost = shown(over("lint", Reason.LOST))
    body = compose([old, lost, mixed], SHA, "main").replace("\\", "")
    headings = re.findall("#### (.*)", body)
    assert headings == [
        "tests: 2 of 2 tests failed",
        "lint: the runner was lost, in 1 min 0 s",
        "docs: failed, in 1 min 0 s (on main, too)",
    ]
    new, _, folded = body.partition("<details>")
    assert "PriceTest.new" in new and "PriceTest.old" not in new
    assert "<summary>1 on main, too</summary>" in folded and "PriceTest.old" in folded


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ({"PriceTest.old"}, "1 of 1 tests failed"),
        ({"PriceTest.old", "PriceTest.a"}, "1 of 1 tests failed; 1 that fails on main does not"),
        ({"PriceTest.a", "PriceTest.b"}, "1 of 1 tests failed; 2 that fail on main do not"),
    ],
)
def test_what_fails_on_the_base_branch_alone_is_counted(base: set[str], told: str) -> None:
    body = compose([shown(over("tests"), ran("old"), frozenset(base))], SHA, "main")
    assert f"#### tests: {told}" in body


def test_where_not_all_that_fails_is_named_nothing_is_said_of_the_base_branch() -> None:
    many = ran("old", "new")
    assert many.tests is not None
    few = replace(many, tests=replace(many.tests, failing=many.tests.failing[:1]))
    body = compose([shown(over("tests"), few, frozenset({"PriceTest.a"}))], SHA, "")
    assert "#### tests: 2 of 2 tests failed\n" in body


def test_a_base_branch_without_a_name_is_one_all_the_same() -> None:
    body = compose([shown(over("tests"), ran("old"), frozenset({"PriceTest.a"}))], SHA, "")
    assert "1 that fails on the base branch does not" in body


def test_a_base_without_a_name_is_called_so() -> None:
    body = compose([shown(over("tests"), ran("old"), frozenset({"PriceTest.old"}))], SHA, "")
    assert "1 on the base branch, too" in body
    assert "too)" not in body


def test_many_failing_tests_are_folded_and_counted() -> None:
    body = compose([shown(over("tests"), ran(*(f"t{n}" for n in range(150))))], SHA, "main")
    seen, _, folded = body.partition("<details>")
    assert seen.count("PriceTest") == ROWS
    assert "<summary>140 more</summary>" in folded
    assert folded.count("PriceTest") == FOLDED
    assert f"and {140 - FOLDED} more, on the job's page" in folded


def test_failing_tests_that_a_result_does_not_name_are_counted() -> None:
    few = ran("one")
    assert few.tests is not None
    counted = replace(few, tests=replace(few.tests, failed=4))
    assert "and 3 more" in compose([shown(over("tests"), counted)], SHA, "main")


def test_a_test_is_shown_with_its_place() -> None:
    cases = summarise([case("a", path="app/tests.py", line=12), case("b", path="x.py", message="")])
    body = compose([shown(over("tests"), result(tests=cases))], SHA, "main").replace("\\", "")
    assert "- **PriceTest.a**: 3 != 4 (app/tests.py:12)" in body
    assert "- **PriceTest.b** (x.py)" in body


def test_findings_are_listed_where_there_are_no_tests() -> None:
    found = tuple(finding(line=line) for line in range(1, 41))
    body = compose([shown(over("lint"), result(findings=found, findings_total=400))], SHA, "main")
    text = body.replace("\\", "")
    assert f"- {found[0].path}:1 {found[0].message}" in text
    assert "<summary>390 more</summary>" in text
    assert "and 370 more" in text
    few = compose([shown(over("lint"), result(findings=found[:2], findings_total=2))], SHA, "main")
    assert "<details>" not in few
