"""Filters of branches, tags and paths: what each syntax lets through."""

from __future__ import annotations

import time

import pytest
from dishwasher.core.pattern import Filter, Pattern, Syntax, check_regex


@pytest.mark.parametrize(
    ("glob", "matching", "others"),
    [
        ("release/*", ["release/1"], ["release/1/2", "release", "xrelease/1"]),
        ("**", ["a", "a/b/c"], []),
        ("docs/**", ["docs/a", "docs/a/b.rst"], ["docs", "src/docs/a"]),
        ("**/*.py", ["a.py", "app/a.py", "app/b/a.py"], ["a.pyc"]),
        ("v?.[0-9]", ["v1.2"], ["v1.x", "v10.2", "v/.2"]),
        ("v[!0-9]", ["va"], ["v1"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[", ["["], ["a"]),
    ],
)
def test_globs(glob: str, matching: list[str], others: list[str]) -> None:
    pattern = Pattern(glob, Syntax.GLOB)
    assert [name for name in (*matching, *others) if pattern.matches(name)] == matching


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


def test_a_regex_that_backtracks_for_ever_matches_nothing_soon() -> None:
    began = time.monotonic()
    assert not Pattern("(a|a?)+b(a|a?)+c", Syntax.REGEX).matches("a" * 200)
    assert time.monotonic() - began < 5


def test_what_is_wrong_with_a_regex_is_said() -> None:
    assert check_regex("a(b") == "missing ) at position 3"
    assert check_regex("a(b)") == ""


def test_a_filter_lets_through_what_no_part_refuses() -> None:
    main, topics = Pattern("main"), Pattern("topic/*", Syntax.GLOB)
    assert Filter().admits("anything") and not Filter()
    assert Filter((main, topics)).admits("topic/x")
    assert not Filter((main,)).admits("topic/x")
    ignoring = Filter(ignore=(topics,))
    assert ignoring and ignoring.admits("main") and not ignoring.admits("topic/x")
    assert str(Filter((main,), (topics,))) == "main not topic/*"
