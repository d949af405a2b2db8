"""Where secrets are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # For the annotations alone: who only rings a bell need not load all that can be told.
    from dishwasher.core.secret import Slot, StoredSecret


class Vault(Protocol):
    """Where secrets are kept; no listing, repr or fault of it holds a value."""

    def put(self, secret: StoredSecret, value: str) -> None:
        """Set or replace what is in the slot; raises UserError where the repository's are full."""
        ...

    def list(self, repository: int) -> tuple[StoredSecret, ...]:
        """Every secret of a repository, by environment, store and name."""
        ...

    def read(self, secrets: Sequence[StoredSecret], now: float) -> tuple[str, ...]:
        """Their values in this order, and remember that they were used now.

        Raises Conflict where one is no longer stored as it is given: its rules may be others now.
        """
        ...

    def delete(self, slot: Slot) -> bool:
        """Forget the secret; False where there is none."""
        ...
