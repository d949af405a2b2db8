from __future__ import annotations

from dishwasher.core.findings import Level


def test_levels_are_githubs_and_stand_worst_first() -> None:
    assert [str(level) for level in Level] == ["failure", "warning", "notice"]
