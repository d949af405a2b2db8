"""Repositories that were renamed since we heard their name: addressed by name, keyed by id."""

from __future__ import annotations

import threading

from dishwasher.core.event import Repository

CONFIRMED = 60.0
"""Seconds for which a name that was just looked up is not looked up again."""
MOST = 1000
"""Confirmations that are kept."""


class Names:
    """Remembers the present name of a repository for the name that an event gave it."""

    def __init__(self) -> None:
        self._present: dict[int, tuple[str, str]] = {}
        self._confirmed: dict[int, float] = {}
        self._lock = threading.Lock()

    def of(self, repository: Repository) -> str:
        """`owner/name` by which to address the repository."""
        with self._lock:
            given, present = self._present.get(repository.id, ("", ""))
        # A later event may know a newer name than we have looked up.
        return present if given == repository.full_name else repository.full_name

    def learn(self, repository: Repository, present: str, now: float) -> None:
        """GitHub says that this is the repository's name."""
        with self._lock:
            if present.lower() == repository.full_name.lower():
                self._present.pop(repository.id, None)
            else:
                self._present[repository.id] = (repository.full_name, present)
            while len(self._confirmed) >= MOST:
                del self._confirmed[next(iter(self._confirmed))]
            self._confirmed[repository.id] = now

    def is_confirmed(self, repository: Repository, now: float) -> bool:
        with self._lock:
            return 0 <= now - self._confirmed.get(repository.id, -CONFIRMED) < CONFIRMED
