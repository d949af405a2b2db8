"""Repositories in which things happen, and the deliveries that GitHub would send of them."""

from __future__ import annotations

import random
from itertools import count

from dishwasher.demo.github import App, Delivery, Repo, StandIn

CONFIG = """\
checks:
  unit: {run: "true", when: {branch: run-*}}
"""
"""One job, which runs on few branches; elsewhere it is filtered, and its check says so."""
OWNERS = 25
"""Each with an installation, and so with a limit at GitHub, of its own."""
RUNS = 0.03
"""Share of the branches on which the job really runs."""


class Town:
    """The stand-in keeps its deliveries for us: we send them, and in what order."""

    def __init__(self, github: StandIn, app: App, chance: random.Random) -> None:
        self._github, self._chance = github, chance
        self._numbers = count(1)
        self._taken = 0
        self.repos: list[Repo] = []
        self._pulls: list[tuple[Repo, int, str]] = []
        self._branches: list[tuple[Repo, str]] = []
        github.hooks.hold()
        for number in range(OWNERS):
            repo = github.add_repo(f"owner-{number}/site", {".dishwasher.yml": CONFIG})
            github.install(app, f"owner-{number}")
            self.repos.append(repo)

    def happen(self, times: int) -> list[Delivery]:
        """So many things; answers what GitHub would have told since the last call."""
        for _ in range(times):
            self._one()
        log = self._github.hooks.log()
        told, self._taken = log[self._taken :], len(log)
        return told

    def _one(self) -> None:
        repo, number = self._chance.choice(self.repos), next(self._numbers)
        match self._chance.choices(
            ("push", "pull", "more", "comment", "tag", "delete", "close", "click", "dispatch"),
            (50, 8, 8, 8, 3, 6, 4, 10, 3),
        )[0]:
            case "pull":
                branch = self._push(repo, number)
                self._pulls.append((repo, repo.open_pull(branch).number, branch))
            case "more" if self._pulls:
                repo, _, branch = self._chance.choice(self._pulls)
                repo.commit({"more.txt": f"{number}\n"}, branch=branch)
            case "comment" if self._pulls:
                repo, pull, _ = self._chance.choice(self._pulls)
                repo.comment(pull, self._chance.choice(("Looks good.", "/dishes", "> /rerun")))
            case "close" if self._pulls:
                at = self._chance.randrange(len(self._pulls))
                repo, pull, _ = self._pulls.pop(at)
                repo.close(pull)
            case "delete" if self._branches:
                at = self._chance.randrange(len(self._branches))
                repo, branch = self._branches.pop(at)
                repo.delete_branch(branch)
            case "click":
                self._click(repo)
            case "tag":
                repo.tag(f"v{number}")
            case "dispatch":
                repo.dispatch(self._chance.choice(("dishwasher", "others")))
            case _:
                self._branches.append((repo, self._push(repo, number)))

    def _push(self, repo: Repo, number: int) -> str:
        branch = f"{'run' if self._chance.random() < RUNS else 'topic'}-{number}"
        repo.commit({"n.txt": f"{number}\n"}, branch=branch)
        return branch

    def _click(self, repo: Repo) -> None:
        runs = [run for run in repo.check_runs() if run.status == "completed"]
        if runs:
            run = self._chance.choice(runs[-20:])
            if self._chance.random() < 0.5:
                repo.rerun(run.id)
            else:
                repo.rerun_all(run.head_sha)
