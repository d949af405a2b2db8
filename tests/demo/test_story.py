"""The demo's story, told to its end over real processes: what it sees is what it asserts."""

from __future__ import annotations

import pytest
from dishwasher.core.sandbox import Level
from dishwasher.demo.scene import Scene
from dishwasher.demo.story import Story

pytestmark = pytest.mark.slow
CHAPTERS = [
    *("red", "green", "merged"),
    *("rerun", "superseded", "cancelled", "commanded"),
    *("queued", "tagged"),
    *("arrives", "approved"),
    "shown",
]


def test_everything_is_seen_that_the_story_tells_of() -> None:
    said: list[str] = []
    with Scene() as scene:
        story = Story(scene, said.append)
        told = list(story.chapters())
        folder = scene.folder
    assert story.missed == [], "\n".join(said)
    assert told == CHAPTERS
    assert not folder.exists()


def test_a_stranger_is_refused_where_there_is_no_jail() -> None:
    said: list[str] = []
    with Scene(Level.PLAIN) as scene:
        story = Story(scene, said.append)
        story.stranger.arrives()
        story.stranger.approved()
    assert story.missed == [], "\n".join(said)
    assert "as it should be: they are refused with the reason" in "\n".join(said)
