"""A problem at a place, from any tool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """GitHub's annotation levels, worst first; there is no `error`."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: a POSIX path relative to the checkout, 1-based lines and columns."""

    path: str
    start_line: int
    end_line: int
    level: Level
    message: str
    title: str = ""
    start_column: int | None = None
    """Columns only where start_line == end_line."""
    end_column: int | None = None
