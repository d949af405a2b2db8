"""The program that each statement of a command runs, whatever stands before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dishwasher.formats.commands.shell import SHELLS, Statement, statements

NESTED = 3
"""Levels of `bash -c '…'` that are looked into."""

_BEFORE = frozenset(
    "! { if then else elif do while until time exec command nohup yes cross-env".split()  # noqa: SIM905
)
_WRAPPERS = frozenset({"sudo", "env", "timeout", "nice", "xargs", "xvfb-run", "npx", "bunx"})
"""Programs that run another, after options of their own."""
_WITH_VALUE = frozenset("-u -g -n -I -L -P -k -s -p".split())  # noqa: SIM905
"""Such options that take the next word."""
_DURATION = re.compile(r"\d{1,9}(?:\.\d{1,9})?[smhd]?")
_RUNNERS = (
    ("python", "-m"),
    ("python3", "-m"),
    ("poetry", "run"),
    ("pipenv", "run"),
    ("uv", "run"),
    ("bundle", "exec"),
    ("yarn", "run"),
    ("npm", "run"),
    ("npm", "exec"),
    ("pnpm", "run"),
    ("pnpm", "exec"),
    ("pnpm", "dlx"),
    ("yarn", "dlx"),
)
TASKS = frozenset("make just task invoke inv rake npm yarn pnpm grunt gulp nx tox".split())  # noqa: SIM905
"""Programs whose words are names of tasks that the project gives."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_COMMAND = re.compile(r"-[a-z]*c")


def called(words: tuple[str, ...]) -> tuple[str, ...]:
    """The program and its arguments, without what merely starts it."""
    at = 0
    while at < len(words):
        if words[at] in _BEFORE or _ASSIGNMENT.fullmatch(words[at]):
            at += 1
        elif words[at] in _WRAPPERS:
            at = _after_options(words, at + 1)
        elif words[at : at + 2] in _RUNNERS and len(words) > at + 2:
            if words[at + 1] == "run" and words[at] in TASKS:
                break
            at += 2
        else:
            break
    return words[at:]


def name(words: tuple[str, ...]) -> str:
    """Of the program, without its folder; empty where nothing is run."""
    return words[0].rsplit("/", 1)[-1] if words else ""


def unwrapped(text: str, depth: int = NESTED) -> Iterator[Statement]:
    """The statements of a text, and those inside `bash -c '…'` in place of it."""
    for statement in statements(text):
        words = called(statement.words)
        is_shell = len(words) > 2 and name(words) in SHELLS and _COMMAND.fullmatch(words[1])
        if not is_shell or not depth:
            yield statement
            continue
        for inner in unwrapped(words[2], depth - 1):
            yield Statement(inner.words, inner.joined, statement.row + inner.row)


def _after_options(words: tuple[str, ...], at: int) -> int:
    while at < len(words) and (words[at].startswith("-") or _DURATION.fullmatch(words[at])):
        at += 2 if words[at] in _WITH_VALUE else 1
    return at
