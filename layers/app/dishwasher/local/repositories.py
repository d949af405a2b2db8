"""Which repositories GitHub has told this server of, as its own database remembers them."""

from __future__ import annotations

import json

from dishwasher.core.codec import decode
from dishwasher.core.event import Repository
from dishwasher.local.database import Database, to_column

BUILT = """
WITH RECURSIVE known (grp) AS (
    SELECT (SELECT min(grp) FROM rows WHERE kind = 'entry' AND grp > '' AND grp <> '')
    UNION ALL
    SELECT (SELECT min(grp) FROM rows WHERE kind = 'entry' AND grp > known.grp AND grp <> '')
    FROM known WHERE known.grp IS NOT NULL
), newest (grp, id) AS (
    SELECT grp, (SELECT max(id) FROM rows WHERE kind = 'entry' AND grp = known.grp AND grp <> '')
    FROM known WHERE grp IS NOT NULL
)
SELECT json_extract(entry.body, '$.created'), coalesce(
    (SELECT json_extract(body, '$.repository') FROM rows WHERE kind = 'place' AND id = newest.grp),
    (SELECT json_extract(body, '$.event.repository') FROM rows
        WHERE kind = 'build' AND id = json_extract(entry.body, '$.build'))
)
FROM newest CROSS JOIN rows AS entry ON entry.kind = 'entry' AND entry.id = newest.id
"""
"""Of each repository its newest build, and what it is called by now."""
WAITING = """
SELECT json_extract(body, '$.event.repository') FROM rows
WHERE kind = 'delivery' AND due > 0 ORDER BY due DESC
"""
HEARD = """
SELECT json_extract(body, '$.event.repository')
FROM rows
WHERE kind = 'delivery' AND due = 0
    AND lower(
        json_extract(body, '$.event.repository.owner') || '/' ||
        json_extract(body, '$.event.repository.name')
    ) = ?
ORDER BY json_extract(body, '$.received') DESC
LIMIT 1
"""
"""The latest, of all that GitHub may still repeat."""


def find(database: Database, full_name: str) -> Repository | None:
    """What was last told of `owner/name`, None where it was never heard of.

    GitHub's names are the same in capitals and small letters. A look at each repository, however
    many builds it has; deliveries are gone through only for one that has no build.
    """
    name = full_name.lower()
    with database.reading() as connection:
        built = [
            (created, decode(Repository, json.loads(row)))
            for created, row in connection.execute(BUILT)
            if row is not None
        ]
        # The latest: a name may have belonged to another repository before.
        for _, repository in sorted(built, key=lambda one: one[0], reverse=True):
            if repository.full_name.lower() == name:
                return repository
        heard = connection.execute(WAITING).fetchall()
        heard += connection.execute(HEARD, (to_column(name),)).fetchall()
    found = (decode(Repository, json.loads(row)) for (row,) in heard if row is not None)
    return next((one for one in found if one.full_name.lower() == name), None)
