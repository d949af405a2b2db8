"""Test reports that a job has written, read where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dishwasher.checks import junit
from dishwasher.core.findings import Finding, Level
from dishwasher.core.outcome import BAD, TestCase, TestSummary, summarise
from dishwasher.core.outputs import REPORTS_FOLDER, ReportFormat, ReportSet
from dishwasher.errors import UserError
from dishwasher.runner import files
from dishwasher.runner.mask import Mask

FILES = 2_000
"""Files of one job that are read; Django's runners write one for each class of tests."""
DEPTH = 12
"""Folders of a path, or parts of a name, that a file is looked for by."""
DETAILS = 2_000
"""Characters of what a test printed that a result carries; the report itself is an artifact."""
_DOTTED = re.compile(r"[A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99}){0,30}")


@dataclass(frozen=True, slots=True)
class Read:
    """What all reports of a job say together; `tests` is None where there was none."""

    tests: TestSummary | None
    findings: tuple[Finding, ...]
    """One for each failing test whose place is a file of the checkout."""
    notes: tuple[str, ...]


def read(
    sets: tuple[ReportSet, ...], checkout: Path, reports: Path, start: str, mask: Mask
) -> Read:
    """`start` is the folder, relative to the checkout, that the steps started in."""
    cases: list[TestCase] = []
    notes: list[str] = []
    seen = 0
    for wanted in sets:
        if wanted.format is not ReportFormat.JUNIT:
            continue
        for path, place in _files(wanted, checkout, reports):
            seen += 1
            if seen > FILES:
                notes.append(f"Only the first {FILES:,} test reports were read.")
                break
            try:
                # Before texts are cut: half a secret could not be found any more.
                cases += junit.read(mask.bytes(_bytes(place)))
            except UserError as error:
                notes.append(f"{path}: {error}")
            except OSError as error:
                notes.append(f"{path} can not be read: {error.strerror}.")
    if not cases:
        return Read(None, (), tuple(notes))
    tests = summarise(cases)
    failing = tuple(replace(case, details=case.details[-DETAILS:]) for case in tests.failing)
    found = (_finding(case, checkout, start) for case in cases if case.status in BAD)
    return Read(
        replace(tests, failing=failing),
        tuple(finding for finding in found if finding is not None),
        tuple(notes),
    )


def _files(wanted: ReportSet, checkout: Path, reports: Path) -> Iterator[tuple[str, str]]:
    in_folder = wanted.base == REPORTS_FOLDER
    bases = [reports] if in_folder else files.folders(checkout, wanted.base)
    for base in bases:
        for glob in wanted.files:
            yield from files.found(base, glob)


def _bytes(place: str) -> bytes:
    """A little more than what is read of one, so that a larger one is refused by its size."""
    # A job may put a pipe there, or a link to what is not its own.
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        return file.read(junit.SIZE + 1)


def _finding(case: TestCase, checkout: Path, start: str) -> Finding | None:
    path = _inside(case.path, checkout, start)
    if path is None and not case.path:
        path = _module(case.class_name, checkout, start)
    if path is None:
        return None
    line = max(1, case.line)
    return Finding(path, line, line, Level.FAILURE, case.message or "failed", case.title)


def _inside(written: str, checkout: Path, start: str) -> str | None:
    """The path in the checkout: tools write it from where they were started."""
    if not written or "\0" in written:
        return None
    root = os.path.realpath(checkout)
    # Go writes `example.org/module/package/file_test.go`, and where the module begins is anywhere.
    parts = written.split("/") if written.endswith("_test.go") else [written]
    for first in range(min(len(parts), DEPTH)):
        for folder in (start, ""):
            real = os.path.realpath(os.path.join(root, folder, *parts[first:]))
            if real.startswith(root + os.sep) and os.path.isfile(real):
                return os.path.relpath(real, root)
    return None


def _module(name: str, checkout: Path, start: str) -> str | None:
    """The file of a dotted name such as `app.tests.TestCart`, as Python's reports have it."""
    parts = name.split(".") if _DOTTED.fullmatch(name) else []
    for last in range(min(len(parts), DEPTH), 0, -1):
        if path := _inside(f"{'/'.join(parts[:last])}.py", checkout, start):
            return path
    return None
