"""What a look at one thing has found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Good to know; nothing is wrong."""
    WARNING = "warning"
    """It works, and not as well as it could, or not for long."""
    FAILURE = "failure"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    area: str
    what: str
    text: str
    todo: str = ""
    """What to do, as a sentence or a command."""


def ok(area: str, what: str, text: str) -> Finding:
    return Finding(Level.OK, area, what, text)


def note(area: str, what: str, text: str, todo: str = "") -> Finding:
    return Finding(Level.NOTE, area, what, text, todo)


def warn(area: str, what: str, text: str, todo: str) -> Finding:
    return Finding(Level.WARNING, area, what, text, todo)


def fail(area: str, what: str, text: str, todo: str) -> Finding:
    return Finding(Level.FAILURE, area, what, text, todo)


def split(message: str) -> tuple[str, str]:
    """Our own messages say what is wrong, a colon, and what to do."""
    head, colon, todo = message.rpartition(": ")
    return (head, todo) if colon else (message, "")
