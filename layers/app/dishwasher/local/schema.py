"""The tables of the embedded mode's file, and the way from any older ones to these."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from dishwasher.errors import InfraError

INCREMENTAL = 2
"""Free pages are cut off when asked for: https://www.sqlite.org/pragma.html#pragma_auto_vacuum"""

MIGRATIONS = (
    """
    CREATE TABLE rows (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        grp TEXT NOT NULL,
        due REAL NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    );
    CREATE INDEX rows_by_group ON rows (kind, grp, id) WHERE grp <> '';
    CREATE INDEX rows_by_due ON rows (kind, due, id) WHERE due > 0;
    CREATE TABLE messages (
        topic TEXT NOT NULL,
        key TEXT NOT NULL,
        visible_at REAL NOT NULL,
        holder TEXT NOT NULL,
        again REAL,
        PRIMARY KEY (topic, key)
    ) WITHOUT ROWID;
    CREATE INDEX messages_by_time ON messages (topic, visible_at, key);
    """,
    """
    CREATE TABLE secrets (
        repository INTEGER NOT NULL,
        environment TEXT NOT NULL,
        store TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        sealed BLOB NOT NULL,
        used_at REAL NOT NULL,
        PRIMARY KEY (repository, environment, store, name)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE stock (
        entry TEXT PRIMARY KEY,
        home INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        stirred INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX stock_by_home ON stock (home, entry) WHERE home > 0;
    CREATE INDEX stock_with_files ON stock (entry, bytes) WHERE bytes > 0;
    CREATE INDEX stock_stirred ON stock (entry) WHERE stirred > 0;
    CREATE TRIGGER entry_begun AFTER INSERT ON rows WHEN NEW.kind = 'entry' BEGIN
        INSERT INTO stock VALUES (NEW.id, 0, 0, NEW.version);
    END;
    CREATE TRIGGER entry_changed AFTER UPDATE ON rows WHEN NEW.kind = 'entry' BEGIN
        UPDATE stock SET stirred = NEW.version WHERE entry = NEW.id;
    END;
    INSERT INTO stock SELECT id, 0, 0, version FROM rows WHERE kind = 'entry';
    CREATE INDEX rows_by_reception ON rows (kind, json_extract(body, '$.received'))
        WHERE kind = 'delivery' AND due = 0;
    DELETE FROM rows WHERE kind = 'tally';
    UPDATE rows SET due = CAST(strftime('%s', 'now') AS REAL),
            body = json_set(body, '$.due', CAST(strftime('%s', 'now') AS REAL))
        WHERE kind = 'pull' AND json_extract(body, '$.is_open') = 0;
    """,
)
"""Script n brings a file of `user_version` n to n + 1; scripts are added, never changed."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file up to date; raises InfraError when it is newer than this program.

    A file of an older schema is copied beforehand: a Dishwasher of then can still read the copy.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise InfraError(
            f"{path} was written by a newer Dishwasher (schema {version}, this one "
            f"knows {len(MIGRATIONS)}): update this one or choose another data folder"
        )
    if 0 < version < len(MIGRATIONS):
        _back_up(connection, path.with_name(f"{path.name}.schema-{version}"))
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (INCREMENTAL,):
        # Room of removed rows can go back to the disk; an existing file is rewritten for it once.
        connection.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
        connection.execute("VACUUM")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={number}; COMMIT")


def _back_up(connection: sqlite3.Connection, copy: Path) -> None:
    """Copy the whole file, in one step and for its owner only."""
    draft = copy.with_name(f"{copy.name}.new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection.execute("VACUUM INTO ?", (str(draft),))
    draft.replace(copy)
