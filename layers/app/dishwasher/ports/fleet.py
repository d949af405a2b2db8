"""Where runners come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # For the annotations alone: who only rings a bell need not load all that can be told.
    from dishwasher.core.size import Size
    from dishwasher.core.ticket import Bootstrap


class Fleet(Protocol):
    """Where runners come from."""

    def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
        """Begin a runner; returns before it runs. Raises InfraError when none can be had, Throttled
        when a limit says so that passes: then none has been begun.

        `tenant`: whose code it runs. No two tenants may share a place, not even in turn.
        `size`: one of those that this fleet has, with the job's own seconds and wishes in it.
        """
        ...

    def stop(self, attempt: str) -> None:
        """End the runner of this attempt if it is still there."""
        ...
