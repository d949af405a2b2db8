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
    too_large: bool = False
    """The last answer was 413: something between GitHub and us takes no such body, ever."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a delivery was to hand over."""

    event: str
    """As `X-GitHub-Event` names it."""
    body: bytes
    """A webhook's JSON, if not in the bytes that were signed."""


class Deliveries(Protocol):
    """GitHub's own log of what it sent us."""

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        """Deliveries since that time whose GUID has no successful one, the oldest first."""
        ...

    def redeliver(self, id: int) -> None: ...

    def content(self, id: int) -> Content:
        """Raises Gone where GitHub does not keep it any more."""
        ...
