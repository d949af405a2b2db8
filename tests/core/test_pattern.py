"""Filters of branches, tags and paths: what each syntax lets through."""

from __future__ import annotations

import time

import pytest
from dishwasher.core.pattern import Filter, Pattern, Syntax, check_regex, effort


def test_each_syntax_reads_the_same_text_its_own_way() -> None:
    names = ["v1.*", "v1.2", "v1x"]
    assert [name for name in names if Pattern("v1.*").matches(name)] == ["v1.*"]
    assert [name for name in names if Pattern("v1.*", Syntax.GLOB).matches(name)] == names[:2]
    assert [name for name in names if Pattern("v1.*", Syntax.REGEX).matches(name)] == names


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("feature-.*", ["feature-x"], ["my-feature-x"]),
        (r"v[0-9]+(\.[0-9]+)*", ["v1", "v1.2.3"], ["v1.", "xv1"]),
        ("^(?!master$).*$", ["main", "master2"], ["master"]),
        (r"^ultron\/.*", ["ultron/1"], ["ultron"]),
        (".*?", ["any", "x/y"], []),
    ],
)
def test_a_regex_matches_the_whole_name(text: str, matching: list[str], others: list[str]) -> None:
    pattern = Pattern(text, Syntax.REGEX)
    assert [name for name in (*matching, *others) if pattern.matches(name)] == matching
    assert str(pattern) == f"/{text}/"


@pytest.mark.parametrize(
    "text",
    [
        "(a|aa)+",
        "(?:a{1,1000}){1,1000}b",
        "((a{1,100}){1,100}){1,100}b",
        "(?R)",
        "(a+)+(?:b|(?R))c",
    ],
)
def test_a_regex_that_backtracks_for_ever_matches_nothing_soon(text: str) -> None:
    assert check_regex(text) == ""
    began = time.process_time()
    assert not Pattern(text, Syntax.REGEX).matches("a" * 250 + "-")
    assert time.process_time() - began < 5


def test_names_are_compared_letter_by_letter() -> None:
    """A look-alike, another form of the same letter, an invisible one: each is another name."""
    for other in ("m\u0430in", "ma\u0131n", "main\u200b", "Main", "main\n", "ma\u0301in"):
        assert not Pattern("main").matches(other)
        assert not Pattern("main", Syntax.REGEX).matches(other)
        assert not Pattern("mai[n]", Syntax.GLOB).matches(other)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a(b)", ""),
        ("a(b", "missing ) at position 3"),
        ("[z-a]", "bad character range at position 4"),
        ("a" * 501, "it has 501 characters, and at most 500 are read"),
        ("(" * 250 + ")" * 250, ""),
    ],
)
def test_what_is_wrong_with_a_regex_is_said(text: str, wrong: str) -> None:
    assert check_regex(text) == wrong


@pytest.mark.parametrize(
    "text",
    ["a{99999999}", "(?:(?:a{100}){10}){2}", "a{40}b{40}", "(?x)a{9 9 9 9}", "[a-z]{1001,}"],
)
def test_a_regex_that_unrolls_to_gigabytes_is_refused(text: str) -> None:
    assert check_regex(text) == "its counts in braces multiply to more than 1,000"


@pytest.mark.parametrize(
    "text", ["[0-9a-f]{40}", r"\d{4}-\d{2}-\d{2}", "a{0,99999999}", "a{,5}", "{x}", r"\p{Lu}{3}"]
)
def test_usual_counts_are_not(text: str) -> None:
    assert check_regex(text) == ""


def test_a_filter_lets_through_what_no_part_refuses() -> None:
    main, topics = Pattern("main"), Pattern("topic/*", Syntax.GLOB)
    assert Filter().admits("anything") and not Filter()
    assert Filter((main, topics)).admits("topic/x")
    assert not Filter((main,)).admits("topic/x")
    ignoring = Filter(ignore=(topics,))
    assert ignoring and ignoring.admits("main") and not ignoring.admits("topic/x")
    assert str(Filter((main,), (topics,))) == "main not topic/*"
    both = Filter((topics,), within=(Pattern("*/x", Syntax.GLOB),))
    assert both.admits("topic/x") and not both.admits("topic/y") and not both.admits("a/x")
    assert Filter(within=(main,)) and str(both) == "topic/* within */x"


def test_the_effort_of_a_regex_grows_with_what_it_unrolls_to() -> None:
    assert effort("[0-9a-f]{40}") == 500 + 12 * 40
    assert effort("x") == 501
    assert effort("a{2000}") == effort("a" * 501) == 0
