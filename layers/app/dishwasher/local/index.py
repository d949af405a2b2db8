"""Ids of stored rows, found by what people know of them: the newest, or how an id begins."""

from __future__ import annotations

from dishwasher.local.database import Database, from_column, to_column

NEWEST = "SELECT id FROM rows WHERE kind = 'entry' AND id < ? ORDER BY id DESC LIMIT ?"
BEGINNING = "SELECT id FROM rows WHERE kind = 'build' AND id >= ? AND id < ? ORDER BY id LIMIT ?"
COMMITS = """
SELECT DISTINCT grp FROM rows
WHERE kind = 'build' AND grp >= ? AND grp < ? AND grp <> '' ORDER BY grp LIMIT ?
"""
REPOSITORIES = """
WITH RECURSIVE known (grp) AS (
    SELECT (SELECT min(grp) FROM rows WHERE kind = 'entry' AND grp > '' AND grp <> '')
    UNION ALL
    SELECT (SELECT min(grp) FROM rows WHERE kind = 'entry' AND grp > known.grp AND grp <> '')
    FROM known WHERE known.grp IS NOT NULL
)
SELECT grp FROM known WHERE grp IS NOT NULL
"""
"""From one repository to the next, however many builds each has."""
AFTER_DIGITS = "g"
"""Sorts behind each hexadecimal digit."""
LAST = "\U0010ffff"


class Index:
    """Each of these looks at as many rows as it answers, however many there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, limit: int, before: str = LAST) -> tuple[str, ...]:
        """Ids of the last lines of all repositories' lists, the newest first."""
        return self._ids(NEWEST, (to_column(before), limit))

    def builds(self, beginning: str, limit: int) -> tuple[str, ...]:
        """Ids of builds that begin so; `beginning` is of hexadecimal digits."""
        return self._ids(BEGINNING, (beginning, beginning + AFTER_DIGITS, limit))

    def commits(self, repository: int, beginning: str, limit: int) -> tuple[str, ...]:
        """The repository's commits with a build that begin so, as groups of builds."""
        start = f"{repository}/{beginning}"
        return self._ids(COMMITS, (start, start + AFTER_DIGITS, limit))

    def repositories(self) -> tuple[int, ...]:
        """Ids of all that have a build."""
        return tuple(map(int, self._ids(REPOSITORIES, ())))

    def _ids(self, query: str, values: tuple[str | bytes | int, ...]) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return tuple(from_column(id) for (id,) in connection.execute(query, values))
