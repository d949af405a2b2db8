"""What a requirement file says, as pip reads it: which others it includes, and what is local.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_HASH = re.compile(r" --hash=\w+:[0-9a-fA-F]+")
LONGEST = 2_000
"""Characters of a line, its hashes aside, that is understood: a search takes their square."""
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]*([^\s\"'\\]+)")

_ARCHIVE = r"\S*\.(?:whl|zip|tar|t?gz|t?bz2?|t?xz|t?lz|lzma)(?![\w.])"
"""A file in the checkout, though it has no folder before its name."""
_ADDRESS = r"(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|svn)://\S+"
_OPTIONS = r"(?:\s+--[a-z-]+=\S+)*"
_NAMED = (
    rf"(?!{_ARCHIVE})[A-Za-z0-9][\w.-]*\s*(?:\[[\w\s.,-]*\]\s*)?"
    rf"(?:@\s*{_ADDRESS}|\(?[<>=!~][^/\\;]*?)?\s*(?:;.*?)?{_OPTIONS}"
)
_REMOTE = re.compile(
    rf"{_NAMED}|(?:(?:-e|--editable)[\s=]*)?{_ADDRESS}(?:\s*;.*?)?{_OPTIONS}"
    r"|(?:-i|--index-url|--extra-index-url|-f|--find-links)[\s=]*https?://\S+"
    r"|--(?:no-index|pre|prefer-binary|require-hashes)"
    r"|--(?:no-binary|only-binary|trusted-host|use-feature)[\s=]+\S+"
)


def includes(text: str) -> Iterator[str]:
    """Paths, as they are written, or addresses."""
    for line in _lines(text):
        if found := _INCLUDE.fullmatch(line):
            yield found[1]


def is_remote(text: str) -> bool:
    """Whether all of it is known to come from elsewhere than the checkout."""
    return all(map(_is_remote, _lines(text)))


def _is_remote(line: str) -> bool:
    plain = _HASH.sub("", line)
    return len(plain) <= LONGEST and bool(_INCLUDE.fullmatch(line) or _REMOTE.fullmatch(plain))


def _lines(text: str) -> Iterator[str]:
    for line in _CONTINUED.sub(" ", text.removeprefix("\ufeff")).splitlines():
        if plain := " ".join(_COMMENT.sub("", line).split()):
            yield plain
