"""A short soak; `make soak` is the long one."""

from __future__ import annotations

import random
from pathlib import Path

from tests.soak.run import Soak

SEED = 1
"""In its first wave no pull request is closed: such an event is looked at for two minutes."""


def test_every_delivery_of_a_short_soak_is_accounted_for(tmp_path: Path) -> None:
    soak = Soak(tmp_path, random.Random(SEED), deliveries=60, events=12)
    soak.run()
    assert soak.wrong == []
