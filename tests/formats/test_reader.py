"""Nodes as the kinds of value that a format expects."""

from __future__ import annotations

import pytest
from dishwasher.formats import compose
from dishwasher.formats.problems import Problems
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Entry, Mapping


def entry(text: str) -> tuple[Reader, Entry]:
    problems = Problems()
    root = compose.parse(text.encode(), problems)
    assert isinstance(root, Mapping)
    return Reader(problems), root.entries[0]


def messages(reader: Reader) -> list[tuple[int, int, str]]:
    found = reader.problems.in_file_order()
    return [(problem.line, problem.column, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a: x", ["x"]),
        ("a: [x, 3.10]", ["x", "3.10"]),
        ("a: ''", []),
        ("a: [x, [y], z]", ["x", "z"]),
    ],
)
def test_texts(text: str, values: list[str]) -> None:
    reader, found = entry(text)
    assert [scalar.text for scalar in reader.texts(found)] == values


def test_text() -> None:
    reader, found = entry("a: 3.10")
    scalar = reader.text(found)
    assert scalar is not None
    assert scalar.text == "3.10"
    assert not reader.problems


def test_a_value_on_later_lines_is_blamed_at_its_key() -> None:
    reader, found = entry("a:\n  - x\n")
    assert reader.text(found) is None
    assert messages(reader) == [(1, 1, "`a` must be text, and is a list")]


def test_an_absent_mapping_is_empty() -> None:
    reader, found = entry("a:\n")
    assert reader.mapping(found, "names to values", "x") == ()
    assert not reader.problems


def test_keys_are_known_later_or_unknown() -> None:
    reader, found = entry("a: {run: 1, cache: 2, rnu: 3, cahce: 4}")
    entries = reader.mapping(found, "names to values", "x")
    known = reader.known(entries, "of a check", ("run",), ("cache",))
    assert list(known) == ["run"]
    assert [problem.suggestion for problem in reader.problems.in_file_order()] == [
        "Delete it for now.",
        "Did you mean `run`?",
        "Did you mean `cache`?",
    ]
