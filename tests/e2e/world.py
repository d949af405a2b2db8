"""A stand-in GitHub, one App with its bot, and as many repositories as tests want."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from dishwasher.demo.github import CheckRun, Delivery, Installation, Repo, StandIn
from dishwasher.demo.github.hooks import signed_headers

from tests.demo.github.described import Described
from tests.e2e.bot import Bot
from tests.e2e.gate import Gate
from tests.e2e.table import Table

LEASE = 6.0
"""Seconds: on a busy machine a runner may take two for its checkout, and is not lost by that."""
ANYBODY = 20
"""More jobs than any test sends to one gate."""


class World:
    """Every repository has an owner and an installation of its own, so that no test meets the
    limits that another has used up."""

    def __init__(
        self,
        folder: Path,
        *,
        lease: float = LEASE,
        environment: Mapping[str, str] | None = None,
        login: bool = False,
    ) -> None:
        """With `login` people log in on the pages of private repositories, as all of these are."""
        self.folder = folder
        self.github = StandIn(folder / "github").start()
        self.app = self.github.add_app()
        if login:
            environment = {
                **(environment or {}),
                "DISHWASHER_GITHUB_CLIENT_ID": self.app.client_id,
                "DISHWASHER_GITHUB_CLIENT_SECRET": self.app.client_secret,
            }
        self.bot = Bot(folder, self.github, self.app, lease=lease, environment=environment)
        self.table = Table(self.bot.data)
        self.owners: dict[int, str] = {}
        """By a repository's id, also after it was renamed or deleted."""
        self._installations: dict[int, Installation] = {}
        self._numbers = count(1)
        self._gates: list[Gate] = []

    def start(self) -> World:
        self.bot.start()
        self.github.set_webhook(self.app, f"{self.bot.url}/webhook")
        return self

    def close(self) -> None:
        """Whatever a test is about: all that was sent to the bot is as GitHub describes it."""
        self.bot.stop()
        described = Described()
        for delivery in self.github.deliveries():
            described.delivery(delivery)
        self.github.close()
        for gate in self._gates:
            gate.close()
        assert described.problems == []

    def repo(
        self,
        config: str | bytes,
        files: Mapping[str, str | bytes] | None = None,
        *,
        path: str = ".dishwasher.yml",
    ) -> Repo:
        """A repository whose first commit holds this configuration, with the App installed."""
        owner = f"team-{next(self._numbers)}"
        repo = self.github.add_repo(f"{owner}/site", {path: config, **(files or {})})
        self.owners[repo.id] = owner
        self._installations[repo.id] = self.github.install(self.app, owner)
        return repo

    def installation(self, repo: Repo) -> Installation:
        return self._installations[repo.id]

    def gate(self) -> Gate:
        gate = Gate(self.folder, f"gate-{next(self._numbers)}")
        self._gates.append(gate)
        return gate

    def open_gates(self) -> None:
        """For whoever still comes or waits there."""
        for gate in self._gates:
            gate.open(ANYBODY)

    def build(self, repo: Repo, *, jobs: int = 1) -> dict[str, CheckRun]:
        """Push a commit that changes nothing of interest; answer its concluded checks."""
        sha = repo.commit({"pushed.txt": f"{next(self._numbers)}\n"})
        return self.concluded(sha, jobs)

    def concluded(self, sha: str, jobs: int = 1) -> dict[str, CheckRun]:
        """The check runs of a commit by their names, once so many are there and all are over."""
        runs = self.github.wait_concluded(sha, at_least=jobs)
        named = {run.name.removeprefix("dishwasher / "): run for run in runs}
        assert len(named) == len(runs), f"a check run was made twice: {[run.name for run in runs]}"
        return named

    def wait_settled(self, sha: str) -> None:
        """Wait until nobody has anything left to do for a commit."""
        jobs = self.table.jobs(sha)
        keys = {job["id"] for job in jobs} | {job["build"] for job in jobs}
        self.table.wait(
            lambda: not any(key in keys for _, key in self.table.messages()), "silent bells"
        )

    def deliver(self, guid: str, event: str, body: bytes) -> tuple[int, str]:
        """POST a delivery that is signed as GitHub does it; status and text of the answer."""
        return self.bot.post("/webhook", self.signed(guid, event, body), body)

    def signed(self, guid: str, event: str, body: bytes) -> dict[str, str]:
        envelope = Delivery(0, guid, self.app.id, event, None, None, None, {}, 0.0)
        return signed_headers(self.app, envelope, body)
