"""The tools whose output is known without configuration, as problem matchers.

Every number of digits and letters has an end, so that no line makes a search go back far.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol


class Matched(Protocol):
    """What a regular expression has found: its groups, of which 0 is all of it."""

    def __getitem__(self, group: int, /) -> str | Any: ...


class Regexp(Protocol):
    """Python's own, or one that a user has brought along."""

    def match(self, string: str, /) -> Matched | None:
        """Raises TimeoutError when it would take too long."""
        ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """One regular expression, and which of its groups holds what."""

    regexp: Regexp
    file: int | None = None
    line: int | None = None
    column: int | None = None
    severity: int | None = None
    code: int | None = None
    message: int | None = None
    from_path: int | None = None
    """A file that `file` is relative to, such as a project file."""
    loop: bool = False
    """The last of several: the lines after it may match it again."""
    first: bool = False
    """The first of several: of lines that match it one after another, the first counts."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Patterns for as many lines, one after another; the rest is for matches that name none."""

    owner: str
    pattern: tuple[Pattern, ...]
    severity: str = "error"
    from_path: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """`gate` is what a line must hold for any of its matchers to begin: one cheap search.

    `signs` are what of it is sought in many lines at once, without `^` and `$`: more lines may hold
    one, none less. Each begins with a byte of its own, because that is what the search jumps to:
    a colon, or a newline for what stands at the beginning of a line.
    """

    gate: str
    signs: tuple[str, ...]
    matchers: tuple[Matcher, ...]


_FILE = r"(.{1,4096}?)"
_PLACE = rf"{_FILE}:(\d{{1,7}}):(\d{{1,7}})"


def _line(
    owner: str,
    regexp: str,
    level: str = "error",
    *,
    file: int,
    line: int,
    message: int,
    column: int | None = None,
    severity: int | None = None,
    code: int | None = None,
) -> Matcher:
    pattern = Pattern(re.compile(regexp), file, line, column, severity, code, message)
    return Matcher(owner, (pattern,), level)


def _flake8(codes: str, severity: str) -> Matcher:
    regexp = rf"^{_PLACE}:? ({codes}) (.*)$"
    return _line("flake8", regexp, severity, file=1, line=2, column=3, code=4, message=5)


def _ruff(codes: str, severity: str) -> Matcher:
    regexp = rf"^{_PLACE}: ({codes})(?: \[\*\])?:? (.*)$"
    return _line("ruff", regexp, severity, file=1, line=2, column=3, code=4, message=5)


def _ruff_full(codes: str, severity: str) -> Matcher:
    """The default since 0.9: the rule first, an arrow with the place on the next line."""
    head = Pattern(re.compile(rf"^({codes})(?: \[\*\])?:? (.*)$"), code=1, message=2)
    arrow = Pattern(re.compile(rf"^ {{1,9}}--> {_PLACE}$"), file=1, line=2, column=3)
    return Matcher("ruff", (head, arrow), severity)


def _pylint(letters: str, severity: str) -> Matcher:
    regexp = rf"^{_PLACE}: ([{letters}]\d{{4}}): (.*)$"
    return _line("pylint", regexp, severity, file=1, line=2, column=3, code=4, message=5)


# What can not run or is wrong whatever the taste (syntax, undefined names, unused imports) is
# a failure; style is a warning. The check's own colour comes from the exit code alone.
_WRONG = r"(?:E9|F)\d{1,4}"
_STYLE = r"(?!E9\d|F\d)[A-Z]{1,9}\d{1,6}"
_RUFF_WRONG = rf"(?:{_WRONG}|invalid-syntax)"
_SCRIPT = r"(?:[cm]?[jt]sx?|vue|svelte|astro)"

# As much of it as tells it from a time of day and what follows that.
_PLACED_CODE = r":\d{1,7}:\d{1,7}:? [A-Z]{1,9}\d"
_SAYS = r":\d{1,7}: (?:fatal )?(?:error|warning|note): "

TOOLS: dict[str, Tool] = {
    "flake8": Tool(
        r":\d{1,7}:\d{1,7}:? [A-Z]{1,9}\d",
        (_PLACED_CODE,),
        (_flake8(_WRONG, "error"), _flake8(_STYLE, "warning")),
    ),
    "ruff": Tool(
        r":\d{1,7}:\d{1,7}: (?:[A-Z]{1,9}\d|invalid-syntax)|^(?:[A-Z]{1,9}\d|invalid-syntax)",
        (_PLACED_CODE, r":\d{1,7}:\d{1,7}: invalid-syntax", r"\n[A-Z]{1,9}\d", r"\ninvalid-syntax"),
        (
            _ruff(_RUFF_WRONG, "error"),
            _ruff(_STYLE, "warning"),
            _ruff_full(_RUFF_WRONG, "error"),
            _ruff_full(_STYLE, "warning"),
        ),
    ),
    "mypy": Tool(
        r":\d{1,7}: (?:error|warning|note): ",
        (_SAYS,),
        (
            _line(
                "mypy",
                rf"^{_FILE}:(\d{{1,7}})(?::(\d{{1,7}}))?(?::\d{{1,7}}:\d{{1,7}})?: "
                r"(error|warning|note): (.*?)(?:  \[([a-z-]{1,60})\])?$",
                file=1,
                line=2,
                column=3,
                severity=4,
                message=5,
                code=6,
            ),
        ),
    ),
    "pylint": Tool(
        r":\d{1,7}:\d{1,7}: [CRWEF]\d{4}: ",
        (_PLACED_CODE,),
        (_pylint("EF", "error"), _pylint("W", "warning"), _pylint("CR", "notice")),
    ),
    "eslint": Tool(
        rf"^\S.{{0,4096}}\.{_SCRIPT}$|: line \d|\[(?:Error|Warning)/",
        (rf"\.{_SCRIPT}\r*\n", r": line \d", r"\[(?:Error|Warning)/"),
        (
            Matcher(
                "eslint",
                (
                    Pattern(re.compile(rf"^(\S.{{0,4096}}\.{_SCRIPT})$"), file=1),
                    Pattern(
                        re.compile(
                            r"^ {1,9}(\d{1,7}):(\d{1,7}) {1,9}(error|warning) {1,9}"
                            r"(.{1,4096}?)(?: {2,99}(\S{1,99}))?$"
                        ),
                        line=1,
                        column=2,
                        severity=3,
                        message=4,
                        code=5,
                        loop=True,
                    ),
                ),
            ),
            _line(
                "eslint",
                rf"^{_PLACE}: (.*) \[(Error|Warning)(?:/(\S{{1,99}}))?\]$",
                file=1,
                line=2,
                column=3,
                message=4,
                severity=5,
                code=6,
            ),
        ),
    ),
    "tsc": Tool(
        r"(?:error|warning) TS\d{1,6}: ",
        (r"T(?=S\d{1,6}: )",),
        (
            _line(
                "tsc",
                rf"^{_FILE}\((\d{{1,7}}),(\d{{1,7}})\): (error|warning) (TS\d{{1,6}}): (.*)$",
                file=1,
                line=2,
                column=3,
                severity=4,
                code=5,
                message=6,
            ),
            _line(
                "tsc",
                rf"^{_PLACE} - (error|warning) (TS\d{{1,6}}): (.*)$",
                file=1,
                line=2,
                column=3,
                severity=4,
                code=5,
                message=6,
            ),
        ),
    ),
    "pytest": Tool(
        r"^E  |^\S.{0,4096}:\d{1,7}: in ",
        (r"\nE  ", r":\d{1,7}: in "),
        (
            Matcher(
                "pytest",
                (
                    Pattern(re.compile(r"^E {1,9}(\S.{0,4096})$"), message=1, first=True),
                    Pattern(re.compile(r"^$")),
                    Pattern(
                        re.compile(rf"^{_FILE}:(\d{{1,7}}): (\w{{1,99}})$"), file=1, line=2, code=3
                    ),
                ),
            ),
            Matcher(
                "pytest",
                (
                    Pattern(re.compile(rf"^{_FILE}:(\d{{1,7}}): in .*$"), file=1, line=2),
                    Pattern(re.compile(r"^    .*$")),
                    Pattern(re.compile(r"^E {1,9}(\S.{0,4096})$"), message=1),
                ),
            ),
        ),
    ),
    "gcc": Tool(
        r":\d{1,7}: (?:fatal )?(?:error|warning|note): ",
        (_SAYS,),
        (
            _line(
                "gcc",
                rf"^{_FILE}:(\d{{1,7}}):(\d{{1,7}}): (?:fatal )?(error|warning|note): "
                r"(.*?)(?: \[(-W[\w=+-]{1,99})\])?$",
                file=1,
                line=2,
                column=3,
                severity=4,
                message=5,
                code=6,
            ),
        ),
    ),
    "sphinx": Tool(
        r": (?:WARNING|ERROR|CRITICAL|SEVERE): ",
        (r": (?:WARNING|ERROR|CRITICAL|SEVERE): ",),
        (
            _line(
                "sphinx",
                rf"^{_FILE}:(?:docstring of [\w.]{{1,999}}:)?(\d{{1,7}}): "
                r"(WARNING|ERROR|CRITICAL|SEVERE): (.*?)(?: \[([a-z._]{1,99})\])?$",
                file=1,
                line=2,
                severity=3,
                message=4,
                code=5,
            ),
        ),
    ),
}
"""By the name that `annotate` takes; of a tool's matchers the first that matches has the line."""
