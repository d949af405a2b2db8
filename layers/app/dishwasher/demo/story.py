"""The story: a pull request goes red, is mended, is merged, and the site is deployed."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from dishwasher.demo.github import CheckRun, Repo
from dishwasher.demo.scene import SAMPLE, Scene

PATIENCE = 90.0
"""Seconds for one chapter; on two cores each takes a few."""

MENU = "app/bakery/templates/bakery/menu.html"
PRICES = "app/bakery/prices.py"

LINT_ERROR = ("from decimal import Decimal\n", "import os\nfrom decimal import Decimal\n")
BUG = ("net * (1 + VAT)", "net * VAT")
TYPO = ("Fresh from the oven", "Freshly recieved from the oven")
MENDED = ("Fresh from the oven", "Freshly received from the oven")

SIGN = {"success": "✔", "failure": "✖", "neutral": "●", "cancelled": "○"}
CHECKS = ("lint", "customer-name", "spelling", "tests", "docs")


@dataclass
class Story:
    """Tells what happens while it happens; `missed` holds what was expected and not seen."""

    scene: Scene
    say: Callable[[str], None]
    missed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repository: Repo = self.scene.repository()

    def tell(self) -> bool:
        """Whether everything went as it should."""
        begun = time.monotonic()
        number = self.red()
        self.green()
        self.merge(number)
        refused = self.scene.github.violations
        self._see("GitHub would have refused none of our requests", not refused)
        self.say(f"\nThat took {time.monotonic() - begun:.0f} s.")
        return not self.missed

    def red(self) -> int:
        """The first chapter; answers the number of the pull request."""
        repository = self.repository
        self.say("\nThe site of a bakery, with the App installed: " + repository.html_url)
        self.say("\n1. A pull request with a lint error, a misspelt word and a failing test")
        changes = {PRICES: edited(PRICES, LINT_ERROR, BUG)}
        changes[MENU] = edited(MENU, TYPO)
        sha = repository.commit(changes, branch="new-words", message="Say it in new words")
        pull = repository.open_pull("new-words", title="Say it in new words")
        self.say(f"   {repository.html_url}/pull/{pull.number}")
        runs = self._checks(sha)
        self._expect(runs, "lint", "failure")
        self._expect(runs, "customer-name", "success")
        self._expect(runs, "spelling", "neutral")
        self._expect(runs, "tests", "failure")
        self._expect(runs, "docs", "cancelled")
        self._annotated(runs, "lint", PRICES, line_of(changes[PRICES], "import os"))
        self._annotated(runs, "spelling", MENU, line_of(changes[MENU], "recieved"))
        self._see(
            "tests shows the failing assertion",
            "AssertionError" in (runs["tests"].output.summary or ""),
        )
        return pull.number

    def green(self) -> None:
        """The second chapter."""
        self.say("\n2. A push that mends all three")
        changes = {PRICES: edited(PRICES), MENU: edited(MENU, MENDED)}
        sha = self.repository.commit(changes, branch="new-words", message="Mend the new words")
        runs = self._checks(sha)
        for name in CHECKS:
            self._expect(runs, name, "success")
        self._see("docs keeps a tarball", r"docs.tar.gz" in plain(runs["docs"].output.summary))

    def merge(self, number: int) -> None:
        """The third chapter."""
        self.say("\n3. The merge to master, which deploys staging")
        sha = self.repository.merge(number)
        runs = self._checks(sha, "staging")
        for name in (*CHECKS, "staging"):
            self._expect(runs, name, "success")
        page = fetch(self.scene.staging.url)
        self._see(
            f"the site answers at {self.scene.staging.url} with the new words",
            "Freshly received from the oven" in page,
        )
        self._see("it runs the merged commit", fetch(f"{self.scene.staging.url}/revision") == sha)

    def _checks(self, sha: str, *more: str) -> dict[str, CheckRun]:
        """The concluded check runs of a commit by the name of their job, told as they come."""
        wanted, told = {f"dishwasher / {name}" for name in (*CHECKS, *more)}, set[str]()
        end = time.monotonic() + PATIENCE
        while True:
            concluded = {
                run.name: run
                for run in self.scene.github.check_runs(sha)
                if run.status == "completed"
            }
            for name in concluded.keys() - told:
                told.add(name)
                self._tell(concluded[name])
            if wanted <= told or time.monotonic() > end:
                break
            self._wait_for_more(sha, len(concluded), end)
        for name in sorted(wanted - told):
            self._see(f"{name} concludes", False)
        return {name.removeprefix("dishwasher / "): run for name, run in concluded.items()}

    def _wait_for_more(self, sha: str, known: int, end: float) -> None:
        def more() -> bool:
            runs = [run for run in self.scene.github.check_runs(sha) if run.status == "completed"]
            return len(runs) > known

        try:
            self.scene.github.wait_for(more, max(end - time.monotonic(), 0.1))
        except TimeoutError:
            # The caller names each check that did not come.
            return

    def _tell(self, run: CheckRun) -> None:
        name = run.name.removeprefix("dishwasher / ")
        sign = SIGN.get(run.conclusion or "", "?")
        self.say(f"   {sign} {name:<14} {run.output.title or '':<20} {run.details_url}")

    def _expect(self, runs: dict[str, CheckRun], name: str, conclusion: str) -> None:
        if name in runs and runs[name].conclusion != conclusion:
            self._see(f"{name} is {conclusion}, not {runs[name].conclusion}", False)

    def _annotated(self, runs: dict[str, CheckRun], name: str, path: str, line: int) -> None:
        places = {(note.path, note.start_line) for note in runs[name].output.annotations}
        self._see(f"{name} is annotated at {path}:{line}", (path, line) in places)

    def _see(self, what: str, seen: bool) -> None:
        self.say(f"   {'as it should be' if seen else 'MISSED'}: {what}")
        if not seen:
            self.missed.append(what)


def edited(path: str, *changes: tuple[str, str]) -> str:
    """The sample's file with each first text replaced by the second."""
    text = (SAMPLE / path).read_text()
    for old, new in changes:
        if old not in text:
            raise LookupError(f"{path} holds no {old!r}")
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    """1-based number of the first line with this part."""
    return next(n for n, line in enumerate(text.split("\n"), 1) if part in line)


def plain(summary: str | None) -> str:
    """A summary without the backslashes that keep its text from being markup."""
    return (summary or "").replace("\\", "")


def fetch(url: str) -> str:
    """What a browser would get there; where nothing answers, why."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read(), "utf-8")
    except OSError as error:
        return str(error)
