from __future__ import annotations

from dishwasher.core.findings import Level
from dishwasher.core.job import Conclusion, State
from dishwasher.web import tone


def test_every_conclusion_and_state_has_a_look() -> None:
    assert set(tone.TONE) == set(Conclusion)
    assert set(tone.WORD) == set(State) - {State.CONCLUDED}
    assert set(tone.LEVEL) == set(Level)
