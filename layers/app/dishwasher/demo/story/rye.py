"""One check of one pull request: run again, superseded, cancelled, and asked for in a comment."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dishwasher.demo.github import CheckRun
from dishwasher.demo.oven import State
from dishwasher.demo.story.changes import README, RECIPE, WRONG_NAME, edited, recipe
from dishwasher.demo.story.teller import PATIENCE, Teller, fetch

BRANCH = "rye"
CHECK, NAME = "test-bake", "customer-name"


class Rye:
    """The sample's `test-bake` asks the oven, which the story heats and keeps busy."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._oven = teller.scene.oven
        self.number = 0
        self.sha = ""

    def rerun(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("A check that fails for no fault of the commit, and is re-run by a click")
        self._oven.turn(State.COLD)
        self._push(700)
        self.number = repository.open_pull(BRANCH, title="Bake rye bread").number
        teller.say(f"   {repository.html_url}/pull/{self.number}")
        skipped = ("lint", "tests", "docs")
        runs = teller.concluded(self.sha, (*skipped, CHECK))
        teller.expect(runs, "skipped", *skipped)
        teller.expect(runs, "failure", CHECK)
        self._oven.turn(State.HOT)
        first = runs.get(CHECK)
        if first is None:
            return
        repository.rerun(first.id)
        again = self._again(first)
        teller.expect({CHECK: again} if again else {}, "success", CHECK)
        teller.see(
            "a re-run is a new check run of the same name, and the first keeps its page",
            again is not None
            and again.details_url != first.details_url
            and "the oven is cold" in fetch(first.details_url),
        )

    def superseded(self) -> None:
        teller = self._teller
        teller.begin("A push while the one before is still being built")
        self._oven.turn(State.BUSY)
        old = self._push(710)
        teller.see("the oven is busy with the first", self._oven.wait_for(old, PATIENCE))
        new = self._push(720, {README: edited(README, WRONG_NAME)})
        runs = teller.concluded(old, (CHECK,))
        teller.expect(runs, "cancelled", CHECK)
        said = runs[CHECK].output if CHECK in runs else None
        teller.see(
            "the older commit's check is superseded, and says by which",
            said is not None
            and (said.title or "").startswith("Superseded by a newer commit")
            and new[:12] in (said.summary or ""),
        )

    def cancelled(self) -> None:
        teller = self._teller
        teller.begin("The newer one has the name wrong, so its bake is cancelled by a button")
        runs = teller.concluded(self.sha, (NAME,))
        teller.expect(runs, "failure", NAME)
        teller.see("the oven is busy with it", self._oven.wait_for(self.sha, PATIENCE))
        if NAME in runs:
            teller.repository.press(runs[NAME].id, "cancel")
        runs = teller.concluded(self.sha, (CHECK,))
        teller.expect(runs, "cancelled", CHECK)
        said = runs[CHECK].output.summary if CHECK in runs else ""
        teller.see("the check says by whom", "Cancelled by bakery" in (said or ""))

    def commanded(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("A push with the name right, and /rerun in a comment")
        self._oven.turn(State.COLD)
        self._push(720, {README: edited(README)})
        runs = teller.concluded(self.sha, (CHECK,))
        teller.expect(runs, "failure", CHECK)
        self._oven.turn(State.HOT)
        if CHECK not in runs:
            return
        comment = repository.comment(self.number, f"/rerun {CHECK}")
        what = "the comment is acknowledged by a reaction"
        if teller.wait(lambda: teller.reactions(comment) == ["eyes"], what):
            teller.see(what, True)
        again = self._again(runs[CHECK])
        teller.expect({CHECK: again} if again else {}, "success", CHECK)

    def _push(self, water: int, more: Mapping[str, str] = MappingProxyType({})) -> str:
        message = f"Bake rye bread with {water} g of water"
        files = {RECIPE: recipe(water), **more}
        self.sha = self._teller.repository.commit(files, branch=BRANCH, message=message)
        return self.sha

    def _again(self, before: CheckRun) -> CheckRun | None:
        """The next check run of the same name, once it has concluded."""
        known = [run.id for run in self._teller.repository.check_runs(before.head_sha)]
        known = [id for id in known if id <= before.id]
        return self._teller.concluded(before.head_sha, (CHECK,), known).get(CHECK)
