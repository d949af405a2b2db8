"""All that a stack runs jobs in, as one fleet: the size that was chosen says which part has it."""

from __future__ import annotations

from collections.abc import Mapping

from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError
from dishwasher.ports import Fleet


class Fleets:
    """Implements `ports.Fleet`; `parts` by the names of their sizes."""

    def __init__(self, parts: Mapping[str, Fleet]) -> None:
        self._parts = dict(parts)

    def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
        part = self._parts.get(size.name)
        if part is None:
            raise InfraError(f"this stack has no runners of the size {size.name!r}")
        part.start(bootstrap, tenant, size)

    def stop(self, attempt: str) -> None:
        """Nobody keeps which part has it, and none minds being asked for what it has not."""
        for part in dict.fromkeys(self._parts.values()):
            part.stop(attempt)
