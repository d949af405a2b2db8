"""A patch without context, as `git diff -U0 --full-index` prints it, to the lines it adds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_INDEX = re.compile(rb"index [0-9a-f]+\.\.([0-9a-f]+)(?: (\d+))?")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPES = {
    **{b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r"},
    **{b"t": b"\t", b"v": b"\v"},
}


@dataclass(frozen=True, slots=True)
class Added:
    """The lines that a file of the new side has gained."""

    path: bytes
    blob: str
    """Hexadecimal id of the file's new content."""
    mode: str
    """As git writes it: `100644`, `100755`, `120000` for a link, `160000` for a submodule."""
    ranges: tuple[tuple[int, int], ...]
    """First and last line of each run, 1-based, in order."""

    def holds(self, line: int) -> bool:
        """Whether this line was added."""
        index = bisect_right(self.ranges, line, key=lambda found: found[0])
        return index > 0 and line <= self.ranges[index - 1][1]


@dataclass(slots=True)
class _File:
    path: bytes = b""
    blob: str = ""
    mode: str = ""
    ranges: list[tuple[int, int]] | None = None


def added(patch: Iterable[bytes]) -> Iterator[Added]:
    """Files that gained lines, in the patch's order; `patch` is its lines as read from git."""
    file = _File()
    # Lines of a hunk are counted, not recognised: a file's own text can look like a header.
    in_hunk = 0
    for line in patch:
        if in_hunk:
            in_hunk -= line[:1] != b"\\"
        elif line.startswith(b"@@ "):
            in_hunk = _hunk(file, line)
        elif line.startswith(b"diff --git "):
            yield from _finished(file)
            file = _File()
        else:
            _header(file, line)
    yield from _finished(file)


def _hunk(file: _File, line: bytes) -> int:
    match = _HUNK.match(line)
    if match is None:
        raise ValueError(f"not the head of a hunk: {line[:80]!r}")
    removed = int(match[1]) if match[1] is not None else 1
    start, count = int(match[2]), int(match[3]) if match[3] is not None else 1
    if count and file.ranges is not None:
        file.ranges.append((start, start + count - 1))
    return removed + count


def _header(file: _File, line: bytes) -> None:
    if line.startswith(b"+++ "):
        file.path, file.ranges = _new_path(line[4:].rstrip(b"\n")), []
    elif line.startswith(b"new file mode "):
        file.mode = line.split()[3].decode()
    elif line.startswith(b"new mode "):
        file.mode = line.split()[2].decode()
    elif match := _INDEX.match(line):
        file.blob = match[1].decode()
        file.mode = match[2].decode() if match[2] else file.mode


def _new_path(written: bytes) -> bytes:
    """Undo git's quoting: https://git-scm.com/docs/git-diff#Documentation/git-diff.txt-codecorequotePathcode"""
    if written.startswith(b'"'):
        written = _ESCAPED.sub(_unescape, written[1 : written.rindex(b'"')])
    else:
        # git ends a name that holds a space with a tab, for the sake of GNU patch.
        written = written.removesuffix(b"\t")
    return written.removeprefix(b"b/")


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8)])
    return _ESCAPES.get(code, code)


def _finished(file: _File) -> Iterator[Added]:
    if file.ranges:
        yield Added(file.path, file.blob, file.mode, tuple(file.ranges))
