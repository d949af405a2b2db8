"""Lines of a tool's output to findings, by the rules of GitHub's problem matchers.

The rules: https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from dishwasher.checks import ansi
from dishwasher.checks.running import Running, Watched
from dishwasher.checks.tools import TOOLS, Matcher
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
_LINE_END = re.compile(r"\r+\n")
_DIGITS = re.compile(r"\d{1,7}", re.ASCII)


class Scanner:
    """Reads one job's output line by line; paths count from `root`, the checkout."""

    def __init__(
        self,
        names: tuple[str, ...],
        root: Path,
        own: tuple[Matcher, ...] = (),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`own` are those that the user brought along; `say` hears of one that is switched off."""
        tools = [(name, TOOLS[name]) for name in names]
        known = (Running(name, matcher) for name, tool in tools for matcher in tool.matchers)
        self._own = tuple(Watched(matcher, say) for matcher in own)
        self._all = (*self._own, *known)
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
        own: list[int] = []
        if any(one.is_on for one in self._own):
            block, own = self._own_begins(block)
        done = 0
        for begin in sorted({0, *self._begins(block), *own}):
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

    def _begins(self, block: bytes) -> set[int]:
        """Where the lines begin that can mean something while nothing waits for its next line."""
        found: set[int] = set()
        for search in self._searches:
            at = 0
            while hit := search(block, at):
                begin = block.rfind(b"\n", 0, hit.start() + 1) + 1
                found.add(begin)
                at = block.find(b"\n", begin)
                if at < 0:
                    break
        return found

    def _own_begins(self, block: bytes) -> tuple[bytes, list[int]]:
        """The block as the user's matchers are to see it, and where lines begin for them."""
        text = block.decode("utf-8", "replace")
        if "\r" in text:
            text = _LINE_END.sub("\n", text)
        lines = text.split("\n")
        if max(map(len, lines)) > LINE:
            text = "\n".join(line[:LINE] for line in lines)
        begins = sorted({at for one in self._own for at in one.begins(text)})
        if not text.isascii():
            # Characters to bytes.
            edges = zip([0, *begins], begins, strict=False)
            begins = list(accumulate(len(text[start:end].encode()) for start, end in edges))
        return text.encode(), begins

    def feed(self, line: str) -> Finding | None:
        """The finding that ends with this line, if there is one and its file is in the checkout."""
        if len(line) > LINE:
            return None
        if "\x1b" in line:
            line = ansi.strip(line)
        line = line.rstrip("\r\n")
        if not self._waiting and not self._own and not self._gate(line):
            return None
        fields, running = None, None
        for running in self._all:
            fields = running.feed(line)
            if fields is not None:
                break
        if fields is not None:
            for other in self._all:
                if other is not running:
                    other.reset()
        self._waiting = any(one.is_waiting for one in self._all)
        return None if fields is None or running is None else self._finding(running, fields)

    def _finding(self, running: Running, fields: dict[str, str]) -> Finding | None:
        matcher = running.matcher
        level = _LEVELS.get((fields.get("severity") or matcher.severity).lower())
        path = self._path(fields.get("from_path") or matcher.from_path, fields.get("file", ""))
        code = fields.get("code", "").strip()
        message = ansi.plain(fields.get("message", "")).strip()[:MESSAGE] or code
        if path is None or level is None or not message:
            return None
        # flake8 says line 0 of a file that it could not read; GitHub counts from 1.
        line = max(_number(fields.get("line", "")), 1)
        return Finding(
            path=path,
            start_line=line,
            end_line=line,
            level=level,
            message=message,
            title=f"{running.name} {code}".rstrip(),
            start_column=_number(fields.get("column", "")) or None,
        )

    def _inside(self, project: str, written: str) -> str | None:
        """The POSIX path from the root to an existing file, links resolved; None if outside."""
        if "\0" in written or "\0" in project:
            return None
        real = os.path.realpath(os.path.join(self._root, os.path.dirname(project), written))
        if not real.startswith(self._root + os.sep) or not os.path.isfile(real):
            return None
        return Path(real).relative_to(self._root).as_posix()


def _number(text: str) -> int:
    """0 for what is none: a user's group can hold anything."""
    return int(text) if _DIGITS.fullmatch(text) else 0


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
