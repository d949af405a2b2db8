"""Configuration files on this machine: read once, at most as much as a format takes."""

from __future__ import annotations

import sys
from pathlib import Path

from dishwasher.errors import UserError
from dishwasher.formats.choose import FILES
from dishwasher.formats.source import SIZE

STDIN = "-"


class Reading:
    """Gives a folder's files by their path inside it, and remembers what it gave."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: dict[str, bytes] = {}

    def __call__(self, path: str) -> bytes | None:
        data = contents(self.root / path)
        if data is not None:
            self.seen[path] = data
        return data


def contents(path: Path) -> bytes | None:
    """The file's bytes, one more than SIZE at most; None where there is none.

    Raises UserError, in words for people, where it can not be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} can not be read: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{str(path)!r} is not the name of a file") from error


def standard_input() -> bytes:
    return sys.stdin.buffer.read(SIZE + 1)


def root_of(path: Path) -> Path:
    """The checkout that a file is meant for: where it would be taken, or else where git begins."""
    folder = path.absolute().parent
    if path.name in (name for name, _ in FILES):
        return folder
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
