"""Times, sizes and verdicts in words."""

from __future__ import annotations

import pytest
from dishwasher.core.rendering import ago, duration, size, used
from dishwasher.core.result import StepResult


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "under 0.1 s"), (0.44, "0.4 s"), (9.96, "10.0 s"), (12.4, "12 s"), (59.7, "1 min 0 s")],
)
def test_a_duration_is_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(200) == "3 min 20 s"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (312, "312 B"), (4_100, "4.1 KB"), (12_000_000, "12 MB"), (10**13, "10000 GB")],
)
def test_a_size_is_for_people(count: int, text: str) -> None:
    assert size(count) == text


def test_what_a_step_has_used_is_told_as_far_as_it_is_known() -> None:
    assert used(StepResult("make")) == ""
    step = StepResult("make", cpu_seconds=3.0, peak_bytes=2_000_000)
    assert used(step) == "3.0 s of processor time, 2.0 MB of memory at most"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(59, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (86_400 * 3, "3 days ago")],
)
def test_how_long_ago_something_was_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert ago(seconds) == text
