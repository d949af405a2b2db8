"""A pull request goes red, is mended, is merged, and the site is deployed."""

from __future__ import annotations

from dishwasher.demo.github import CheckRun, Comment
from dishwasher.demo.story.changes import (
    BUG,
    LINT_ERROR,
    MENDED,
    MENU,
    PRICES,
    TYPO,
    edited,
    line_of,
)
from dishwasher.demo.story.pages import Pages
from dishwasher.demo.story.teller import Teller, fetch, plain

BRANCH = "new-words"
TITLE = "Say it in new words"
CHECKS = ("lint", "customer-name", "spelling", "tests", "docs")


class NewWords:
    """Three chapters of one pull request."""

    def __init__(self, teller: Teller, pages: Pages) -> None:
        self._teller = teller
        self._pages = pages
        self.number = 0

    def red(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("A pull request with a lint error, a misspelt word and a failing test")
        changes = {PRICES: edited(PRICES, LINT_ERROR, BUG), MENU: edited(MENU, TYPO)}
        sha = repository.commit(changes, branch=BRANCH, message=TITLE)
        self.number = repository.open_pull(BRANCH, title=TITLE).number
        teller.say(f"   {repository.html_url}/pull/{self.number}")
        runs = teller.concluded(sha, CHECKS)
        teller.expect(runs, "failure", "lint", "tests")
        teller.expect(runs, "success", "customer-name")
        teller.expect(runs, "neutral", "spelling")
        teller.expect(runs, "cancelled", "docs")
        self._annotated(runs, "lint", PRICES, line_of(changes[PRICES], "import os"))
        self._annotated(runs, "spelling", MENU, line_of(changes[MENU], "recieved"))
        self._pages.job = runs["tests"].details_url if "tests" in runs else ""
        shown = runs["tests"].output.summary if "tests" in runs else ""
        teller.see("tests shows the failing assertion", "AssertionError" in (shown or ""))
        self._commented("one comment says what fails", "lint, tests")

    def green(self) -> None:
        teller = self._teller
        teller.begin("A push that mends all three")
        before = teller.ours(self.number)
        changes = {PRICES: edited(PRICES), MENU: edited(MENU, MENDED)}
        sha = teller.repository.commit(changes, branch=BRANCH, message="Mend the new words")
        runs = teller.concluded(sha, CHECKS)
        teller.expect(runs, "success", *CHECKS)
        kept = plain(runs["docs"].output.summary) if "docs" in runs else ""
        teller.see("docs keeps a tarball", "docs.tar.gz" in kept)
        comment = self._commented("the same comment says that all is clear", "All clear")
        same = comment is not None and [one.id for one in before] == [comment.id]
        teller.see("it was edited in place, and there is no second one", same)

    def merged(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("The merge to master, which deploys staging")
        sha = repository.merge(self.number)
        runs = teller.concluded(sha, (*CHECKS, "staging"))
        teller.expect(runs, "success", *CHECKS, "staging")
        site = teller.scene.hosting.sites["staging"].url
        page = fetch(site)
        teller.see(
            f"the site answers at {site} with the new words",
            "Freshly received from the oven" in page,
        )
        teller.see("it runs the merged commit", fetch(f"{site}/revision") == sha)
        deployed(teller, "staging", sha)

    def _annotated(self, runs: dict[str, CheckRun], name: str, path: str, line: int) -> None:
        notes = runs[name].output.annotations if name in runs else ()
        places = {(note.path, note.start_line) for note in notes}
        self._teller.see(f"{name} is annotated at {path}:{line}", (path, line) in places)

    def _commented(self, what: str, part: str) -> Comment | None:
        """The only comment, once its first line has this part."""
        teller = self._teller

        def said() -> bool:
            return any(part in one.body.split("\n")[0] for one in teller.ours(self.number))

        if not teller.wait(said, what):
            return None
        comments = teller.ours(self.number)
        teller.see(what, len(comments) == 1)
        return comments[0]


def deployed(teller: Teller, environment: str, sha: str) -> None:
    """See that GitHub shows one deployment of the commit, and that it went well."""
    repository = teller.repository

    def shown() -> bool:
        made = [
            one
            for one in repository.deployments()
            if (one.sha, one.environment) == (sha, environment)
        ]
        ends = [status.state for one in made for status in repository.statuses(one.id)[-1:]]
        return ends == ["success"]

    what = f"GitHub shows one deployment to {environment}"
    if teller.wait(shown, what):
        teller.see(what, True)
