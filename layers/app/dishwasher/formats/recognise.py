"""The format of a file, told from its name or from the keys at its top."""

from __future__ import annotations

import re
from dataclasses import dataclass

NATIVE, CIRCLE, BUILDSPEC = "native", "circle", "buildspec"
FORMATS = (NATIVE, CIRCLE, BUILDSPEC)

LOOKED_AT = 64 * 1024
"""Bytes from the start in which keys are looked for."""

_WORDS = {"dishwasher": NATIVE, "circle": CIRCLE, "buildspec": BUILDSPEC}
_KEYS = {
    NATIVE: ("checks", "deployments", "schedules", "inputs"),
    CIRCLE: ("test", "deployment", "general", "database", "compile", "checkout", "experimental"),
    BUILDSPEC: ("phases", "batch", "run-as", "env"),
}
"""Keys at the top that only this format has."""
_FOREIGN = (
    ("CircleCI 2", ("jobs", "workflows", "orbs", "executors"), ("version",)),
    ("GitHub Actions", ("jobs",), ("on",)),
    ("GitLab CI", ("stages", "before_script", "include"), ()),
    ("Travis CI", ("language", "script", "dist"), ()),
)
"""(service, keys of which one must stand at the top, keys that must all stand there too)"""
_KEY = re.compile(r"""^(?:"([\w-]+)"|'([\w-]+)'|([\w-]+))[ \t]*:(?=\s|$)""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the keys say; exactly one of `format` and `foreign` is set."""

    format: str = ""
    foreign: str = ""
    """The service whose file it is."""
    why: str = ""
    """A clause: `because of its phases`."""
    line: int = 1
    """1-based line of the key that told it."""


def by_name(path: str) -> str:
    """The format whose word stands in the file's name, as in `buildspec-deploy.yml`; or nothing."""
    name = path.rpartition("/")[2].casefold()
    words = re.split(r"[^a-z0-9]+", name)
    return next((format for word, format in _WORDS.items() if word in words), "")


def by_content(data: bytes) -> Recognised:
    """What the keys at the top say, even of a file that YAML can not read."""
    keys = _keys(data)
    scores = {format: [key for key in own if key in keys] for format, own in _KEYS.items()}
    best = max(scores, key=lambda format: len(scores[format]))
    if not scores[best]:
        return _foreign(keys) or _by_shared_keys(keys)
    foreign = _foreign(keys) if best == CIRCLE and scores[best] == ["test"] else None
    return foreign or _because(best, scores[best][0], keys)


def _keys(data: bytes) -> dict[str, int]:
    """Keys in the first column and their lines, the first of each."""
    text = data[:LOOKED_AT].decode("utf-8", "replace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: dict[str, int] = {}
    for match in _KEY.finditer(text):
        name = next(filter(None, match.groups()))
        found.setdefault(name, text.count("\n", 0, match.start()) + 1)
    return found


def _foreign(keys: dict[str, int]) -> Recognised | None:
    for service, some, needed in _FOREIGN:
        told = [key for key in some if key in keys]
        if told and all(key in keys for key in needed):
            return Recognised(foreign=service, line=keys[told[0]])
    return None


def _by_shared_keys(keys: dict[str, int]) -> Recognised:
    """`machine` and `dependencies` stand in two formats, `version` and `artifacts` in others."""
    if "version" in keys:
        return _because(BUILDSPEC, "version", keys)
    return Recognised(NATIVE, why="because nothing in it tells another format")


def _because(format: str, key: str, keys: dict[str, int]) -> Recognised:
    return Recognised(format, why=f"because of its key `{key}`", line=keys[key])
