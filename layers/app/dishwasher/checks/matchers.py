"""Lines of a tool's output to findings, in the shape of GitHub's problem matchers.

The shape, and what each field means: https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md
"""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dishwasher.checks import ansi
from dishwasher.core.findings import Finding, Level

LINE = 16_384
"""Longest line that is looked at: a longer one is data, not a complaint about code."""
MESSAGE = 2_000
"""Characters of a message that are kept; GitHub takes 64 KB for all of an annotation."""
_PATHS = 1_024
"""Paths whose answer is remembered, so that a tool's thousandth complaint costs no file access."""

_LEVELS = {"error": Level.FAILURE, "warning": Level.WARNING, "notice": Level.NOTICE}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One regular expression, and which of its groups holds what; 0 for none."""

    regexp: re.Pattern[str]
    file: int = 0
    line: int = 0
    column: int = 0
    severity: int = 0
    code: int = 0
    message: int = 0


@dataclass(frozen=True, slots=True)
class Matcher:
    """An owner's pattern; `severity` is for matches that name none."""

    owner: str
    pattern: tuple[Pattern, ...]
    severity: str = "error"


# Every number of digits and letters has an end, so that no line makes the search go back far.
_FLAKE8 = r"^(.{1,4096}?):(\d{1,7}):(\d{1,7}):? (%s) (.*)$"


def _flake8(codes: str, severity: str) -> Matcher:
    regexp = re.compile(_FLAKE8 % codes)
    return Matcher(
        "flake8", (Pattern(regexp, file=1, line=2, column=3, code=4, message=5),), severity
    )


BUILT_IN: dict[str, tuple[Matcher, ...]] = {
    # What can not run or is wrong whatever the taste (syntax, undefined names, unused imports) is
    # a failure; style is a warning. The check's own colour comes from the exit code alone.
    "flake8": (
        _flake8(r"(?:E9|F)\d{1,4}", "error"),
        _flake8(r"(?!E9\d|F\d)[A-Z]{1,9}\d{1,6}", "warning"),
    ),
}
"""Matchers by the name that `annotate` takes; the first that matches a line has it."""

_GATES = {"flake8": r":\d{1,7}:\d{1,7}:? [A-Z]{1,9}\d"}
"""What a line must hold for any of the name's matchers: one cheap search for the usual line."""


class Scanner:
    """Reads one job's output line by line; paths count from `root`, the checkout."""

    def __init__(self, names: tuple[str, ...], root: Path) -> None:
        self._matchers = tuple((name, matcher) for name in names for matcher in BUILT_IN[name])
        # Without names nothing can match: `(?!)` never does.
        self._gate = re.compile("|".join(_GATES[name] for name in names) or "(?!)").search
        self._root = os.path.realpath(root)
        self._path = lru_cache(_PATHS)(self._inside)

    def feed(self, line: str) -> Finding | None:
        """The finding of this line, if it is one and its file is in the checkout."""
        if len(line) > LINE:
            return None
        if "\x1b" in line:
            line = ansi.strip(line)
        if not self._gate(line):
            return None
        line = line.rstrip("\r\n")
        for name, matcher in self._matchers:
            match = matcher.pattern[0].regexp.match(line)
            if match:
                return self._finding(name, matcher, match)
        return None

    def _finding(self, name: str, matcher: Matcher, match: re.Match[str]) -> Finding | None:
        pattern = matcher.pattern[0]
        severity = match[pattern.severity] if pattern.severity else ""
        level = _LEVELS.get((severity or matcher.severity).lower())
        path = self._path(match[pattern.file])
        if path is None or level is None:
            return None
        # flake8 says line 0 of a file that it could not read; GitHub counts from 1.
        line = max(int(match[pattern.line]), 1)
        column = int(match[pattern.column]) if pattern.column else 0
        code = match[pattern.code] if pattern.code else ""
        return Finding(
            path=path,
            start_line=line,
            end_line=line,
            level=level,
            message=ansi.plain(match[pattern.message])[:MESSAGE] or code,
            title=f"{name} {code}".rstrip(),
            start_column=column or None,
        )

    def _inside(self, written: str) -> str | None:
        """The POSIX path from the root to an existing file, links resolved; None if outside."""
        if "\0" in written:
            return None
        real = os.path.realpath(os.path.join(self._root, written))
        if not real.startswith(self._root + os.sep) or not os.path.isfile(real):
            return None
        return Path(real).relative_to(self._root).as_posix()
