"""A bare server for the worst, and the stand-in GitHub for everything else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dishwasher.core.event import Repository
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Conclusion
from dishwasher.core.report import Check, Status
from dishwasher.demo.github import App, Installation, Repo, StandIn
from dishwasher.github import GithubApp, GithubChecks, GithubDeliveries, GithubSource, Limiter

from tests.fakes.clock import FakeClock
from tests.github.raw import RawServer, Say

REPOSITORY = Repository(5, "octo", "demo", "master", True, 99)
TOKEN = Say(
    201,
    {
        "token": "ghs_x",
        "expires_at": "2099-01-01T00:00:00Z",
        "repositories": [{"id": 5, "full_name": "octo/demo"}],
    },
)
TOKENS = "/app/installations/99/access_tokens"


@cache
def pem() -> str:
    """One key for all tests: making one takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


class StandInClock:
    """The stand-in's time, which a test may advance."""

    def __init__(self, github: StandIn) -> None:
        self._github = github
        self._secrets = itertools.count()

    def now(self) -> float:
        return self._github.clock.now()

    def secret(self) -> str:
        return f"secret-{next(self._secrets)}"


@dataclass(frozen=True)
class Stage:
    """The App installed on one repository of the stand-in, and the adapters."""

    github: StandIn
    registered: App
    installation: Installation
    repo: Repo
    repository: Repository
    clock: StandInClock
    app: GithubApp
    source: GithubSource
    checks: GithubChecks
    deliveries: GithubDeliveries

    def calls(self) -> list[str]:
        """The API calls so far, without the name of the repository."""
        names = "/repos/octo/"
        return [
            f"{entry.method} {entry.path.replace(names + 'demo', '').replace(names, '~')}"
            for entry in self.github.requests()
        ]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of this machine does not lead to servers on this machine."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def stage() -> Iterator[Stage]:
    with StandIn() as github:
        app = github.add_app()
        repo = github.add_repo("octo/demo", {".dishwasher.yml": "checks: {}\n"})
        installation = github.install(app, "octo")
        github.wait_idle()
        yield (made := set_up(github, app, repo, installation))
        made.app.close()
        # Whatever a test does: no request may be one that GitHub's description forbids.
        assert github.violations == []


def set_up(
    github: StandIn,
    app: App,
    repo: Repo,
    installation: Installation,
    limiter: Limiter | None = None,
    app_id: str = "",
) -> Stage:
    clock = StandInClock(github)
    own = GithubApp(
        app_id or str(app.id),
        app.private_key,
        github.api_url,
        github.url,
        clock,
        limiter or Limiter(),
    )
    return Stage(
        github,
        app,
        installation,
        repo,
        Repository(repo.id, "octo", "demo", "master", True, installation.id),
        clock,
        own,
        GithubSource(own),
        GithubChecks(own),
        GithubDeliveries(own),
    )


@pytest.fixture
def raw() -> Iterator[RawServer]:
    server = RawServer()
    server.on("POST", TOKENS, TOKEN)
    yield server
    server.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(raw: RawServer, clock: FakeClock) -> Iterator[GithubApp]:
    """The App against the bare server."""
    app = GithubApp("17", pem(), raw.url, "https://github.test/", clock, Limiter())
    yield app
    app.close()


def check(
    sha: str, *findings: Finding, done: bool = False, job: str = "job-1", summary: str = "Fine."
) -> Check:
    return Check(
        name="dishwasher / lint",
        head_sha=sha,
        external_id=job,
        details_url="https://ci.example.test/jobs/1",
        status=Status.COMPLETED if done else Status.QUEUED,
        title="Passed" if done else "Queued",
        summary=summary,
        conclusion=Conclusion.SUCCESS if done else None,
        annotations=findings,
        started_at=1_750_000_000.0,
        completed_at=1_750_000_009.5 if done else 0.0,
    )


def finding(line: int, path: str = "app/views.py", message: str = "too long") -> Finding:
    return Finding(path, line, line, Level.WARNING, message, f"E{line}")
