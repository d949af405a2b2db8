from __future__ import annotations

from dishwasher.core.codec import decode, encode
from dishwasher.core.home import HOMES, Home


def test_all_homes_are_listed_together_and_never_due() -> None:
    home = Home("1296269")
    assert (home.group, home.due) == (HOMES, 0.0)
    assert decode(Home, encode(home)) == home
