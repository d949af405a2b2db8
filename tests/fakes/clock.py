"""A clock that moves when it is told to."""

from __future__ import annotations

NOON = 1_750_000_000.0
"""Any moment will do; one that is no round day shows mistakes in reckoning."""


class FakeClock:
    """Time stands still between calls of `advance`; secrets are numbered."""

    def __init__(self, now: float = NOON) -> None:
        self._now = now
        self.pace = 0.0
        """Seconds that go by with each look at it."""
        self._secrets = 0

    def now(self) -> float:
        self._now += self.pace
        return self._now

    def advance(self, seconds: float) -> None:
        """Let this much time go by; negative where the machine's clock is set back."""
        self._now += seconds

    def secret(self) -> str:
        self._secrets += 1
        return f"secret-{self._secrets:08d}"
