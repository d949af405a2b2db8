"""The state of the stand-in: one lock, one condition, and who is where."""

from __future__ import annotations

import itertools
import secrets
import threading
from pathlib import Path

from dishwasher.demo.github.accounts import App, Installation, Token, User
from dishwasher.demo.github.clock import Clock
from dishwasher.demo.github.gitdir import GitDirectory
from dishwasher.demo.github.hooks import Hooks
from dishwasher.demo.github.model import (
    CheckRun,
    CheckSuite,
    Comment,
    Deployment,
    DeploymentStatus,
    PullRequest,
    Reaction,
    Repository,
)
from dishwasher.demo.github.table import Table

__all__ = ["World"]

# Real ids are far beyond 32 bits, and a bot that counts on less should find out here.
FIRST_ID = 5_000_000_001


class World:
    """Everything that GitHub would remember. Read and change it only while holding `lock`."""

    def __init__(self, data: Path, clock: Clock, hooks: Hooks) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.data = data
        self.clock = clock
        self.hooks = hooks
        self.url = ""
        self._ids = itertools.count(FIRST_ID)
        self._numbers: dict[int, itertools.count[int]] = {}
        self.users: dict[int, User] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.downloads: dict[str, tuple[int, str, float]] = {}
        """Of archives, by their token: (repository, commit, until when)."""
        self.codes: dict[str, tuple[int, float]] = {}
        """Of apps made from a manifest: (app, until when the code is exchanged)."""
        self.viewer: User | None = None
        """Who has signed in with the browser."""
        self.repositories: dict[int, Repository] = {}
        self.git: dict[int, GitDirectory] = {}
        self._logins: dict[str, int] = {}
        self._user_tokens: dict[str, int] = {}
        self._lent: dict[str, int] = {}
        self._names: dict[tuple[int, str], int] = {}
        now = clock.now
        self.suites: Table[CheckSuite] = Table(now, lambda row: (row.repository_id, row.head_sha))
        self.runs: Table[CheckRun] = Table(now, lambda row: (row.repository_id, row.head_sha))
        self.pulls: Table[PullRequest] = Table(now, lambda row: row.repository_id)
        self.comments: Table[Comment] = Table(now, lambda row: (row.repository_id, row.number))
        self.reactions: Table[Reaction] = Table(now, lambda row: row.comment_id)
        self.deployments: Table[Deployment] = Table(now, lambda row: row.repository_id)
        self.statuses: Table[DeploymentStatus] = Table(now, lambda row: row.deployment_id)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/v3"

    def new_id(self) -> int:
        return next(self._ids)

    def next_number(self, repository_id: int) -> int:
        """Pull requests and issues of a repository count together."""
        return next(self._numbers.setdefault(repository_id, itertools.count(1)))

    def notify(self) -> None:
        """Wake everyone who waits for the world to look different."""
        with self.lock:
            self.changed.notify_all()

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        self._logins[user.login.lower()] = user.id
        if user.token:
            self._user_tokens[user.token] = user.id
        return user

    def user(self, login: str) -> User | None:
        id_ = self._logins.get(login.lower())
        return self.users[id_] if id_ is not None else None

    def person(self, login: str) -> User:
        """The account that a test speaks of; KeyError where there is none."""
        if (found := self.user(login)) is None:
            raise KeyError(f"no user {login!r}: add_user() first")
        return found

    def lend(self, user: User, app: App) -> str:
        """A token of this person for the app, until it is taken back."""
        token = f"ghu_{secrets.token_hex(18)}"
        self._user_tokens[token] = user.id
        self._lent[token] = app.id
        return token

    def take_back(self, token: str, app: App) -> bool:
        """Whether it was lent to this app."""
        if self._lent.get(token) != app.id:
            return False
        del self._lent[token], self._user_tokens[token]
        return True

    @property
    def lent(self) -> int:
        """Tokens of people that apps still have."""
        return len(self._lent)

    def user_of_token(self, token: str) -> User | None:
        id_ = self._user_tokens.get(token)
        return self.users[id_] if id_ is not None else None

    def place(self, repository: Repository) -> Repository:
        """Store a repository under its name; an old name keeps leading to it until it is taken."""
        self.repositories[repository.id] = repository
        self._names[repository.owner_id, repository.name.lower()] = repository.id
        return repository

    def forget(self, repository_id: int) -> None:
        """Delete a repository with every name that led to it."""
        self.repositories.pop(repository_id, None)
        for name in [name for name, id_ in self._names.items() if id_ == repository_id]:
            del self._names[name]

    def repository(self, owner: str, name: str) -> Repository | None:
        """By a current or an old name; compare `name` to see which it was."""
        account = self.user(owner)
        id_ = self._names.get((account.id, name.lower())) if account is not None else None
        return self.repositories.get(id_) if id_ is not None else None

    def owner(self, repository: Repository) -> User:
        return self.users[repository.owner_id]

    def full_name(self, repository: Repository) -> str:
        return f"{self.owner(repository).login}/{repository.name}"

    def installation_on(self, app_id: int, repository: Repository) -> Installation | None:
        for installation in self.installations.values():
            if installation.app_id == app_id and self.sees(installation, repository):
                return installation
        return None

    def sees(self, installation: Installation, repository: Repository) -> bool:
        if installation.account_id != repository.owner_id:
            return False
        chosen = installation.repository_ids
        return chosen is None or repository.id in chosen

    def pull(self, repository_id: int, number: int) -> PullRequest | None:
        for pull in self.pulls.of(repository_id):
            if pull.number == number:
                return pull
        return None
