"""The Vault port over a dict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dishwasher.core.secret import SECRETS, Slot, StoredSecret
from dishwasher.errors import Conflict, UserError


class MemoryVault:
    """Secrets and their values by slot."""

    def __init__(self) -> None:
        self._rows: dict[Slot, tuple[StoredSecret, str]] = {}

    def put(self, secret: StoredSecret, value: str) -> None:
        others = [slot for slot in self._of(secret.slot.repository) if slot != secret.slot]
        if len(others) >= SECRETS:
            raise UserError(f"the repository has {len(others)} secrets, and {SECRETS} are kept")
        self._rows[secret.slot] = (secret, value)

    def list(self, repository: int) -> tuple[StoredSecret, ...]:
        return tuple(self._rows[slot][0] for slot in self._of(repository))

    def read(self, secrets: Sequence[StoredSecret], now: float) -> tuple[str, ...]:
        for secret in secrets:
            if secret.slot not in self._rows or self._rows[secret.slot][0] != secret:
                raise Conflict(f"the secret {secret.slot.name} has just been changed")
        values = tuple(self._rows[secret.slot][1] for secret in secrets)
        for secret, value in zip(secrets, values, strict=True):
            used_at = max(now, self._rows[secret.slot][0].used_at)
            self._rows[secret.slot] = (replace(secret, used_at=used_at), value)
        return values

    def delete(self, slot: Slot) -> bool:
        return self._rows.pop(slot, None) is not None

    def _of(self, repository: int) -> list[Slot]:
        slots = (slot for slot in self._rows if slot.repository == repository)
        return sorted(slots, key=lambda slot: (slot.environment, slot.store, slot.name))
