"""This machine's time and chance."""

from __future__ import annotations

import secrets
import time

SECRET_BYTES = 24
"""192 bits: more than the 128 that the port asks for, and 32 characters without padding."""


class SystemClock:
    """The Clock port over the operating system."""

    def now(self) -> float:
        return time.time()

    def secret(self) -> str:
        return secrets.token_urlsafe(SECRET_BYTES)
