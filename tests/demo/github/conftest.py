"""A stand-in with one repository and one app, and clients that speak to it for real."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import github as pygithub
import pytest
from dishwasher.demo.github import App, Installation, Repo, StandIn

from .described import Described
from .receiver import Receiver

Git = Callable[..., str]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def described() -> Described:
    return Described()


@pytest.fixture
def github(described: Described) -> Iterator[StandIn]:
    """Whatever a test is about: all that was answered and sent is as GitHub describes it."""
    with StandIn(observe=described) as github:
        yield github
    for delivery in github.deliveries():
        described.delivery(delivery)
    assert described.problems == []


@pytest.fixture
def app(github: StandIn, receiver: Receiver) -> App:
    return github.add_app(webhook_url=receiver.url, webhook_secret="s3cret")


@pytest.fixture
def repo(github: StandIn) -> Repo:
    return github.add_repo("acme/site", {"app.py": "x = 1\ny = 2\n", "docs/index.md": "# Site\n"})


@pytest.fixture
def installation(github: StandIn, app: App, repo: Repo) -> Installation:
    return github.install(app, "acme")


def client(github: StandIn, auth: pygithub.Auth.Auth) -> pygithub.Github:
    return pygithub.Github(
        auth=auth,
        base_url=github.api_url,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


@pytest.fixture
def as_app(github: StandIn, app: App) -> Iterator[pygithub.Github]:
    with client(github, pygithub.Auth.AppAuth(app.id, app.private_key)) as made:
        yield made


@pytest.fixture
def token(github: StandIn, app: App, installation: Installation) -> str:
    return mint(github, app, installation)


def mint(github: StandIn, app: App, installation: Installation, **body: object) -> str:
    with client(github, pygithub.Auth.AppAuth(app.id, app.private_key)) as made:
        path = f"/app/installations/{installation.id}/access_tokens"
        _, answer = made.requester.requestJsonAndCheck("POST", path, input=body)
    value = answer["token"]
    assert isinstance(value, str)
    return value


@pytest.fixture
def bot(github: StandIn, token: str) -> Iterator[pygithub.Github]:
    with client(github, pygithub.Auth.Token(token)) as made:
        yield made


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Runs the real git, with no configuration but its own; answers what it printed."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{who}_NAME": "Ann" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "ann@example.com" for who in ("AUTHOR", "COMMITTER")},
    }

    def run(*arguments: str, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    return run
