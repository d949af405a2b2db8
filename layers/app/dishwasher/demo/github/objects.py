"""Reads git objects through one `git cat-file` that stays open: an answer in 0.1 ms, not in 4."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Commit", "Entry", "Object", "Objects", "Signature", "parse_commit", "parse_tree"]

PERSON = re.compile(r"(?P<name>.*?) ?<(?P<email>[^>]*)> (?P<at>-?\d+) (?P<zone>[+-]\d{4})")


@dataclass(frozen=True, slots=True)
class Object:
    sha: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    email: str
    at: float


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree. `mode` is git's six digits; a folder's kind is `tree`."""

    name: str
    mode: str
    sha: str

    @property
    def kind(self) -> str:
        return {"040000": "tree", "160000": "commit"}.get(self.mode, "blob")


class Objects:
    """The objects of one repository, by any name that git understands and has no newline."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def info(self, name: str) -> tuple[str, str, int] | None:
        """(sha, kind, size), or None for what is not there."""
        with self._lock:
            return self._header("info", name)

    def read(self, name: str) -> Object | None:
        with self._lock:
            header = self._header("contents", name)
            if header is None:
                return None
            sha, kind, size = header
            assert self._process is not None and self._process.stdout is not None
            content = self._process.stdout.read(size + 1)[:size]
            return Object(sha, kind, content)

    def close(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.communicate()
                self._process = None

    def _header(self, command: str, name: str) -> tuple[str, str, int] | None:
        if "\n" in name or not name:
            return None
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", "cat-file", "--batch-command"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{command} {name}\n".encode())
        self._process.stdin.flush()
        # "SHA kind size", or "NAME missing" and "NAME ambiguous", where NAME may hold spaces.
        words = self._process.stdout.readline().decode().rsplit(" ", 2)
        if len(words) != 3 or not words[2].strip().isdigit():
            return None
        return words[0], words[1], int(words[2])


def parse_commit(found: Object) -> Commit:
    head, _, message = found.content.decode("utf-8", "replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    return Commit(
        sha=found.sha,
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        author=_signature(fields["author"][0]),
        committer=_signature(fields["committer"][0]),
        message=message.rstrip("\n"),
    )


def _signature(text: str) -> Signature:
    if not (found := PERSON.fullmatch(text)):
        return Signature(text, "", 0.0)
    return Signature(found["name"], found["email"], float(found["at"]))


def parse_tree(found: Object) -> Iterator[Entry]:
    """A tree object is `MODE NAME\\0` and 20 bytes of SHA, again and again."""
    at = 0
    while at < len(found.content):
        space = found.content.index(b" ", at)
        end = found.content.index(b"\0", space)
        mode = found.content[at:space].decode().rjust(6, "0")
        name = found.content[space + 1 : end].decode("utf-8", "surrogateescape")
        yield Entry(name, mode, found.content[end + 1 : end + 21].hex())
        at = end + 21
