"""`artifacts`, `reports` and `cache` to what a job leaves behind."""

from __future__ import annotations

import re

from dishwasher.core.outputs import ArtifactSet, Cache, ReportFormat, ReportSet
from dishwasher.formats.buildspec import keys
from dishwasher.formats.buildspec.phases import BUILD
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Entry, Scalar

REPORT_GROUPS = 5
"""https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#reports-buildspec-file"""
FALLBACKS = 5
"""Keys that may stand in for a cache's own, by the same page."""

_SOURCE = re.compile(r"^\$(?:\{CODEBUILD_SRC_DIR\}|CODEBUILD_SRC_DIR\b)/?")
_EVALUATED = re.compile(r"\$|`")
_REPORT_ARN = re.compile(r"arn:[^:]*:codebuild:[^:]*:[^:]*:report-group/(.+)")
_HASHED = re.compile(r"\$\(\s*codebuild-hash-files\s([^()`]*)\)|`codebuild-hash-files\s([^`]*)`")
_COMMAND = re.compile(r"\$\([^()]*\)|`[^`]*`")
_BELOW = ("/**/*", "/**", "/*", "/.")
"""What makes a directory's name a glob of all that is below it."""
_HOME = re.compile(r"^(?:/root|\$HOME|\$\{HOME\})(?=/|$)")


def artifacts(fields: Fields, reader: Reader) -> tuple[ArtifactSet, ...]:
    """The primary set first; all are kept if and only if BUILD began."""
    sets = [_artifact(fields, _name(fields), reader)]
    for entry, secondary in fields.get(keys.SECONDARY) or ():
        sets.append(_artifact(secondary, _name(secondary) or entry.key.text, reader))
    return tuple(one for one in sets if one.files)


def _name(fields: Fields) -> str:
    name = fields.get(keys.NAME)
    return name.text.strip() if name else ""


def _artifact(fields: Fields, name: str, reader: Reader) -> ArtifactSet:
    base = _base(fields, reader)
    return ArtifactSet(
        _inside(fields.get(keys.FILES) or (), reader),
        name,
        base,
        _inside(fields.get(keys.EXCLUDE) or (), reader),
        flat=fields.or_else(keys.FLAT, False),
        symlinks=fields.or_else(keys.SYMLINKS, False),
        after=BUILD,
        evaluated=bool(_EVALUATED.search(name) or _EVALUATED.search(base)),
    )


def _base(fields: Fields, reader: Reader) -> str:
    scalar = fields.get(keys.BASE)
    kept = _inside((scalar,), reader) if scalar is not None else ()
    return (kept[0].rstrip("/") if kept else "").removesuffix("/.")


def _inside(globs: tuple[Scalar, ...], reader: Reader) -> tuple[str, ...]:
    """Those that stay inside the checkout, relative to it."""
    kept = []
    for scalar in globs:
        text = _SOURCE.sub("", scalar.text.strip()) or "."
        if text.startswith(("/", "~")) or ".." in text.split("/"):
            message = f"{show(scalar.text)} does not stay inside the checkout, and is not kept"
            suggestion = "Copy what it names into the checkout, and write it relative to that."
            reader.warn(scalar, "bad-path", message, suggestion)
        else:
            kept.append("" if text == "." else text.removeprefix("./"))
    return tuple(kept)


def reports(groups: tuple[tuple[Entry, Fields], ...], reader: Reader) -> tuple[ReportSet, ...]:
    """At most REPORT_GROUPS; a group that is named by its ARN goes by the ARN's end."""
    if len(groups) > REPORT_GROUPS:
        place = groups[REPORT_GROUPS][0].key
        message = f"there are {len(groups)} report groups; at most {REPORT_GROUPS} can be"
        reader.note(place, "too-many-reports", message, "Join some: `files` takes a list.")
    made = []
    for entry, fields in groups:
        name = entry.key.text
        arn = _REPORT_ARN.fullmatch(name)
        written = fields.get(keys.REPORT_FORMAT)
        format = keys.REPORT_FORMATS[written.text.upper()] if written else ReportFormat.JUNIT
        files = _inside(fields.get(keys.FILES) or (), reader)
        if files:
            made.append(ReportSet(format, files, arn[1] if arn else name, _base(fields, reader)))
    return tuple(made)


def cache(fields: Fields, reader: Reader) -> tuple[Cache, ...]:
    """None where it names no directory that can be kept."""
    paths = tuple(dict.fromkeys(_kept(fields.get(keys.PATHS) or (), reader)))
    fallbacks = fields.get(keys.FALLBACKS) or ()
    if len(fallbacks) > FALLBACKS:
        message = f"there are {len(fallbacks)} fallback keys; at most {FALLBACKS} can be"
        reader.note(fallbacks[FALLBACKS], "too-many-keys", message)
    key, files = _key(fields.get(keys.CACHE_KEY), reader)
    actions = {scalar.text for scalar in fields.get(keys.ACTION) or ()} or {"restore", "save"}
    if not paths:
        return ()
    beginnings = tuple(scalar.text for scalar in fallbacks)
    return (Cache(paths, key, files, beginnings, "restore" in actions, "save" in actions),)


def _key(scalar: Scalar | None, reader: Reader) -> tuple[str, tuple[str, ...]]:
    """The text, and the files that `codebuild-hash-files` hashes in it."""
    if scalar is None:
        return "", ()
    hashed = [one or other for one, other in _HASHED.findall(scalar.text)]
    files = [word.strip("'\"") for part in hashed for word in part.replace(",", " ").split()]
    text = _HASHED.sub("", scalar.text).strip()
    if _COMMAND.search(text):
        message = f"{show(scalar.text)} runs a command; only `codebuild-hash-files` can stand here"
        reader.warn(scalar, "key-command", message, "Write `$(codebuild-hash-files FILE)`.")
        text = _COMMAND.sub("", text)
    return text, tuple(file for file in files if file and not file.startswith("-"))


def _kept(paths: tuple[Scalar, ...], reader: Reader) -> list[str]:
    kept = []
    for scalar in paths:
        path = _SOURCE.sub("", _HOME.sub("~", scalar.text.strip()))
        below = next((end for end in _BELOW if path.endswith(end)), "")
        path = path.removesuffix(below).rstrip("/").removeprefix("./")
        outside = path.startswith("/") or path in ("~", "") or ".." in path.split("/")
        if outside or (path.startswith("~") and not path.startswith("~/")):
            message = f"{show(scalar.text)} can not be kept: neither in the checkout nor below `~/`"
            reader.warn(scalar, "bad-path", message, "Name a directory in one of the two.")
        else:
            kept.append(path)
    return kept
