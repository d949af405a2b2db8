"""Globs: what each sign lets through, against a slow and obvious matcher, and how soon."""

from __future__ import annotations

import time

import pytest
from dishwasher.core import glob
from hypothesis import example, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("release/*", ["release/1", "release/"], ["release/1/2", "release", "xrelease/1"]),
        ("**", ["a", "a/b/c", "", "a\n"], []),
        ("***", ["a", "a/b/c"], []),
        ("docs/**", ["docs/a", "docs/a/b.rst"], ["docs", "src/docs/a"]),
        ("**/*.py", ["a.py", "app/a.py", "app/b/a.py"], ["a.pyc"]),
        ("**/b/c", ["b/c", "a/b/c", "b/c/b/c"], ["ab/c", "b/c/"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("a/**/**/b", ["a/b", "a/x/b"], ["ab"]),
        ("a**b", ["ab", "axb", "a/x/b"], ["a"]),
        ("*.*", ["a.b", "."], ["a/b.c"]),
        ("v?.[0-9]", ["v1.2"], ["v1.x", "v10.2", "v/.2"]),
        ("v[!0-9]", ["va"], ["v1", "v/", "v"]),
        ("v[^0-9]", ["va"], ["v1", "v/"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[a-c-e]", ["b", "-", "e"], ["d"]),
        ("[]a]", ["]", "a"], ["b", "[]a]"]),
        ("[!]a]", ["b"], ["]", "a"]),
        ("[^]a]", ["b"], ["]", "a"]),
        ("[-a]", ["-", "a"], ["b"]),
        ("[a-]", ["-", "a"], ["b"]),
        ("[[a]", ["[", "a"], ["b"]),
        ("[a&&b]", ["a", "&", "b"], ["&&"]),
        ("[.-0]", [".", "0"], ["/"]),
        ("[é-ü]", ["ö"], ["o"]),
    ],
)
def test_globs(text: str, matching: list[str], others: list[str]) -> None:
    assert [name for name in (*matching, *others) if glob.matches(text, name)] == matching


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{a,b}", "{a,b}"),
        ("a{2}", "a{2}"),
        ("[", "["),
        ("[]", "[]"),
        ("[!]", "[!]"),
        ("[a/b]", "[a/b]"),
        ("a[b", "a[b"),
        ("\\*", "\\x"),
        ("(a|b)+$", "(a|b)+$"),
    ],
)
def test_what_is_not_supported_stands_for_itself(text: str, name: str) -> None:
    """Braces, a class that is not closed or holds a slash, the backslash, the signs of a regex."""
    assert glob.matches(text, name)
    assert not glob.matches(text, "a")


def test_a_posix_class_is_a_class_and_a_bracket() -> None:
    assert glob.matches("[[:alpha:]]", "a]") and not glob.matches("[[:alpha:]]", "b")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[z-a]", "the range z-a is empty"),
        ("release/{1,2}", "{1,2} stands for itself; write a list of patterns instead"),
        ("{{name}}/*", ""),
        ("v[0-9]", ""),
        ("[", ""),
    ],
)
def test_what_is_hardly_meant_so(text: str, wrong: str) -> None:
    assert glob.check(text) == wrong


def test_an_empty_range_matches_nothing() -> None:
    assert not any(glob.matches("[z-a]", name) for name in ("a", "m", "z", "-", "[z-a]"))


def slow(text: str, name: str) -> bool:
    """The same by recursion over both, for `*`, `**`, `**/`, `?` and letters."""
    if text.startswith("**/"):
        after = text[3:]
        heads = [n + 1 for n, character in enumerate(name) if character == "/"]
        return any(slow(after, name[head:]) for head in (0, *heads))
    if text.startswith("**"):
        return any(slow(text[2:], name[n:]) for n in range(len(name) + 1))
    if text.startswith("*"):
        ends = len(name.partition("/")[0])
        return any(slow(text[1:], name[n:]) for n in range(ends + 1))
    if not text or not name:
        return text == name
    return (text[0] == name[0] or (text[0] == "?" and name[0] != "/")) and slow(text[1:], name[1:])


@settings(max_examples=1500, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "/", "?", "*", "**", "**/"]), max_size=7),
    st.text(alphabet="ab/", max_size=8),
)
@example(["*", "**/", "*", "a"], "a")
@example(["**/", "**", "*", "a"], "b/a")
def test_it_agrees_with_the_obvious_matcher(parts: list[str], name: str) -> None:
    text = "".join(parts)
    # Three stars and more are two, which the obvious matcher need not know.
    while "***" in text:
        text = text.replace("***", "**")
    assert glob.matches(text, name) == slow(text, name)


@pytest.mark.parametrize("part", ["*a", "**a", "**/", "*", "?*", "[!b]*", "a**/b"])
def test_no_glob_takes_long(part: str) -> None:
    began = time.monotonic()
    glob.matches(part * 200 + "x", "a" * 2000 + "/b")
    assert time.monotonic() - began < 2
