"""A pull request from a fork, which looks for what is not its own."""

from __future__ import annotations

from dishwasher.core.sandbox import Level
from dishwasher.demo.github import CheckRun, Comment
from dishwasher.demo.story.changes import CONFIG, DOCS, edited
from dishwasher.demo.story.teller import Teller, job, plain, words

LOGIN = "stranger"
BRANCH = "better-docs"
UNBOUND = ("customer-name", "spelling")
"""Checks that need no other."""
CHECKS = (*UNBOUND, "docs")
CURIOUS = "\nimport os\nprint(*sorted(os.environ.items()), 'the end of it', sep='\\n')\n"
OWN = 'checks: {curious: "env; echo the end of it"}\n'


class Stranger:
    """Somebody who may not write to the repository."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self.number = 0
        self.sha = ""

    def arrives(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("A stranger's pull request, whose documentation prints all variables")
        fork = repository.fork(LOGIN)
        files = {CONFIG: OWN, DOCS: edited(DOCS) + CURIOUS}
        self.sha = fork.commit(files, branch=BRANCH, message="Document more")
        self.number = repository.open_pull(BRANCH, title="Document more", fork=fork).number
        teller.say(f"   {repository.html_url}/pull/{self.number}")
        runs = teller.concluded(self.sha, CHECKS)
        if self._is_jailed:
            teller.expect(runs, "success", *CHECKS)
            self._kept(runs, "docs")
            said = [plain(run.output.summary) for run in repository.check_runs(self.sha)]
            told = any(f"This pull request changes {CONFIG}" in one for one in said)
            teller.see("its checks say that the configuration was changed", told)
        else:
            self._refused(runs)
        names = {job(run) for run in repository.check_runs(self.sha)}
        teller.see("the fork's own configuration does not count", "curious" not in names)

    def approved(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("/approve in a comment: first by the stranger, then by the team")
        own = repository.comment(self.number, "/approve", user=LOGIN)
        self._answered("the stranger's word is refused", own, "-1")
        # With the commit, as the check proposes it: push and comment may share a second.
        team = repository.comment(self.number, f"/approve {self.sha}")
        self._answered("the team's is taken", team, "eyes")
        runs = teller.concluded(self.sha, ("curious",))
        if self._is_jailed:
            teller.expect(runs, "success", "curious")
            self._kept(runs, "curious")
        else:
            teller.expect(runs, "action_required", "curious")

    @property
    def _is_jailed(self) -> bool:
        return self._teller.scene.means.level is Level.JAILED

    def _answered(self, what: str, comment: Comment, reaction: str) -> None:
        teller = self._teller
        if teller.wait(lambda: teller.reactions(comment) == [reaction], what):
            teller.see(what, True)

    def _kept(self, runs: dict[str, CheckRun], name: str) -> None:
        """See that the job ran to its end and found no secret."""
        teller = self._teller
        page = words(runs[name].details_url) if name in runs else ""
        there = "the end of it" in page and "DISHWASHER_SHA" in page
        secret = "DEPLOY_TOKEN" in page or teller.scene.hosting.token in page
        teller.see(f"{name} ran in a jail, and no secret was there", there and not secret)

    def _refused(self, runs: dict[str, CheckRun]) -> None:
        teller = self._teller
        lacks = "; ".join(teller.scene.means.lacks)
        teller.say(f"   No jail can be had on this machine ({lacks}),")
        teller.say("   and nothing less will do for a stranger's commit.")
        teller.expect(runs, "action_required", *UNBOUND)
        teller.expect(runs, "cancelled", "docs")
        said = [plain(runs[name].output.summary) for name in UNBOUND if name in runs]
        teller.see(
            "they are refused with the reason",
            bool(said) and all("can be jailed" in one for one in said),
        )
