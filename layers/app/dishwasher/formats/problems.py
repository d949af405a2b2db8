"""The mistakes of one file, collected while reading goes on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

from dishwasher.errors import Problem

ERROR, WARNING = "error", "warning"
KEPT = 100
"""Problems that are kept of one file, so that a hostile file can not grow an endless answer."""
SHOWN = 60
"""Characters of the user's own text that a message repeats."""
COMPARED = 40
"""Longest word that a suggestion is looked for: difflib's time grows with the square."""
CANDIDATES = 100
"""Known words that it is compared with, for the same reason."""

_SIMILAR = 0.6
"""difflib's ratio for words with the same first letter, which people seldom get wrong."""
_VERY_SIMILAR = 0.75
"""For others: `machine` is no misspelt `cache`."""


class Problems:
    """Mistakes in the order found; `in_file_order` gives what people read."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._told: set[Problem] = set()
        self._beyond = 0
        self._errors = 0

    def __bool__(self) -> bool:
        """Whether something makes the file invalid; warnings do not."""
        return bool(self._errors)

    def add(
        self,
        line: int,
        column: int,
        code: str,
        message: str,
        suggestion: str = "",
        severity: str = ERROR,
    ) -> None:
        """Note one mistake at a 1-based place, once; beyond the cap it is only counted."""
        problem = Problem(line, column, code, message, suggestion, severity)
        if problem in self._told:
            # Every job of a batch or a matrix comes upon the mistakes that they share.
            return
        self._told.add(problem)
        self._errors += severity == ERROR
        if len(self._found) < KEPT:
            self._found.append(problem)
            return
        self._beyond += 1
        if severity == ERROR and self._errors <= KEPT:
            # What makes the file invalid is not hidden behind what does not.
            at = next(at for at, one in enumerate(self._found) if one.severity != ERROR)
            del self._found[at]
            self._found.append(problem)

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """`Did you mean ...?` for a misspelt word, or nothing; nothing once the cap is reached."""
        if len(self._found) >= KEPT or len(word) > COMPARED:
            return ""
        # Compared without case, because `Checks` is as good as a misspelling of `checks`.
        folded = word.casefold()
        candidates = {known_word.casefold(): known_word for known_word in islice(known, CANDIDATES)}
        for near in difflib.get_close_matches(folded, candidates, cutoff=_SIMILAR):
            if near[0] == folded[0] or _similarity(near, folded) >= _VERY_SIMILAR:
                return f"Did you mean {show(candidates[near])}?"
        return ""

    def in_file_order(self) -> tuple[Problem, ...]:
        """All that were kept, sorted by place, with a last one that counts the rest."""
        found = sorted(self._found, key=lambda problem: (problem.line, problem.column))
        if self._beyond:
            last = found[-1]
            message = f"and {self._beyond} more mistakes, not shown"
            severity = ERROR if self._errors else WARNING
            found.append(Problem(last.line, last.column, "more", message, severity=severity))
        return tuple(found)


def _similarity(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def show(text: str) -> str:
    """The user's text as a message repeats it: one short line, nothing invisible."""
    if not text:
        return '""'
    short = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    visible = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" for character in short
    )
    return f'"{visible}"' if "`" in visible else f"`{visible}`"
