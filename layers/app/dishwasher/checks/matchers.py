"""Lines of a tool's output to findings, by the rules of GitHub's problem matchers.

The rules: https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from dishwasher.checks import ansi
from dishwasher.checks.tools import TOOLS, Matcher, Pattern
from dishwasher.core.findings import Finding, Level

LINE = 16_384
"""Longest line that is looked at: a longer one is data, not a complaint about code."""
MESSAGE = 2_000
"""Characters of a message that are kept; GitHub takes 64 KB for all of an annotation."""
_PATHS = 1_024
"""Paths whose answer is remembered, so that a tool's thousandth complaint costs no file access."""

_LEVELS = {
    "fatal": Level.FAILURE,
    "critical": Level.FAILURE,
    "severe": Level.FAILURE,
    "error": Level.FAILURE,
    "warning": Level.WARNING,
    "notice": Level.NOTICE,
    "note": Level.NOTICE,
    "info": Level.NOTICE,
}
_NUMBER = r"\d{1,7}:"
_FIELDS = ("file", "line", "column", "severity", "code", "message", "from_path")


class Scanner:
    """Reads one job's output line by line; paths count from `root`, the checkout."""

    def __init__(self, names: tuple[str, ...], root: Path) -> None:
        tools = [(name, TOOLS[name]) for name in names]
        self._running = tuple(
            _Running(name, matcher) for name, tool in tools for matcher in tool.matchers
        )
        # Without names nothing can match: `(?!)` never does.
        gate = "|".join(tool.gate for _, tool in tools) or "(?!)"
        # ASCII: the digits that a search in bytes knows are all that a tool writes.
        self._gate = re.compile(gate, re.ASCII).search
        self._searches = _searches(sign for _, tool in tools for sign in tool.signs)
        self._root = os.path.realpath(root)
        self._path = lru_cache(_PATHS)(self._inside)
        self._waiting = False

    def scan(self, block: bytes) -> Iterator[Finding]:
        """As `feed` with line after line of many whole ones, the last "\\n" included."""
        block = ansi.strip_bytes(block)
        done = 0
        for begin in self._begins(block):
            at = begin
            while begin >= done and at < len(block):
                end = block.index(b"\n", at)
                finding = self.feed(block[at : min(end, at + LINE)].decode("utf-8", "replace"))
                if finding is not None:
                    yield finding
                at = end + 1
                if not self._waiting:
                    break
            done = max(done, at)

    def _begins(self, block: bytes) -> list[int]:
        """Where the lines begin that can mean something while nothing waits for its next line."""
        found = {0}
        for search in self._searches:
            at = 0
            while hit := search(block, at):
                begin = block.rfind(b"\n", 0, hit.start() + 1) + 1
                found.add(begin)
                at = block.find(b"\n", begin)
                if at < 0:
                    break
        return sorted(found)

    def feed(self, line: str) -> Finding | None:
        """The finding that ends with this line, if there is one and its file is in the checkout."""
        if len(line) > LINE:
            return None
        if "\x1b" in line:
            line = ansi.strip(line)
        line = line.rstrip("\r\n")
        if not self._waiting and not self._gate(line):
            return None
        fields, running = None, None
        for running in self._running:
            fields = running.feed(line)
            if fields is not None:
                break
        if fields is not None:
            for other in self._running:
                if other is not running:
                    other.reset()
        self._waiting = any(one.is_waiting for one in self._running)
        return None if fields is None or running is None else self._finding(running, fields)

    def _finding(self, running: _Running, fields: dict[str, str]) -> Finding | None:
        level = _LEVELS.get((fields.get("severity") or running.matcher.severity).lower())
        path = self._path(fields.get("from_path", ""), fields.get("file", ""))
        if path is None or level is None:
            return None
        # flake8 says line 0 of a file that it could not read; GitHub counts from 1.
        line = max(int(fields.get("line") or 1), 1)
        code = fields.get("code", "")
        return Finding(
            path=path,
            start_line=line,
            end_line=line,
            level=level,
            message=ansi.plain(fields.get("message", ""))[:MESSAGE] or code,
            title=f"{running.name} {code}".rstrip(),
            start_column=int(fields.get("column") or 0) or None,
        )

    def _inside(self, project: str, written: str) -> str | None:
        """The POSIX path from the root to an existing file, links resolved; None if outside."""
        if "\0" in written or "\0" in project:
            return None
        real = os.path.realpath(os.path.join(self._root, os.path.dirname(project), written))
        if not real.startswith(self._root + os.sep) or not os.path.isfile(real):
            return None
        return Path(real).relative_to(self._root).as_posix()


def _searches(signs: Iterable[str]) -> tuple[Callable[[bytes, int], re.Match[bytes] | None], ...]:
    """One for each byte that signs begin with: only such a search jumps from one to the next."""
    by_first: dict[str, list[str]] = {}
    for sign in dict.fromkeys(signs):
        length = 2 if sign.startswith("\\") else 1
        by_first.setdefault(sign[:length], []).append(sign[length:])
    return tuple(
        re.compile(f"{first}(?:{'|'.join(_shared(rest))})".encode()).search
        for first, rest in by_first.items()
    )


def _shared(signs: list[str]) -> list[str]:
    """The line number that most begin with is read once for all of them."""
    placed = [sign.removeprefix(_NUMBER) for sign in signs if sign.startswith(_NUMBER)]
    others = [sign for sign in signs if not sign.startswith(_NUMBER)]
    return [*others, f"{_NUMBER}(?:{'|'.join(placed)})"] if placed else others


class _Running:
    """One matcher, and how far the lines before have matched it.

    The order of steps is that of GitHub's runner (OutputManager and IssueMatcher in
    https://github.com/actions/runner): the last pattern is tried first.
    """

    def __init__(self, name: str, matcher: Matcher) -> None:
        self.name, self.matcher = name, matcher
        self._states: list[dict[str, str] | None] = [None] * (len(matcher.pattern) - 1)

    @property
    def is_waiting(self) -> bool:
        return any(state is not None for state in self._states)

    def reset(self) -> None:
        self._states = [None] * len(self._states)

    def feed(self, line: str) -> dict[str, str] | None:
        """The fields of a whole match that ends here."""
        last = len(self._states)
        for position in range(last, -1, -1):
            before = self._states[position - 1] if position else {}
            if before is None:
                continue
            pattern = self.matcher.pattern[position]
            match = pattern.regexp.match(line)
            if position == last:
                if match is not None:
                    self.reset()
                    if pattern.loop:
                        self._states[-1] = before
                    return _merged(before, pattern, match)
                if position:
                    self._states[-1] = None
            elif match is None:
                self._states[position] = None
            elif not (pattern.first and self._states[position] is not None):
                self._states[position] = _merged(before, pattern, match)
        return None


def _merged(before: dict[str, str], pattern: Pattern, match: re.Match[str]) -> dict[str, str]:
    """What this line adds; what an earlier one has said stays."""
    found = {
        name: text
        for name in _FIELDS
        if (group := getattr(pattern, name)) and (text := match[group]) is not None
    }
    return found | before
