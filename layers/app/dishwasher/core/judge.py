"""The filters of one file held against the names of one event, in a time that has an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from dishwasher.core.pattern import Filter, Pattern, Syntax

JUDGED_SECONDS = 5.0
"""Of all filters together: whoever may push must not hold up the planner of all others."""


class Unanswered(Exception):
    """A regex takes too long on a name to say whether it matches."""

    def __init__(self, pattern: Pattern, name: str) -> None:
        super().__init__(f"The regex {pattern} takes too long on {name}.")


class Judge:
    """`clock` tells seconds; without one there is no end, as where nobody else waits."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._until = clock() + JUDGED_SECONDS if clock is not None else 0.0
        self._tired: set[Pattern] = set()
        self._known: dict[tuple[Filter, tuple[str, ...]], bool] = {}

    def admits(self, names: Filter, name: str) -> bool:
        """Raises Unanswered, and TimeoutError when the time for all filters is over."""

        def matches(pattern: Pattern, name: str) -> bool:
            self._wait()
            try:
                return pattern.fits(name)
            except TimeoutError as error:
                raise Unanswered(pattern, name) from error

        return names.judge(name, matches)

    def admits_any(self, names: Filter, some: Sequence[str]) -> bool:
        """Whether one of thousands is let through; a regex that takes too long is asked once, and
        matches nothing. Raises TimeoutError when the time for all filters is over.
        """
        asked = names, tuple(some)
        if asked not in self._known:
            # A matrix has the same filter in every job.
            self._known[asked] = any(names.judge(name, self._tolerant) for name in some)
        return self._known[asked]

    def names(self, patterns: tuple[Pattern, ...], label: str) -> bool:
        """Whether one of them is for this label of a pull request. Raises as `admits` does."""
        return bool(patterns) and self.admits(_folded(patterns), label.casefold())

    def _tolerant(self, pattern: Pattern, name: str) -> bool:
        self._wait()
        try:
            return pattern not in self._tired and pattern.fits(name)
        except TimeoutError:
            self._tired.add(pattern)
            return False

    def _wait(self) -> None:
        if self._clock is not None and self._clock() > self._until:
            raise TimeoutError


@lru_cache(maxsize=256)
def _folded(patterns: tuple[Pattern, ...]) -> Filter:
    """No two labels of a repository differ by their case alone; a regex is left as it is."""
    return Filter(
        tuple(
            one if one.syntax is Syntax.REGEX else Pattern(one.text.casefold(), one.syntax)
            for one in patterns
        )
    )
