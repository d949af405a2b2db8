"""The data folder: who may read it, the table in it, and what takes how much room."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from dishwasher.cli.checkup.finding import Finding, fail, note, ok, split, warn
from dishwasher.cli.checkup.machine import size
from dishwasher.errors import Fault
from dishwasher.local.database import FILE
from dishwasher.local.key_file import KeyFile
from dishwasher.local.schema import MIGRATIONS
from dishwasher.wiring import registration

AREA = "data"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECONDS = 3.0
"""For the check of the table, and for the count of what is stored."""
STEPS = 10_000
"""Of SQLite's machine between two looks at the clock."""
KEY = "DISHWASHER_GITHUB_PRIVATE_KEY"
FILES = (KEY, "DISHWASHER_GITHUB_WEBHOOK_SECRET", "DISHWASHER_GITHUB_CLIENT_SECRET")


def look(environment: Mapping[str, str], data: Path) -> Iterator[Finding]:
    yield from _keys(environment)
    if not data.exists():
        yield note(AREA, "folder", f"{data} is not there yet; `dishwasher serve` makes it")
        return
    yield _folder(data)
    if not os.access(data, os.R_OK | os.X_OK) or not data.is_dir():
        return
    try:
        KeyFile(data).check()
        registration.stored(data)
    except Fault as fault:
        yield fail(AREA, "keys", *split(str(fault)))
    yield _table(data / FILE)
    yield _room(data)


def _keys(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Files that the settings name, as far as they are files."""
    for name in FILES:
        path = Path(os.path.expanduser(environment.get(name, "").strip() or "-"))
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            # A secret as text, which is no path; what can not be read is told with the settings.
            continue
        if stat.S_ISREG(mode) and mode & OTHERS:
            yield fail(
                AREA,
                "keys",
                f"others on this machine may read the file of {name}",
                f"chmod 600 {path}, and make a new one if somebody may have read it",
            )


def _folder(data: Path) -> Finding:
    found = data.stat()
    if not stat.S_ISDIR(found.st_mode):
        return fail(AREA, "folder", f"{data} is no folder", "choose another with --data")
    if found.st_uid != os.geteuid():
        return fail(
            AREA,
            "folder",
            f"{data} belongs to another user",
            "run this as the user of `dishwasher serve`",
        )
    if found.st_mode & OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        text = f"others on this machine may look into {data} (mode {mode:o})"
        return fail(AREA, "folder", text, f"chmod 700 {data}")
    return ok(AREA, "folder", f"{data}, for its owner only")


def _table(path: Path) -> Finding:
    if not path.exists():
        return note(AREA, "table", "none yet; `dishwasher serve` makes it")
    if path.stat().st_mode & OTHERS:
        return fail(AREA, "table", f"others may read {path}", f"chmod 600 {path}")
    restore = "stop the server, and put a copy of the folder back"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as table:
            (schema,) = table.execute("PRAGMA user_version").fetchone()
            if schema > len(MIGRATIONS):
                text = f"its schema is {schema}, and this Dishwasher knows {len(MIGRATIONS)}"
                return fail(AREA, "table", text, "update this Dishwasher")
            whole = _is_whole(table)
    except sqlite3.Error as error:
        return fail(AREA, "table", f"{path} can not be read: {error}", restore)
    if whole:
        return fail(AREA, "table", f"{path} is damaged: {whole}", restore)
    text = f"schema {schema}, {size(path.stat().st_size)}"
    if schema < len(MIGRATIONS):
        return note(AREA, "table", f"{text}; the next start brings it to {len(MIGRATIONS)}")
    return ok(AREA, "table", text)


def _is_whole(table: sqlite3.Connection) -> str:
    """What is damaged; nothing where the check was not over in time, either."""
    end = time.monotonic() + SECONDS
    table.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        (said,) = table.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return ""
        raise
    return "" if said == "ok" else str(said)


def _room(data: Path) -> Finding:
    """What each part of the folder takes, the largest first."""
    end = time.monotonic() + SECONDS
    parts: dict[str, int] = {}
    whole = True
    for part in _parts(data):
        name = str(part.relative_to(data))
        parts[name] = 0
        for count in _sizes(part):
            parts[name] += count
            if time.monotonic() > end:
                whole = False
                break
    largest = sorted(parts.items(), key=lambda item: -item[1])[:6]
    text = ", ".join(f"{name} {size(count)}" for name, count in largest if count)
    told = f"{size(sum(parts.values()))}: {text}" if text else "nothing"
    if not whole:
        return warn(AREA, "size", f"more than {told}", "that many files make everything slow")
    return ok(AREA, "size", told)


def _parts(data: Path) -> Iterator[Path]:
    for path in data.iterdir():
        if path.name == "blobs" and path.is_dir():
            yield from path.iterdir()
        else:
            yield path


def _sizes(path: Path) -> Iterator[int]:
    """What files take on the disk; some come and go meanwhile."""
    try:
        found = path.lstat()
        yield found.st_blocks * 512
        if stat.S_ISDIR(found.st_mode):
            for inner in path.iterdir():
                yield from _sizes(inner)
    except OSError:
        return
