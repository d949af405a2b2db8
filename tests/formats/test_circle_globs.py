"""Ruby's braces in globs."""

from __future__ import annotations

import pytest
from dishwasher.formats.circle import globs


@pytest.mark.parametrize(
    ("glob", "made"),
    [
        ("spec/*.rb", ["spec/*.rb"]),
        ("{a,b}/*.rb", ["a/*.rb", "b/*.rb"]),
        ("{a,b}.{c,d}", ["a.c", "a.d", "b.c", "b.d"]),
        ("x{,y}", ["x", "xy"]),
        ("{a,{b,c}d}", ["a", "bd", "cd"]),
        ("{open", ["{open"]),
        ("a,b}", ["a,b}"]),
        ("{a,a}", ["a"]),
    ],
)
def test_braces_are_alternatives(glob: str, made: list[str]) -> None:
    assert list(globs.expanded(glob)) == made


def test_too_many_alternatives_are_left_as_they_stand() -> None:
    glob = "{a,b}" * 40
    assert globs.expanded(glob) == (glob,)
