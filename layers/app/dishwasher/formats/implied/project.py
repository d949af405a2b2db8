"""What somebody's repository holds: its files read once, with limits, and never trusted."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from dishwasher.formats.implied.table import Table
from dishwasher.formats.problems import show
from dishwasher.formats.repository import Repository

READS = 60
"""Files that are read of one repository: each may be a request to GitHub."""
CHARACTERS = 128 * 1024
"""Of one file; what people write by hand is far shorter."""
DOTS = 100
"""In one line of TOML: tomllib keeps every beginning of a dotted key, whose sum is a square."""
SEARCHED = 20_000
"""Paths that are searched, those nearest to the root."""
NAMED = 20
"""Paths that a search gives, so that a rule need not look at thousands."""

_PLAIN = re.compile(r"(?!-)[A-Za-z0-9_.][A-Za-z0-9_.@+-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.@+-]*)*")


class Project:
    """Answers what is there; a file that can not be read is as good as empty, and noted."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._texts: dict[str, str] = {}
        self._tables: dict[str, Table] = {}
        self.notes: list[str] = []
        # Only names that mean the same to a shell, quoted or not: they become parts of commands.
        plain = (path for path in repository.paths if _PLAIN.fullmatch(path))
        nearest = sorted(plain, key=lambda path: (path.count("/"), path))
        self._paths = tuple(nearest[:SEARCHED])

    def __bool__(self) -> bool:
        return bool(self._repository.paths)

    def has(self, path: str) -> bool:
        return self._repository.has(path)

    def first(self, *paths: str) -> str:
        """The first of these that is there, or nothing."""
        return next((path for path in paths if self.has(path)), "")

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Paths that match the regex as a whole, those nearest to the root first."""
        wanted = re.compile(pattern)
        found = []
        for path in self._paths:
            if wanted.fullmatch(path):
                found.append(path)
                if len(found) == NAMED:
                    break
        return tuple(found)

    def text(self, path: str) -> str:
        if self.has(path) and path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts.get(path, "")

    def _read(self, path: str) -> str:
        if len(self._texts) >= READS:
            self._note(f"{READS} files were looked into, and no more")
            return ""
        text = self._repository.read(path)
        if text is None or len(text) > CHARACTERS:
            self._note(f"{show(path)} was not read: it is too large, or no text")
            return ""
        return text

    def _note(self, text: str) -> None:
        if f"{text}." not in self.notes:
            self.notes.append(f"{text}.")

    def toml(self, path: str) -> Table:
        return self._table(path, "TOML", _toml)

    def json(self, path: str) -> Table:
        return self._table(path, "JSON", json.loads)

    def ini(self, path: str) -> Table:
        return self._table(path, "INI file", _sections)

    def _table(self, path: str, what: str, parse: Callable[[str], Any]) -> Table:
        if path in self._tables:
            return self._tables[path]
        text = self.text(path)
        table = Table()
        if text.strip():
            try:
                table = Table(parse(text))
            # A number of thousands of digits is a ValueError, deep nesting a RecursionError.
            except (ValueError, RecursionError, configparser.Error):
                self._note(f"{show(path)} says nothing here: it is no valid {what}")
        self._tables[path] = table
        return table


def _toml(text: str) -> Any:
    if any(line.count(".") > DOTS for line in text.split("\n")):
        raise ValueError("a key of too many parts")
    return tomllib.loads(text)


def _sections(text: str) -> dict[str, dict[str, str]]:
    # Defaults would be copied into every section: a square of a file's length.
    parser = configparser.RawConfigParser(strict=False, default_section="")
    parser.read_string(text)
    return {name: dict(parser.items(name)) for name in parser.sections()}
