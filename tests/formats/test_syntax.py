"""Broken YAML: the place, and words that help."""

from __future__ import annotations

import pytest
import yaml
from dishwasher.errors import Problem
from dishwasher.formats import compose
from dishwasher.formats.problems import Problems


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(compose, "_LOADER", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")


def problem(text: str) -> Problem:
    problems = Problems()
    assert compose.parse(text.encode(), problems) is None
    (found,) = problems.in_file_order()
    assert found.code == "syntax"
    return found


@pytest.mark.parametrize(
    ("text", "place", "message", "suggestion"),
    [
        ("run: echo a: b\n", (1, 12), "a `:` followed by a space", "Put text that holds `: `"),
        ("a:\n\t- b\n", (2, 1), "YAML is indented with spaces, and here is a tab", "Use spaces."),
        ("a:\n  \tb: c\n", (2, 3), "YAML is indented with spaces, and here is a tab", "Use spaces"),
        ("a: 'x\nb: 1\n", (1, 4), "this quote is never closed", ""),
        ("a: [1, 2\nb: 3\n", (2, 2), "this list is not closed with `]`", ""),
        ("a: {b: 1\nc\n", None, "this mapping is not closed with `}`", ""),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "this line does not fit", "Compare its indentation"),
        ("a: 'it's'\n", (1, 8), "this line does not fit", "Compare its indentation"),
        ("- a\nb: 1\n", (2, 1), "this line does not fit", "Compare its indentation"),
        ('a: "\\q"\n', None, "a backslash in double quotes", "Write it twice"),
        ("a: @x\n", (1, 4), "`@` can not start a value", "Put the value in quotes."),
        ("a: `x`\n", (1, 4), '"`" can not start a value', "Put the value in quotes."),
        ("a: %x\n", (1, 4), "`%` can not start a value", "Put the value in quotes."),
        ("a: - b\n", (1, 4), "a list can not start on the line of its key", "Begin the list"),
        ("a: b\nkey\nc: d\n", None, "", ""),
        ("%YAML 3.0\n---\na: 1\n", (1, 1), "found incompatible YAML document", ""),
        ("a: !<x\n", None, "while ", ""),
    ],
)
def test_syntax(text: str, place: tuple[int, int] | None, message: str, suggestion: str) -> None:
    found = problem(text)
    if place is not None:
        assert (found.line, found.column) == place
    assert found.message.startswith(message)
    assert found.suggestion.startswith(suggestion)
