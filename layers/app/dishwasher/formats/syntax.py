"""What PyYAML says of broken YAML, in words that tell what to write instead."""

from __future__ import annotations

import yaml

from dishwasher.errors import Problem
from dishwasher.formats.problems import show

# Parts of what libyaml and PyYAML's own parser say (they differ), what it means, what helps.
_MEANINGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("mapping values are not allowed",),
        "a `:` followed by a space starts a value, and none can stand here",
        "Put text that holds `: ` in quotes, or correct the indentation.",
    ),
    (
        ("sequence entries are not allowed",),
        "a list can not start on the line of its key",
        "Begin the list with `- ` on the next line, or write `[a, b]`.",
    ),
    (
        ("expected ',' or ']'",),
        "this list is not closed with `]`, or lacks a comma",
        "",
    ),
    (
        ("expected ',' or '}'",),
        "this mapping is not closed with `}`, or lacks a comma",
        "",
    ),
    (
        ("unknown escape character",),
        "a backslash in double quotes starts an escape that YAML does not know",
        "Write it twice, or use single quotes.",
    ),
    (
        ("expected key", "expected '-' indicator", "expected <block end>"),
        "this line does not fit what stands before it",
        "Compare its indentation with the lines before, and look for a quote that ends too early.",
    ),
    (
        ("did not find expected node content", "expected the node content"),
        "a value is missing here",
        "",
    ),
    (
        # libyaml says it with "did not find", PyYAML with "but found".
        ("alphabetic or numeric character",),
        "`*` begins an alias in YAML and `&` an anchor, which take a name",
        "Put text that begins so in quotes.",
    ),
    (
        ("could not find expected ':'",),
        "a key must be followed by `:` on the same line",
        "Write `key: value`; indent a text of several lines under its key.",
    ),
)


def problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """The mistake at its 1-based place; `text` is the whole file."""
    said = error.problem or "the YAML can not be read"
    mark = error.problem_mark or error.context_mark
    line, column = _inside(text, mark.line, mark.column) if mark else (1, 1)
    if "unexpected end of stream" in said and error.context_mark:
        start = error.context_mark
        return _at(start.line + 1, start.column + 1, "this quote is never closed", "")
    if "cannot start any token" in said:
        return _start_of_value(text, line, column)
    for parts, message, suggestion in _MEANINGS:
        if any(part in said for part in parts):
            return _at(line, column, message, suggestion)
    where = f"{error.context}: " if error.context else ""
    return _at(line, column, f"{where}{said}", "")


def _inside(text: str, line: int, column: int) -> tuple[int, int]:
    """The 1-based place of a 0-based mark; libyaml marks an unexpected end on the line after it."""
    lines = text.rstrip().split("\n")
    return (line + 1, column + 1) if line < len(lines) else (len(lines), len(lines[-1]) + 1)


def _start_of_value(text: str, line: int, column: int) -> Problem:
    written = text.split("\n")[line - 1]
    character = written[column - 1 : column]
    if "\t" in written[:column]:
        column = written.index("\t") + 1
        return _at(line, column, "YAML is indented with spaces, and here is a tab", "Use spaces.")
    message = f"{show(character)} can not start a value"
    return _at(line, column, message, "Put the value in quotes.")


def _at(line: int, column: int, message: str, suggestion: str) -> Problem:
    return Problem(line, column, "syntax", message, suggestion)
