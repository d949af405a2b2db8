"""What the forge has sent, by its own log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that GitHub could not hand over, however often it was tried.

    Times are seconds since the epoch.
    """

    id: int
    """GitHub's, of the last try."""
    guid: str
    first: float
    """When it was tried first, so far as was looked back."""
    last: float
    tries: int = 1


class Deliveries(Protocol):
    """GitHub's own log of what it sent us."""

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        """Deliveries since that time whose GUID has no successful one, the oldest first."""
        ...

    def redeliver(self, id: int) -> None: ...
