"""The collected mistakes: order, caps and suggestions."""

from __future__ import annotations

import time

import pytest
from dishwasher.formats.problems import KEPT, WARNING, Problems, show


def test_order_is_that_of_the_file() -> None:
    problems = Problems()
    assert not problems
    for line, column in ((3, 1), (1, 9), (1, 2)):
        problems.add(line, column, "code", "message")
    assert problems
    places = [(problem.line, problem.column) for problem in problems.in_file_order()]
    assert places == [(1, 2), (1, 9), (3, 1)]


def test_mistakes_beyond_the_cap_are_counted() -> None:
    problems = Problems()
    for line in range(1, KEPT + 6):
        problems.add(line, 1, "code", "message")
    found = problems.in_file_order()
    assert len(found) == KEPT + 1
    assert (found[-1].code, found[-1].message) == ("more", "and 5 more mistakes, not shown")
    assert problems.nearest("message", ["messages"]) == ""


def test_a_mistake_that_is_come_upon_again_is_told_once() -> None:
    problems = Problems()
    for line in (1, 1, 2):
        problems.add(line, 1, "code", "message", severity=WARNING)
    problems.add(1, 1, "code", "another message")
    assert len(problems.in_file_order()) == 3
    assert problems


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("chekcs", "Did you mean `checks`?"),
        ("Checks", "Did you mean `checks`?"),
        ("check", "Did you mean `checks`?"),
        ("deployment", "Did you mean `deployments`?"),
        ("hcecks", "Did you mean `checks`?"),
        ("eployments", "Did you mean `deployments`?"),
        ("x", ""),
        ("", ""),
        ("checks" * 10, ""),
    ],
)
def test_nearest(word: str, suggestion: str) -> None:
    assert Problems().nearest(word, ["checks", "deployments"]) == suggestion


def test_nearest_of_many_long_words_costs_little() -> None:
    problems = Problems()
    known = ["ab" * 500 + str(number) for number in range(10_000)]
    started = time.process_time()
    problems.nearest("ab" * 20, known)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("a\nb\u202e", "`a\\u000ab\\u202e`"),
        ("a `b`", '"a `b`"'),
        ("x" * 70, "`" + "x" * 59 + "…`"),
    ],
)
def test_show(text: str, shown: str) -> None:
    assert show(text) == shown


def test_warnings_do_not_hide_what_makes_a_file_invalid() -> None:
    problems = Problems()
    for line in range(1, KEPT + 50):
        problems.add(line, 1, "home", "a warning", severity=WARNING)
    for line in (7, 900):
        problems.add(line, 1, "syntax", "a mistake")
    found = problems.in_file_order()
    assert [one.line for one in found if one.code == "syntax"] == [7, 900]
    assert len(found) == KEPT + 1 and found[-1].message == "and 51 more mistakes, not shown"


def test_an_empty_text_is_shown_as_one() -> None:
    assert show("") == '""'
