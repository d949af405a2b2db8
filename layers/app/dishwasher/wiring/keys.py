"""Keys that are made from the webhook secret, so that there is only one to keep."""

from __future__ import annotations

import hashlib
import hmac


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, the same after each restart."""
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()
