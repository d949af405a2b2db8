"""Keys that are declared once: what they read, what they complain of and where, what they print."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from dishwasher.formats import compose
from dishwasher.formats.problems import Problems
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields, Key, Record, brief
from dishwasher.formats.tree import Entry, Scalar
from dishwasher.formats.values import Count, Flag, Text, Texts

NAME = Key("name", Text(), "What it is called.", "site", required=True)
SIZE = Key("size", Count(1, 9), "How large it is.", 3)
QUIET = Key("quiet", Flag(), "Whether it says nothing.", True)
RECORD = Record("of a thing", (NAME, SIZE, QUIET), hints=(("label", "Write `name`."),))
INNER = Record("at the top", (Key("thing", RECORD, "The thing.", {"name": "site"}),))


def read(text: str, record: Record = RECORD) -> tuple[Fields | None, list[tuple[Any, ...]]]:
    """The fields below `thing`, on line 1, and the problems as (line, column, code, severity)."""
    problems = Problems()
    node = compose.parse(f"thing: {text}".encode(), problems)
    assert node is not None and not isinstance(node, Scalar)
    (entry,) = node.entries  # type: ignore[union-attr]
    fields = record.read(entry, Reader(problems))
    found = problems.in_file_order()
    return fields, [(one.line, one.column, one.code, one.severity) for one in found]


def only_problem(text: str, record: Record = RECORD) -> tuple[str, str]:
    problems = Problems()
    node = compose.parse(f"thing: {text}".encode(), problems)
    record.read(node.entries[0], Reader(problems))  # type: ignore[union-attr]
    (found,) = problems.in_file_order()
    return found.message, found.suggestion


def test_the_values_are_typed_and_know_their_places() -> None:
    fields, problems = read("\n  quiet: yes\n  name: a\n")
    assert problems == [] and fields is not None
    assert fields.get(QUIET) is True
    name = fields.get(NAME)
    assert name is not None and (name.text, name.line, name.column) == ("a", 3, 9)
    assert (fields.place.text, fields.place.line) == ("thing", 1)
    assert [entry.key.text for entry in fields] == ["quiet", "name"]
    assert fields.entry(QUIET).key.line == 2


def test_what_is_absent_has_a_default() -> None:
    fields, _ = read("{name: a}")
    assert fields is not None
    assert SIZE not in fields and fields.get(SIZE) is None and fields.or_else(SIZE, 5) == 5
    assert fields.or_else(NAME, Scalar("b", 1, 1)).text == "a"
    with pytest.raises(KeyError):
        fields.entry(SIZE)


def test_a_value_that_can_not_be_read_is_there_and_has_no_value() -> None:
    fields, problems = read("\n  name: a\n  size: many\n")
    assert problems == [(3, 9, "bad-value", "error")]
    assert fields is not None and SIZE in fields and fields.get(SIZE) is None


def test_every_mistake_is_noted() -> None:
    _, problems = read("\n  nmae: a\n  size: 0\n  quiet: [x]\n")
    assert problems == [
        (1, 1, "missing-name", "error"),
        (2, 3, "unknown-key", "error"),
        (3, 9, "bad-value", "error"),
        (4, 10, "wrong-type", "error"),
    ]


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        (
            "{name: a, sise: 3}",
            "`sise` is not a key of a thing; known are `name`, `size`, `quiet`",
            "Did you mean `size`?",
        ),
        (
            "{name: a, label: b}",
            "`label` is not a key of a thing; known are `name`, `size`, `quiet`",
            "Write `name`.",
        ),
        ("{size: 3}", "`thing` has no `name`", "Add `name: site`."),
        ("{}", "`thing` has no `name`", "Add `name: site`."),
        ("", "`thing` has no `name`", "Add `name: site`."),
        (
            "[name]",
            "`thing` must be a mapping, and is a list",
            "Its keys are `name`, `size`, `quiet`.",
        ),
        (
            "name",
            "`thing` must be a mapping, and is the text `name`",
            "Its keys are `name`, `size`, `quiet`.",
        ),
    ],
)
def test_messages(text: str, message: str, suggestion: str) -> None:
    assert only_problem(text) == (message, suggestion)


def test_a_lenient_record_warns() -> None:
    record = Record("of a thing", (SIZE,), lenient=True)
    fields, problems = read("{size: 3, sise: 4}", record)
    assert problems == [(1, 18, "unknown-key", "warning")]
    assert fields is not None and fields.get(SIZE) == 3


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({"name": "a"}, True),
        ({"name": "a", "size": 3, "quiet": False}, True),
        ({"size": 3}, False),
        ({"name": "a", "size": 10}, False),
        ({"name": "a", "sise": 3}, False),
        ([], False),
    ],
)
def test_the_schema_lets_through_what_is_read(value: Any, valid: bool) -> None:
    schema = INNER.schema()
    assert jsonschema_rs.validator_for(schema).is_valid({"thing": value}) is valid
    inner = schema["properties"]["thing"]
    assert inner["description"] == "The thing." and inner["examples"] == [{"name": "site"}]


def test_a_lenient_schema_lets_through_unknown_keys() -> None:
    schema = Record("of a thing", (SIZE,), lenient=True).schema()
    assert "additionalProperties" not in schema and "required" not in schema


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        ("make test", "make test"),
        ({"a": ["b", {"c": 1}]}, "{a: [b, {c: 1}]}"),
        ("3.10", '"3.10"'),
        ("true", '"true"'),
        ("a: b", '"a: b"'),
        ("*.py", '"*.py"'),
        (["**/*", "a, b", "/v[0-9]/"], '["**/*", "a, b", "/v[0-9]/"]'),
        ("", '""'),
    ],
)
def test_an_example_is_yaml_that_means_it(example: Any, text: str) -> None:
    import yaml

    assert brief(example) == text
    assert yaml.safe_load(text) == example


def test_texts_below_a_key_keep_the_places_of_each() -> None:
    key = Key("paths", Texts(), "Paths.", ["a"])
    fields, _ = read("\n  paths:\n    - a\n    - b\n", Record("of a thing", (key,)))
    assert fields is not None
    assert [(one.text, one.line) for one in fields.or_else(key, ())] == [("a", 3), ("b", 4)]


def test_an_entry_can_be_made_by_hand() -> None:
    problems = Problems()
    RECORD.read(Entry(Scalar("the file", 1, 1), Scalar("x", 1, 1)), Reader(problems))
    (found,) = problems.in_file_order()
    assert found.message == "`the file` must be a mapping, and is the text `x`"
