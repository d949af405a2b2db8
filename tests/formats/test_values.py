"""The types of values: what each reads, each of its mistakes with its place, its schema."""

from __future__ import annotations

import math
from typing import Any

import jsonschema_rs
import pytest
import yaml
from dishwasher.core.pattern import Pattern, Syntax
from dishwasher.errors import Problem
from dishwasher.formats import compose
from dishwasher.formats.problems import Problems
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Type
from dishwasher.formats.tree import Entry, Scalar
from dishwasher.formats.values import (
    Anything,
    Choice,
    Choices,
    Count,
    Duration,
    Either,
    Flag,
    MapOf,
    Refs,
    Text,
    Texts,
    Variables,
)
from hypothesis import given
from hypothesis import strategies as st

TOOLS = Choice(("flake8", "ruff"), "a tool")
NAMES = MapOf(Count(1, 9), "names to counts", "`name: 3` below it", "[a-z]+", "a name of letters")
SHORT = Either(Text(), Choices(TOOLS))


def read(kind: Type[Any], text: str) -> tuple[Any, tuple[Problem, ...]]:
    """The value of `key: text`, and the problems."""
    problems = Problems()
    node = compose.parse(f"key: {text}".encode(), problems)
    value = kind.read(node.entries[0], Reader(problems))  # type: ignore[union-attr]
    return plain(value), problems.in_file_order()


def plain(value: Any) -> Any:
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Entry):
        return value.key.text
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Text(), "3.10", "3.10"),
        (Text("[a-z]+", "a word"), "abc", "abc"),
        (Texts(), "a", ("a",)),
        (Texts(), "[a, 3.10]", ("a", "3.10")),
        *((Flag(), word, True) for word in ("true", "True", "YES", "on", "y")),
        *((Flag(), word, False) for word in ("false", "No", "OFF", "n", "'false'")),
        (Count(1, 9), "9", 9),
        (Count(1, 99), "007", 7),
        (Duration(), "90s", 90.0),
        (Duration(), "10m", 600.0),
        (Duration(), "1h30m", 5400.0),
        (Duration(), "1h 30m 5s", 5405.0),
        (Duration(), "0.5h", 1800.0),
        (TOOLS, "ruff", "ruff"),
        (Choice(("ABORT",), "an action", any_case=True), "abort", "abort"),
        (Choices(TOOLS), "[ruff, flake8]", ("ruff", "flake8")),
        (Choices(TOOLS), "ruff", ("ruff",)),
        (NAMES, "{b: 2, a: 1}", (("b", 2), ("a", 1))),
        (NAMES, "", ()),
        (SHORT, "a", "a"),
        (Variables(), "{A: 1, b_2: x, C: , D: ~, E: 'null'}", None),
        (Refs(), "main", (Pattern("main"),)),
        (Refs(), "[main, main]", (Pattern("main"),)),
        (Refs(), "release/*", (Pattern("release/*", Syntax.GLOB),)),
        (Refs(globs=False), "release/*", (Pattern("release/*"),)),
        (Refs(), "/v.*/", (Pattern("v.*", Syntax.REGEX),)),
        (Refs(), "//", (Pattern("//"),)),
        (Refs(), "/", (Pattern("/"),)),
    ],
)
def test_what_is_read(kind: Type[Any], text: str, value: Any) -> None:
    found, problems = read(kind, text)
    assert problems == ()
    if isinstance(kind, Variables):
        value = (("A", "1"), ("b_2", "x"), ("C", ""), ("D", "~"), ("E", "null"))
    assert found == value


@pytest.mark.parametrize(
    ("kind", "text", "column", "code", "message"),
    [
        (Text(), "[a]", 6, "wrong-type", "`key` must be text, and is a list"),
        (Text(), "{a: b}", 6, "wrong-type", "`key` must be text, and is a mapping"),
        (Text(), "", 1, "empty", "`key` is empty"),
        (Text(), "~", 1, "empty", "`key` is empty"),
        (Text(), "' '", 1, "empty", "`key` is empty"),
        (Text("[a-z]+", "a word"), "A1", 6, "bad-value", "`A1` is not a word"),
        (Text("[a-z]+", "a word"), '"a\\n"', 6, "bad-value", "`a\\u000a` is not a word"),
        (Texts(), "[]", 1, "empty", "`key` is an empty list"),
        (
            Texts(),
            "[a, [b]]",
            10,
            "wrong-type",
            "each item of `key` must be text, and this is a list",
        ),
        (Flag(), "maybe", 6, "wrong-type", "`key` is true or false, and not `maybe`"),
        (Flag(), "1", 6, "wrong-type", "`key` is true or false, and not `1`"),
        *(
            (
                Count(1, 9),
                text,
                6,
                "bad-value",
                f"`key` is a whole number from 1 to 9, and not `{shown}`",
            )
            for text, shown in (
                ("0", "0"),
                ("10", "10"),
                ("-1", "-1"),
                ("1.0", "1.0"),
                ("1e0", "1e0"),
                ("\u0663", "\u0663"),
                ("0x1", "0x1"),
                ("9" * 70, "9" * 59 + "…"),
            )
        ),
        *(
            (Duration(), text, 6, "bad-value", f"`{text}` is not a duration")
            for text in (
                "10",
                "s",
                "m",
                "1d",
                "1m1h",
                "-1s",
                "1.5s",
                "1h1h",
                "1" * 12 + "s",
                "\u0663s",
            )
        ),
        (Duration(), "0s", 6, "bad-value", "`0s` is not between 1s and 24h"),
        (Duration(), "25h", 6, "bad-value", "`25h` is not between 1s and 24h"),
        (Duration(most=5400), "2h", 6, "bad-value", "`2h` is not between 1s and 1.5h"),
        (TOOLS, "rufff", 6, "unknown-value", "`rufff` is not a tool; there is `flake8`, `ruff`"),
        (TOOLS, "Ruff", 6, "unknown-value", "`Ruff` is not a tool; there is `flake8`, `ruff`"),
        (
            Choices(TOOLS),
            "[ruff, x]",
            13,
            "unknown-value",
            "`x` is not a tool; there is `flake8`, `ruff`",
        ),
        (NAMES, "[a]", 6, "wrong-type", "`key` must map names to counts, and is a list"),
        (NAMES, "{A: 1}", 7, "bad-name", "`A` is not a name of letters"),
        (NAMES, "{a: x}", 10, "bad-value", "`a` is a whole number from 1 to 9, and not `x`"),
        (SHORT, "{a: 1}", 6, "wrong-type", None),
        (Variables(), "{2A: 1}", 7, "bad-name", "`2A` can not be the name of a variable"),
        (Variables(), "{A-B: 1}", 7, "bad-name", "`A-B` can not be the name of a variable"),
        (Variables(), '{"A\\n": 1}', 7, "bad-name", "`A\\u000a` can not be the name of a variable"),
        (Variables(), "{\u00c4: 1}", 7, "bad-name", "`\u00c4` can not be the name of a variable"),
        (Variables(), "{A: [1]}", 10, "wrong-type", "`A` must be text, and is a list"),
        (Variables(), '{A: "x\\0"}', 10, "bad-value", "a variable can not hold a NUL"),
        (
            Refs(),
            "/a(b/",
            6,
            "bad-regex",
            "the regex `/a(b/` can not be read: missing ) at position 3",
        ),
        (
            Refs(),
            "'/a{9999999}/'",
            6,
            "bad-regex",
            "the regex `/a{9999999}/` can not be read: "
            "its counts in braces multiply to more than 1,000",
        ),
        (
            Refs(),
            "'v[9-0]'",
            6,
            "doubtful-glob",
            "in the glob `v[9-0]` the range 9-0 is empty",
        ),
    ],
)
def test_mistakes(kind: Type[Any], text: str, column: int, code: str, message: str | None) -> None:
    _, (problem,) = read(kind, text)
    if message is not None:
        assert (problem.line, problem.column, problem.code) == (1, column, code)
        assert problem.message == message


def test_an_item_that_is_wrong_leaves_the_others() -> None:
    assert read(Choices(TOOLS), "[ruff, x]")[0] == ("ruff",)
    assert read(NAMES, "{a: 1, B: 2, c: 3}")[0] == (("a", 1), ("c", 3))
    assert read(Refs(), "[main, /(/]")[0] == (Pattern("main"),)
    assert read(Variables(), "{A: 1, B: [], C: 3}")[0] == (("A", "1"), ("C", "3"))


def test_what_follows_a_bad_value_is_read_further_down() -> None:
    _, problems = read(Variables(), "\n  A: 1\n  B:\n    - x\n  C-: 1\n")
    assert [(one.line, one.column, one.code) for one in problems] == [
        (3, 3, "wrong-type"),
        (5, 3, "bad-name"),
    ]


def test_a_misspelt_word_gets_a_suggestion() -> None:
    _, (problem,) = read(TOOLS, "flak8")
    assert problem.suggestion == "Did you mean `flake8`?"


def test_a_name_of_refs_can_be_checked() -> None:
    def no_space(scalar: Scalar, reader: Reader) -> bool:
        if " " in scalar.text:
            reader.note(scalar, "bad-branch", "a space")
        return " " not in scalar.text

    assert read(Refs(check=no_space), "[a b, c]")[0] == (Pattern("c"),)
    # A regex is a name's description, not a name.
    assert read(Refs(check=no_space), "/a b/")[0] == (Pattern("a b", Syntax.REGEX),)


def test_anything_is_kept_as_it_stands() -> None:
    value, problems = read(Anything(), "[a, {b: c}]")
    assert problems == () and value is not None
    assert Anything().schema() == {}


KINDS: list[tuple[Type[Any], list[Any], list[Any]]] = [
    (Text(), ["a", 3.5, True], [[], {}, None]),
    (Text("[a-z]+", "a word"), ["abc"], ["A", "ab1", 3]),
    (Texts(), ["a", ["a", "b"], 3], [[], {}, [[]]]),
    (Flag(), [True, False], ["maybe", [], 2]),
    (Count(1, 9), [1, 9], [0, 10, 1.5, "x"]),
    (Duration(), ["90s", "1h30m", "0.5h"], ["10", "", "s", "1d", 10]),
    (TOOLS, ["ruff"], ["x", []]),
    (Choices(TOOLS), ["ruff", ["ruff", "flake8"]], [[], ["x"]]),
    (NAMES, [{"a": 1}, {}], [{"A": 1}, {"a": 0}, []]),
    (SHORT, ["a", "b"], [{"a": {}}]),
    (Variables(), [{"A": "x", "B": 1, "C": None, "D": True}], [{"2": "x"}, {"A": []}, []]),
    (Refs(), ["main", ["a", "/b/"]], [[], {}]),
]


@pytest.mark.parametrize(
    ("kind", "valid", "invalid"), KINDS, ids=[type(kind).__name__ for kind, _, _ in KINDS]
)
def test_the_schema_and_the_reader_agree(
    kind: Type[Any], valid: list[Any], invalid: list[Any]
) -> None:
    validator = jsonschema_rs.validator_for(kind.schema())
    for value in (*valid, *invalid):
        text = yaml.safe_dump(value, default_flow_style=True, width=999).removesuffix("...\n")
        problems = read(kind, text)[1]
        assert (problems == ()) is (value in valid), (value, problems)
        assert validator.is_valid(value) is (value in valid), value


@given(st.from_regex(r"([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?", fullmatch=True))
def test_a_duration_is_its_seconds(text: str) -> None:
    seconds, problems = read(Duration(most=math.inf), f"'{text}'")
    units = {"h": 3600, "m": 60, "s": 1}
    expected, number = 0, ""
    for character in text:
        if character in units:
            expected, number = expected + int(number) * units[character], ""
        else:
            number += character
    assert seconds == (expected or None)
    assert bool(problems) is not bool(expected)
