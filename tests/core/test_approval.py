from __future__ import annotations

from dishwasher.core.approval import Approval

from tests.fakes.clock import NOON
from tests.samples import SHA


def test_an_approval_says_who_when_for_what_and_what_it_gives_not() -> None:
    approval = Approval(SHA, 7, "ann", NOON, 12)
    assert approval.sentence.startswith("Approved by ann at 20")
    assert f" for {SHA[:12]} alone: " in approval.sentence
    assert approval.sentence.endswith("own configuration, in a jail and without secrets.")
