"""A short soak; `make soak` is the long one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.soak.run import Soak

SEEDS = (3, 6, 9)
"""In whose waves no event is of the past when it comes: such a one is looked at for two minutes."""


@pytest.mark.parametrize("seed", SEEDS)
def test_every_delivery_of_a_short_soak_is_accounted_for(tmp_path: Path, seed: int) -> None:
    soak = Soak(tmp_path, random.Random(seed), deliveries=60, events=12)
    soak.run()
    assert soak.wrong == []
