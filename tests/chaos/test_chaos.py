"""A few kills in every test run; `make chaos N=50` does more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import Chaos


@pytest.mark.slow
def test_nothing_is_lost_stuck_or_deployed_twice(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path, seed=7, say=print)
    assert chaos.run(kills=5), chaos.wrong
    assert sum(chaos.kills.values()) == 5
