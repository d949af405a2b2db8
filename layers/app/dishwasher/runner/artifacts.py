"""The files that a job leaves: found without following a link, hashed, and sent."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dishwasher.core.result import Artifact
from dishwasher.core.ticket import Limits
from dishwasher.runner.sink import Sink

READ = 1024 * 1024
NOTES_KEPT = 20
MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Kept:
    artifact: Artifact
    place: str
    """Absolute path of the file."""


class Collection:
    """Files for upload within the limits; whatever is left out is in `notes`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files: dict[str, Kept] = {}
        self._bytes = 0
        self._skipped: list[str] = []

    def add_folder(self, folder: Path) -> None:
        """Everything regular below it, by its path relative to it."""
        for path, entry in _walk(str(folder), ""):
            self._add(path, entry)

    def add_glob(self, checkout: Path, glob: str) -> None:
        """Files of the checkout that match, or that are in a folder that does."""
        parts = [part for part in glob.split("/") if part not in ("", ".")]
        if glob.startswith("/") or ".." in parts or not parts:
            self._skipped.append(f"{glob}: artifacts are named relative to the checkout")
            return
        matches = _pattern(parts)
        found = False
        for path, entry in _below(str(checkout), parts):
            if matches.fullmatch(path):
                found = True
                self._add(path, entry)
        if not found:
            self._skipped.append(f"{glob}: matches no file")

    @property
    def files(self) -> tuple[Kept, ...]:
        return tuple(self._files.values())

    @property
    def notes(self) -> tuple[str, ...]:
        shown = [f"Artifact left out: {text}" for text in self._skipped[:NOTES_KEPT]]
        more = len(self._skipped) - len(shown)
        return (*shown, f"… and {more} more artifacts left out.") if more > 0 else tuple(shown)

    def _add(self, path: str, place: str) -> None:
        problem = self._refusal(path, place)
        if problem:
            self._skipped.append(f"{_shown(path)}: {problem}")

    def _refusal(self, path: str, place: str) -> str:
        """Keep the file, or say why not."""
        if path in self._files:
            same = self._files[path].place == place
            return "" if same else "another file has this path already"
        if _shown(path) != path:
            return "its name is not valid UTF-8"
        if len(self._files) >= self._limits.artifact_files:
            return f"the limit is {self._limits.artifact_files} files"
        try:
            with open_regular(place) as file:
                size = os.fstat(file.fileno()).st_size
                if self._bytes + size > self._limits.artifact_bytes:
                    return f"the limit is {self._limits.artifact_bytes} bytes in all"
                size, digest = _digest(file)
        except OSError as error:
            return error.strerror or str(error)
        self._files[path] = Kept(Artifact(path, size, digest), place)
        self._bytes += size
        return ""


def send(sink: Sink, files: tuple[Kept, ...]) -> None:
    """Upload all of them; raises what the sink raises."""
    places = {kept.artifact.path: kept for kept in files}
    for upload in sink.uploads(tuple(kept.artifact for kept in files)):
        kept = places[upload.path]
        with open_regular(kept.place) as file:
            sink.put(upload, file, kept.artifact.size)


def open_regular(place: str) -> BinaryIO:
    """Open a regular file only: a link is not followed, a FIFO can not block us.

    Hard links are kept: they give a job nothing that it could not have copied.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    if not stat.S_ISREG(os.lstat(place).st_mode):
        raise OSError("it is not a regular file")
    return os.fdopen(os.open(place, flags), "rb")


def _digest(file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := file.read(READ):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, str]]:
    """(relative path, absolute path) of all that is not a folder, in order of names."""
    waiting = [(folder, prefix)]
    while waiting:
        folder, prefix = waiting.pop()
        if not _is_folder(folder):
            continue
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if path != ".git":
                    waiting.append((entry.path, f"{path}/"))
            else:
                yield path, entry.path


def _below(checkout: str, parts: list[str]) -> Iterator[tuple[str, str]]:
    """What can match at all: below the parts that hold no wildcard, none of them a link."""
    fixed = []
    for part in parts:
        if MAGIC.search(part):
            break
        fixed.append(part)
    place = checkout
    for part in fixed[:-1]:
        place = os.path.join(place, part)
        if not _is_folder(place):
            return
    if fixed:
        place = os.path.join(place, fixed[-1])
    prefix = "/".join(fixed)
    if _is_folder(place):
        yield from _walk(place, f"{prefix}/" if prefix else "")
    elif os.path.lexists(place) and len(fixed) == len(parts):
        yield prefix, place


def _is_folder(place: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(place).st_mode)
    except OSError:
        return False


def _pattern(parts: list[str]) -> re.Pattern[str]:
    """`**` is any number of folders, `*` and `?` and `[…]` stay within a name."""
    text = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            text += ".+" if last else "(?:[^/]+/)*"
        else:
            text += _name(part) + ("" if last else "/")
    return re.compile(f"{text}(?:/.*)?", re.S)


def _name(part: str) -> str:
    text, position = "", 0
    while position < len(part):
        character = part[position]
        position += 1
        if character == "*":
            text += "[^/]*"
        elif character == "?":
            text += "[^/]"
        elif character == "[" and (end := part.find("]", position + 1)) > 0:
            inside = part[position:end]
            negated = inside[0] in "!^"
            body = inside[negated:].replace("\\", "\\\\").replace("[", "\\[")
            text += f"(?!/)[{'^' if negated else ''}{body}]"
            position = end + 1
        else:
            text += re.escape(character)
    return text


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")
