"""The machine's time and chance."""

from __future__ import annotations

import re
import time

from dishwasher.local.clock import SystemClock


def test_it_tells_the_time() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()


def test_secrets_are_new_long_and_safe_in_urls() -> None:
    secrets = {SystemClock().secret() for _ in range(1000)}
    assert len(secrets) == 1000
    # 22 characters of base64 are 132 bits.
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22,}", secret) for secret in secrets)
