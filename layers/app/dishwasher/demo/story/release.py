"""From the merge queue to a tag, which deploys production."""

from __future__ import annotations

from dishwasher.demo.github import Repo
from dishwasher.demo.story.new_words import CHECKS, deployed
from dishwasher.demo.story.rye import Rye
from dishwasher.demo.story.teller import Teller, fetch, job

TAG = "v1.0"


class Release:
    """What follows the pull request with the recipe."""

    def __init__(self, teller: Teller, rye: Rye) -> None:
        self._teller = teller
        self._rye = rye

    def queued(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin("The merge queue tries what master becomes, and merges it when it is green")
        tried = repository.enqueue(self._rye.number)
        runs = teller.concluded(tried, ("customer-name", "spelling"))
        teller.expect(runs, "success", *runs)
        teller.wait(lambda: all_over(repository, tried), "all checks of the queue conclude")
        repository.move("master", tried)
        teller.see(
            "the queue has merged the pull request",
            repository.pull(self._rye.number).merged_at is not None,
        )
        runs = teller.concluded(tried, ("staging",))
        teller.expect(runs, "success", "staging")
        deployed(teller, "staging", tried)

    def tagged(self) -> None:
        teller, repository = self._teller, self._teller.repository
        teller.begin(f"The tag {TAG}, which deploys production")
        sha = repository.head()
        there = repository.check_runs(sha)
        # What the queue has checked of this very commit stands, and is not run once more.
        passed = {job(run) for run in there if run.conclusion == "success"}
        wanted = (*(name for name in CHECKS if name not in passed), "production")
        repository.tag(TAG)
        runs = teller.concluded(sha, wanted, [run.id for run in there])
        teller.expect(runs, "success", *wanted)
        deployed(teller, "production", sha)
        site = teller.scene.hosting.sites["production"].url
        teller.see(f"{site} runs the tagged commit", fetch(f"{site}/revision") == sha)


def all_over(repository: Repo, sha: str) -> bool:
    return all(run.status == "completed" for run in repository.check_runs(sha))
