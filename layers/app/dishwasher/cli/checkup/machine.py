"""The machine: programs, walls around jobs, room on the disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dishwasher.cli.checkup.finding import Finding, fail, note, ok, split, warn
from dishwasher.core.sandbox import AUTO, Level
from dishwasher.core.ticket import GIBIBYTE
from dishwasher.errors import UserError
from dishwasher.local import machine
from dishwasher.runner.sandbox import jail, probe
from dishwasher.runner.services.table import RECIPES

AREA = "machine"
NEARLY_FULL, LOW = 2 * GIBIBYTE, 10 * GIBIBYTE
"""Bytes that are free: one job's checkout, packages and artifacts take some GiB."""
FEW_FILES = 50_000
"""Inodes that are free; a `node_modules` takes as many."""


def look(environment: Mapping[str, str], data: Path, sandbox: str) -> Iterator[Finding]:
    yield _programs(environment)
    yield _spelling(environment)
    yield _walls(sandbox)
    yield _services()
    yield from _disk(data)


def _programs(environment: Mapping[str, str]) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    try:
        machine.require(environment.get("PATH"))
    except UserError as error:
        return fail(AREA, "programs", *split(str(error)))
    if lack := machine.without_git(environment.get("PATH")):
        head, todo = split(lack)
        text = f"{head}; jobs get their commit without history or changed lines"
        return warn(AREA, "programs", text, todo)
    return ok(AREA, "programs", f"Python {version}, git and bash")


def _spelling(environment: Mapping[str, str]) -> Finding:
    beside = os.pathsep.join((str(Path(sys.executable).parent), environment.get("PATH", "")))
    if shutil.which("typos", path=beside):
        return ok(AREA, "spelling", "typos")
    return warn(
        AREA,
        "spelling",
        "typos is missing, so `uses: spelling` ends as our fault",
        "pip install typos, into the environment of dishwasher",
    )


def _walls(wanted: str) -> Finding:
    try:
        isolation = probe.choose(wanted)
    except UserError as error:
        return fail(AREA, "sandbox", *split(str(error).rstrip(".")))
    if not isolation.lacks and isolation.level is Level.JAILED:
        return ok(AREA, "sandbox", "jobs run jailed")
    text = f"jobs run {isolation.level}: {'; '.join(isolation.lacks)}"
    if isolation.level is Level.JAILED or wanted not in (AUTO, Level.JAILED):
        return note(AREA, "sandbox", text)
    if shutil.which(jail.PROGRAM) is None:
        return warn(AREA, "sandbox", text, f"apt install {jail.PACKAGE}")
    return warn(AREA, "sandbox", text, "see docs/sandbox.md: pull requests of strangers need walls")


def _services() -> Finding:
    there, missing = [], []
    for name, recipe in RECIPES.items():
        try:
            recipe.check()
            there.append(name)
        except UserError:
            missing.append(f"{name} (apt install {recipe.package})")
    text = f"here: {', '.join(there) or 'none'}"
    if not missing:
        return ok(AREA, "services", text)
    return note(AREA, "services", text, f"for jobs that ask for them: {', '.join(missing)}")


def _disk(data: Path) -> Iterator[Finding]:
    place = data.absolute()
    while not place.exists():
        place = place.parent
    usage, files = shutil.disk_usage(place), os.statvfs(place)
    yield from room(data, usage.free, usage.total, files.f_files, files.f_favail)


def room(data: Path, free: int, total: int, files: int, free_files: int) -> Iterator[Finding]:
    """Of the file system below the folder: bytes, and inodes where it counts them."""
    text = f"{size(free)} of {size(total)} free for {data}"
    todo = "make room, or keep less: DISHWASHER_KEEP_DAYS and DISHWASHER_KEEP_GB"
    if free < NEARLY_FULL:
        yield fail(AREA, "disk", text, todo)
    elif free < LOW:
        yield warn(AREA, "disk", text, todo)
    else:
        yield ok(AREA, "disk", text)
    # Some file systems make them as they are needed, and tell of none.
    if files > 0 and free_files < FEW_FILES:
        yield fail(AREA, "files", f"room for {free_files} more files only", todo)


def size(count: float) -> str:
    """Bytes as people say them."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
