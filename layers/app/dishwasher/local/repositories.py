"""Which repositories GitHub has told this server of, as its own database remembers them."""

from __future__ import annotations

import json

from dishwasher.core.codec import decode
from dishwasher.core.event import Repository
from dishwasher.local.database import Database, to_column

FIND = """
    SELECT json_extract(body, '$.event.repository')
    FROM rows
    WHERE kind IN ('build', 'delivery')
        AND lower(
            json_extract(body, '$.event.repository.owner') || '/' ||
            json_extract(body, '$.event.repository.name')
        ) = ?
    ORDER BY coalesce(json_extract(body, '$.received'), json_extract(body, '$.created')) DESC
    LIMIT 1
"""
"""The latest: a name may have belonged to another repository before."""


def find(database: Database, full_name: str) -> Repository | None:
    """What was last told of `owner/name`, None where it was never heard of.

    Reads every build, so it is slow. GitHub's names are the same in capitals and small letters.
    """
    with database.reading() as connection:
        row = connection.execute(FIND, (to_column(full_name.lower()),)).fetchone()
    return None if row is None else decode(Repository, json.loads(row[0]))
