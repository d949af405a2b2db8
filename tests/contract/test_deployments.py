"""Deployments: GitHub's adapter over HTTP and the fake must be alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import pytest
from dishwasher.core.deployment import Deployment, Stage
from dishwasher.core.event import Repository
from dishwasher.demo.github import StandIn
from dishwasher.errors import Ambiguous, Gone, Rejected
from dishwasher.github import GithubApp, GithubDeployments, Limiter
from dishwasher.ports import Deployments

from tests.fakes.clock import FakeClock
from tests.fakes.forge import FakeForge, Trouble
from tests.fakes.stages import FakeStages


class Stand(Protocol):
    """The repository `octo/demo` with one commit."""

    deployments: Deployments
    repository: Repository
    sha: str

    def shown(self) -> list[tuple[str, list[str]]]:
        """Commit and stages of each deployment, oldest first."""
        ...

    def trouble(self, trouble: Trouble, operation: str) -> None: ...
    def forgive(self) -> None:
        """What GitHub has complained of until now was meant to be wrong."""
        ...


class GithubStand:
    def __init__(self, github: StandIn) -> None:
        self.github = github
        self.forgiven = 0
        registered = github.add_app()
        self.repo = github.add_repo("octo/demo", {"config": b"first"})
        installation = github.install(registered, "octo")
        self.sha = self.repo.head()
        self.repository = Repository(self.repo.id, "octo", "demo", "master", True, installation.id)
        self.app = GithubApp(
            *(str(registered.id), registered.private_key, github.api_url, github.url),
            *(FakeClock(github.clock.now()), Limiter()),
        )
        self.deployments: Deployments = GithubDeployments(self.app)

    def shown(self) -> list[tuple[str, list[str]]]:
        return [
            (one.sha, [status.state for status in self.repo.statuses(one.id)])
            for one in self.repo.deployments()
        ]

    def trouble(self, trouble: Trouble, operation: str) -> None:
        kinds = {Trouble.BEFORE: "502-before", Trouble.AFTER: "timeout-after"}
        path = "*/deployments" if operation == "announce" else "*/statuses"
        self.github.fail(kinds[trouble], path, "POST")

    def forgive(self) -> None:
        self.forgiven = len(self.github.violations)


class FakeStand:
    def __init__(self) -> None:
        self.forge = FakeForge(FakeClock())
        self.repository = Repository(5, "octo", "demo", "master", True, 99)
        self.sha = self.forge.commit(self.repository, {"config": b"first"}, "master")
        self.stages = FakeStages(self.forge)
        self.deployments: Deployments = self.stages

    def shown(self) -> list[tuple[str, list[str]]]:
        return [(one.made.sha, one.stages) for one in self.stages.all]

    def trouble(self, trouble: Trouble, operation: str) -> None:
        self.forge.plan(operation, trouble)

    def forgive(self) -> None:
        """It keeps no such list."""


@pytest.fixture(params=["fake", "github"])
def stand(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    if request.param == "fake":
        yield FakeStand()
        return
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with StandIn() as github:
        made = GithubStand(github)
        yield made
        made.app.close()
        assert github.violations[made.forgiven :] == []


def wanted(stand: Stand, job: str = "job-1", stage: Stage = Stage.QUEUED) -> Deployment:
    page = "https://ci.example.test/jobs/1"
    return Deployment(job, "staging", stand.sha, stage, "Queued.", page, "https://staging.test/")


def test_a_deployment_is_announced_and_goes_its_way(stand: Stand) -> None:
    one = wanted(stand)
    id = stand.deployments.announce(stand.repository, one)
    assert stand.deployments.told(stand.repository, id) == ""
    for stage in (Stage.QUEUED, Stage.IN_PROGRESS, Stage.SUCCESS):
        stand.deployments.tell(stand.repository, id, replace(one, stage=stage, url=""))
        assert stand.deployments.told(stand.repository, id) == stage
    assert stand.shown() == [(stand.sha, ["queued", "in_progress", "success"])]


def test_a_deployment_is_found_by_its_job(stand: Stand) -> None:
    one, two = wanted(stand), wanted(stand, "job-2")
    assert stand.deployments.announced(stand.repository, one) == ()
    ids = [stand.deployments.announce(stand.repository, which) for which in (one, two, one)]
    assert stand.deployments.announced(stand.repository, one) == (ids[0], ids[2])
    assert stand.deployments.announced(stand.repository, two) == (ids[1],)


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_a_lost_answer_is_ambiguous(stand: Stand, trouble: Trouble) -> None:
    one = wanted(stand)
    stand.trouble(trouble, "announce")
    with pytest.raises(Ambiguous):
        stand.deployments.announce(stand.repository, one)
    made = stand.deployments.announced(stand.repository, one)
    assert len(made) == (trouble is Trouble.AFTER)
    id = stand.deployments.announce(stand.repository, one)
    stand.trouble(trouble, "tell")
    with pytest.raises(Ambiguous):
        stand.deployments.tell(stand.repository, id, one)
    said = stand.deployments.told(stand.repository, id)
    assert said == ("queued" if trouble is Trouble.AFTER else "")


def test_what_is_not_there_is_gone(stand: Stand) -> None:
    with pytest.raises(Gone):
        stand.deployments.tell(stand.repository, 12345, wanted(stand))
    with pytest.raises(Gone):
        stand.deployments.told(stand.repository, 12345)


def test_a_description_that_github_does_not_take_is_rejected(stand: Stand) -> None:
    id = stand.deployments.announce(stand.repository, wanted(stand))
    with pytest.raises(Rejected):
        long = replace(wanted(stand), description="x" * 141)
        stand.deployments.tell(stand.repository, id, long)
    stand.forgive()
