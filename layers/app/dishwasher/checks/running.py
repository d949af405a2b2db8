"""One matcher at work: how far the lines before have matched it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from dishwasher.checks.tools import Matched, Matcher, Pattern
from dishwasher.core.ecmascript import Expression

T = TypeVar("T")

SECONDS = 20.0
"""Of processor time that a matcher of a user's own may take of one job."""
FIELDS = ("file", "line", "column", "severity", "code", "message", "from_path")
"""Of a pattern, those that say which group holds what."""


class Running:
    """Goes from line to line.

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


class Watched(Running):
    """One that a user has brought along: its expressions can be made to search for ever."""

    def __init__(
        self, matcher: Matcher, say: Callable[[str], None], seconds: float = SECONDS
    ) -> None:
        """`say` hears why it is switched off."""
        super().__init__(matcher.owner, matcher)
        first = matcher.pattern[0].regexp
        assert isinstance(first, Expression)
        self._first = first
        self.is_on = True
        self._say, self._spent, self._seconds = say, 0.0, seconds

    def begins(self, text: str) -> list[int]:
        """Where the lines begin that can be the first of a match, until its time is over."""
        found: list[int] = []

        def look() -> None:
            begun = time.thread_time()
            for at in self._first.lines(text):
                found.append(at)
                # Each of them may take nearly as long as one may take at all.
                if self._spent + time.thread_time() - begun > self._seconds:
                    break

        if self.is_on:
            self._timed(look, None)
        return found if self.is_on else []

    def feed(self, line: str) -> dict[str, str] | None:
        """As `Running.feed`, until its time is over."""
        fed = super().feed
        return self._timed(lambda: fed(line), None) if self.is_on else None

    def _timed(self, work: Callable[[], T], otherwise: T) -> T:
        # Of this thread alone: a machine that has much to do switches none of them off.
        begun = time.thread_time()
        try:
            return work()
        except TimeoutError:
            self._switch_off("one line took it too long")
            return otherwise
        finally:
            self._spent += time.thread_time() - begun
            if self.is_on and self._spent > self._seconds:
                self._switch_off(f"it has taken {self._seconds:g} s of this job")

    def _switch_off(self, why: str) -> None:
        self.is_on = False
        self.reset()
        self._say(f"The problem matcher `{self.name}` is switched off: {why}.")


def _merged(before: dict[str, str], pattern: Pattern, match: Matched) -> dict[str, str]:
    """What this line adds; what an earlier one has said stays."""
    found = {
        name: text
        for name in FIELDS
        if (group := getattr(pattern, name)) is not None and (text := match[group]) is not None
    }
    return found | before
