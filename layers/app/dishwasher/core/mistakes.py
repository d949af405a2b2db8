"""Problems of a configuration → annotations on its lines, and words for its check run."""

from __future__ import annotations

from collections.abc import Sequence

from dishwasher.core.findings import Finding, Level
from dishwasher.errors import Problem

LINES = 40
"""Problems that the check run's summary repeats as text."""
ERROR = "error"


def findings(path: str, problems: Sequence[Problem]) -> tuple[Finding, ...]:
    """One annotation for each, in the same order."""
    return tuple(
        Finding(
            path=path,
            start_line=problem.line,
            end_line=problem.line,
            level=Level.FAILURE if problem.severity == ERROR else Level.WARNING,
            message=". ".join(filter(None, (problem.message, problem.suggestion))),
            title=problem.code,
        )
        for problem in problems
    )


def lines(path: str, problems: Sequence[Problem]) -> tuple[str, ...]:
    """The first of them as a compiler prints them."""
    return tuple(f"{path}:{one.line}:{one.column}: {one.message}" for one in problems[:LINES])


def count(problems: Sequence[Problem]) -> str:
    """`2 mistakes and 1 warning`; what there is none of is not named."""
    errors = sum(problem.severity == ERROR for problem in problems)
    counted = ((errors, "mistake"), (len(problems) - errors, "warning"))
    return " and ".join(f"{n} {name}{'s' if n > 1 else ''}" for n, name in counted if n)
