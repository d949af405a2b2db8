"""What the forge has sent, by its own log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that GitHub could not hand over: GitHub's id of it, and its GUID."""

    id: int
    guid: str


class Deliveries(Protocol):
    """GitHub's own log of what it sent us."""

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        """Deliveries since that time whose GUID has no successful one."""
        ...

    def redeliver(self, id: int) -> None: ...
