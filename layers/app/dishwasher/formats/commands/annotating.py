"""The tools whose output becomes annotations, as commands call them."""

from __future__ import annotations

from collections.abc import Iterable

from dishwasher.core.config import MATCHERS
from dishwasher.formats.commands.programs import TASKS, called, name, unwrapped
from dishwasher.formats.commands.shell import SCANNED, names

_PROGRAMS = {
    **{tool: tool for tool in MATCHERS},
    "py.test": "pytest",
    "dmypy": "mypy",
    "sphinx-build": "sphinx",
    "sphinx-autobuild": "sphinx",
    **dict.fromkeys(("g++", "cc", "c++", "clang", "clang++"), "gcc"),
}
"""What a program is called, and the matcher that reads what it prints."""


def matchers(commands: Iterable[str]) -> tuple[str, ...]:
    """Names out of MATCHERS, in their order there, of the tools that the commands run."""
    found = {
        _PROGRAMS[program]
        for command in commands
        if _may_run(command[:SCANNED])
        for statement in unwrapped(command[:SCANNED])
        for program in _programs(called(statement.words))
        if program in _PROGRAMS
    }
    return tuple(tool for tool in MATCHERS if tool in found)


def _may_run(text: str) -> bool:
    """Whether a text holds the name of a tool at all."""
    return "++" in text or not _PROGRAMS.keys().isdisjoint(names(text))


def _programs(words: tuple[str, ...]) -> tuple[str, ...]:
    """The program, what `python -W error -m` runs, and what `yarn eslint` does."""
    program = name(words)
    if program in TASKS:
        return words[1:2]
    if program.startswith("python") or program == "coverage":
        at = words.index("-m") + 1 if "-m" in words else len(words)
        return words[at : at + 1]
    return (program,)
