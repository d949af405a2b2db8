from __future__ import annotations

from xml.etree import ElementTree

import pytest
from dishwasher.core.job import Conclusion
from dishwasher.web.badge import COLOUR, UNKNOWN, badge
from dishwasher.web.history import JUDGED

from tests.web.test_history import entry


@pytest.mark.parametrize(
    ("conclusion", "word", "colour"),
    [
        (Conclusion.SUCCESS, "passed", "#1a7f47"),
        (Conclusion.NEUTRAL, "passed", "#1a7f47"),
        (Conclusion.FAILURE, "failed", "#cf2f3d"),
        (Conclusion.TIMED_OUT, "timed out", "#cf2f3d"),
    ],
)
def test_the_newest_verdict_is_drawn(conclusion: Conclusion, word: str, colour: str) -> None:
    other = entry(4, "fix", conclusion=Conclusion.FAILURE)
    passed_over = entry(3, conclusion=Conclusion.CANCELLED)
    running = entry(5, ended=0.0, conclusion=None)
    picture = badge([running, other, passed_over, entry(2, conclusion=conclusion)], "master")
    assert ElementTree.fromstring(picture).get("aria-label") == f"build: {word}"
    assert colour in picture


def test_a_branch_without_a_verdict_is_unknown() -> None:
    picture = badge([entry(1)], '"><script>')
    assert ElementTree.fromstring(picture).get("aria-label") == "build: unknown"
    assert UNKNOWN in picture and "script" not in picture


def test_every_verdict_has_its_colour() -> None:
    assert set(COLOUR) == JUDGED
