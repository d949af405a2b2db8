"""What is left of everything on our own pages."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.demo.story.teller import Teller, build_of, fetch, words


class Pages:
    """`job` is the page of one that failed."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self.job = ""

    @property
    def build(self) -> str:
        return f"{self._teller.scene.url}/builds/{build_of(self.job)}"

    @property
    def repository(self) -> str:
        return f"{self._teller.scene.url}/repositories/{self._teller.repository.id}"

    def shown(self) -> None:
        teller = self._teller
        teller.begin("The pages of all that")
        name = teller.repository.full_name
        teller.see("the front page lists the repository", name in words(teller.scene.url))
        listed = words(self.repository)
        parts = ("new-words", "rye", "merge queue of master", "v1.0", "#3")
        teller.see(
            "the repository's page lists builds of pull requests, the queue and the tag",
            all(part in listed for part in parts),
        )
        badge = fetch(f"{self.repository}/badge.svg")
        teller.see("its badge says that master passed", "build: passed" in badge)
        teller.see(
            "a build's page has its timeline", "from the first to the last" in words(self.build)
        )
        found = words(f"{self.job}/search?q=AssertionError")
        teller.see("a log is searched for an assertion", "lines have “AssertionError”" in found)

    def links(self) -> Iterator[tuple[str, str]]:
        """What they are, with their addresses."""
        yield "all builds", self.repository
        yield "the first build", self.build
        yield "a failed job's log", f"{self.job}#term"
