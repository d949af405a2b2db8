"""Who tells the story: says what happens, waits for it, and remembers what was not seen."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from dishwasher.demo.github import CheckRun, Comment, Repo
from dishwasher.demo.scene import Scene

PATIENCE = 90.0
"""Seconds for one thing that is waited for; on two cores each takes a few."""
ANSWER_SECONDS = 10.0

PREFIX = "dishwasher / "
SIGN = {
    "success": "✔",
    "failure": "✖",
    "neutral": "●",
    "cancelled": "○",
    "skipped": "○",
    "action_required": "!",
}


@dataclass
class Teller:
    """`missed` holds what was expected and not seen."""

    scene: Scene
    say: Callable[[str], None]
    missed: list[str] = field(default_factory=list)
    _chapter: int = 0

    def __post_init__(self) -> None:
        self.repository: Repo = self.scene.repository()

    def begin(self, what: str) -> None:
        """A new chapter."""
        self._chapter += 1
        self.say(f"\n{self._chapter}. {what}")

    def see(self, what: str, seen: bool) -> None:
        self.say(f"   {'as it should be' if seen else 'MISSED'}: {what}")
        if not seen:
            self.missed.append(what)

    def wait(self, predicate: Callable[[], object], what: str) -> bool:
        """Whether it came true; said only where it did not."""
        try:
            self.scene.github.wait_for(predicate, PATIENCE)
        except TimeoutError:
            self.see(what, False)
            return False
        return True

    def concluded(
        self, sha: str, wanted: Collection[str], known: Collection[int] = ()
    ) -> dict[str, CheckRun]:
        """Check runs of these jobs, told as they conclude; `known` are ids of earlier ones."""
        told: dict[str, CheckRun] = {}
        end = time.monotonic() + PATIENCE

        def more() -> list[CheckRun]:
            return [
                run
                for run in self.scene.github.check_runs(sha)
                if run.status == "completed" and run.id not in known
                if job(run) in wanted and job(run) not in told
            ]

        while set(wanted) - told.keys():
            try:
                fresh = self.scene.github.wait_for(more, max(end - time.monotonic(), 0.0))
            except TimeoutError:
                break
            for run in fresh:
                told[job(run)] = run
                self.tell(run)
        for name in sorted(set(wanted) - told.keys()):
            self.see(f"{name} concludes", False)
        return told

    def tell(self, run: CheckRun) -> None:
        """One line of a check run that has concluded."""
        sign = SIGN.get(run.conclusion or "", "?")
        self.say(f"   {sign} {job(run):<14} {run.output.title or '':<20} {run.details_url}")

    def expect(self, runs: dict[str, CheckRun], conclusion: str, *names: str) -> None:
        """Say so where one of these has concluded otherwise."""
        for name in names:
            if name in runs and runs[name].conclusion != conclusion:
                self.see(f"{name} is {conclusion}, not {runs[name].conclusion}", False)

    def ours(self, number: int) -> list[Comment]:
        """The bot's own comments on a pull request."""
        return [one for one in self.repository.comments(number) if one.app_id is not None]

    def reactions(self, comment: Comment) -> list[str]:
        """How the comment was answered, in GitHub's words."""
        with self.scene.github.world.lock:
            return [one.content for one in self.scene.github.world.reactions.of(comment.id)]


def job(run: CheckRun) -> str:
    return run.name.removeprefix(PREFIX)


def build_of(page: str) -> str:
    """The id of the build that the job with this page belongs to."""
    return page.rpartition("/")[2].rpartition("-")[0]


def plain(text: str | None) -> str:
    """Markdown of ours without the backslashes that keep its text from being markup."""
    return (text or "").replace("\\", "")


def fetch(url: str) -> str:
    """What a browser would get there; where nothing answers, why."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.HTTPError as error:
        with error:
            return str(error)
    except OSError as error:
        return str(error)


def words(url: str) -> str:
    """The text of a page, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", fetch(url)).split())
