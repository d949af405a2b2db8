"""All chapters in their order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from dishwasher.demo.scene import Scene
from dishwasher.demo.story.new_words import NewWords
from dishwasher.demo.story.pages import Pages
from dishwasher.demo.story.release import Release
from dishwasher.demo.story.rye import Rye
from dishwasher.demo.story.stranger import Stranger
from dishwasher.demo.story.teller import Teller


class Story:
    """Tells what happens while it happens; `missed` holds what was expected and not seen."""

    def __init__(self, scene: Scene, say: Callable[[str], None]) -> None:
        self.teller = Teller(scene, say)
        self.pages = Pages(self.teller)
        self.new_words = NewWords(self.teller, self.pages)
        self.rye = Rye(self.teller)
        self.release = Release(self.teller, self.rye)
        self.stranger = Stranger(self.teller)

    @property
    def missed(self) -> list[str]:
        return self.teller.missed

    def tell(self) -> bool:
        """Whether everything went as it should."""
        begun = time.monotonic()
        for _ in self.chapters():
            pass
        self.teller.say(f"\nThat took {time.monotonic() - begun:.0f} s.")
        return not self.missed

    def links(self) -> Iterator[tuple[str, str]]:
        """What is worth a click after the story, with its address."""
        github = self.teller.repository.html_url
        yield "the pull request", f"{github}/pull/{self.new_words.number}"
        yield "the stranger's", f"{github}/pull/{self.stranger.number}"
        yield from self.pages.links()
        for name, site in self.teller.scene.hosting.sites.items():
            yield f"{name} itself", site.url

    def chapters(self) -> Iterator[str]:
        """Tell one after the other; after each its name, for who wants to look around."""
        teller = self.teller
        teller.say("\nThe site of a bakery, with the App installed: " + teller.repository.html_url)
        for chapter in (
            self.new_words.red,
            self.new_words.green,
            self.new_words.merged,
            self.rye.rerun,
            self.rye.superseded,
            self.rye.cancelled,
            self.rye.commanded,
            self.release.queued,
            self.release.tagged,
            self.stranger.arrives,
            self.stranger.approved,
            self.pages.shown,
        ):
            chapter()
            yield chapter.__name__
        refused = teller.scene.github.violations
        teller.say("")
        teller.see("GitHub would have refused none of our requests", not refused)
