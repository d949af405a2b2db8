"""Which changed files hold words that people wrote.

The lists follow what measurably gave nothing but noise in Django projects: lock files, data,
translations, fixtures, other people's code.
"""

from __future__ import annotations

from pathlib import PurePosixPath

SIZE = 1024 * 1024
"""Bytes of a file; git shows none of the lines of a larger one."""
LINE = 1_000
"""Characters of an average line from which on a file counts as minified."""
_PATH = 3_800
"""Bytes: PATH_MAX of Linux is 4,096, and the export's own folder comes before it."""

_FOLDERS = frozenset(
    (
        *("node_modules", "bower_components", "vendor", "vendored", "_vendor", "third_party"),
        *("third-party", "locale", "locales", "_locales", "translations", "fixtures"),
        *("cassettes", "__snapshots__", ".git"),
    )
)
_SUFFIXES = frozenset(
    (
        *(".lock", ".po", ".pot", ".mo", ".xlf", ".arb", ".json", ".jsonl", ".ipynb", ".csv"),
        *(".tsv", ".svg", ".map", ".snap", ".pem", ".crt", ".key", ".asc", ".patch", ".diff"),
    )
)
_NAMES = frozenset(
    (
        *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum"),
        *("schema.graphql", "authors", "contributors"),
    )
)


def wanted(path: bytes, mode: str) -> str | None:
    """The path as text where its file's words should be looked at, else None."""
    # Links (120000) and submodules (160000) have no text of their own.
    if not mode.startswith("100") or len(path) > _PATH:
        return None
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        # GitHub can not be told of such a path, so nothing could be annotated in it.
        return None
    parts = text.split("/")
    # git itself refuses such names; a crafted tree can still hold them.
    if any(part in ("", ".", "..") for part in parts) or "\0" in text:
        return None
    name = parts[-1].lower()
    if _FOLDERS.intersection(part.lower() for part in parts[:-1]):
        return None
    pure = PurePosixPath(name)
    if pure.suffix in _SUFFIXES or name in _NAMES or pure.stem in _NAMES or ".min." in name:
        return None
    return text


def is_prose(data: bytes) -> bool:
    """Whether a file's bytes are UTF-8 text in lines that people read."""
    if len(data) > SIZE or b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    return len(data) <= LINE * max(lines, 1)
