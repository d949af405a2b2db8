"""The stand-in itself: a server, its state, and everything that a test asks of it."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dishwasher.demo.github.accounts import AccountKind, App, Installation, User
from dishwasher.demo.github.clock import Clock
from dishwasher.demo.github.control import Control
from dishwasher.demo.github.dispatch import Api, Observer
from dishwasher.demo.github.emit import emit_installation, emit_ping
from dishwasher.demo.github.faults import Fault, Faults, Kind
from dishwasher.demo.github.gitdir import GitDirectory
from dishwasher.demo.github.hooks import Delivery, Hooks
from dishwasher.demo.github.journal import Entry, Journal, Violation
from dishwasher.demo.github.limits import PRIMARY_PER_HOUR, Limits
from dishwasher.demo.github.model import CheckRun, Repository
from dishwasher.demo.github.objects import Signature
from dishwasher.demo.github.repo import Files, Repo, blobs
from dishwasher.demo.github.site import Site
from dishwasher.demo.github.smart import Git
from dishwasher.demo.github.wire import Request, Response, Server
from dishwasher.demo.github.world import World

__all__ = ["DEFAULT_EVENTS", "DEFAULT_PERMISSIONS", "StandIn"]

T = TypeVar("T")

API = "/api/v3"
# What the bot asks for: shared by tests and the demo. `metadata` comes with every app.
DEFAULT_PERMISSIONS: Mapping[str, str] = {
    "metadata": "read",
    "checks": "write",
    "contents": "read",
    "pull_requests": "write",
    "issues": "read",
    "deployments": "write",
    "statuses": "write",
}
# Those two come with `checks: write`, asked for or not.
DEFAULT_EVENTS = frozenset(
    ["check_run", "check_suite", "push", "pull_request", "issue_comment", "repository"]
)


@cache
def key_pair() -> tuple[str, str]:
    """(private, public) PEM. One pair for all apps of a process: making one takes 0.1 s."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class StandIn:
    """GitHub on a local port. Use it as a context manager, or `start` and `close` it."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        per_hour: int = PRIMARY_PER_HOUR,
        enforce_secondary: bool = False,
        observe: Observer | None = None,
    ) -> None:
        """`observe` sees each good answer with its operation, as `METHOD /template`."""
        self._scratch = tempfile.TemporaryDirectory(prefix="github-") if data is None else None
        folder = data or Path(self._scratch.name if self._scratch else "")
        self.clock = Clock()
        self.hooks = Hooks(self.clock, self._notify)
        self.world = World(folder, self.clock, self.hooks)
        self.limits = Limits(per_hour, enforce_secondary)
        self.faults = Faults()
        self.journal = Journal(self._notify)
        self._api = Api(self.world, self.limits, self.faults, self.journal, observe)
        self._git = Git(self.world, self.faults, self.journal)
        self._site = Site(self)
        self._control = Control(self)
        self._server = Server(host, port, self._serve)
        self.url = self.world.url = f"http://{host}:{self._server.port}"
        self.api_url = self.world.api_url

    def start(self) -> StandIn:
        self._server.start()
        return self

    def close(self) -> None:
        self._server.close()
        self.hooks.close()
        for git in self.world.git.values():
            git.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self, request: Request) -> Response:
        if request.path.startswith(f"{API}/"):
            return self._api.serve(request, request.path[len(API) :])
        if self._git.handles(request):
            return self._git.serve(request)
        if self._control.handles(request):
            return self._control.serve(request)
        return self._site.serve(request)

    def _notify(self) -> None:
        self.world.notify()

    # Setting the stage

    def add_user(self, login: str, *, name: str = "", organization: bool = False) -> User:
        """A person with a token, or an organization."""
        with self.world.lock:
            kind = AccountKind.organization if organization else AccountKind.user
            made = User(
                id=self.world.new_id(),
                login=login,
                name=name or login,
                email=f"{login}@users.noreply.example.com",
                kind=kind,
                token="" if organization else f"ghp_{secrets.token_hex(18)}",
            )
            return self.world.add_user(made)

    def user(self, login: str) -> User:
        with self.world.lock:
            found = self.world.user(login)
        if found is None:
            raise KeyError(f"no user {login!r}: add_user() first")
        return found

    def add_repo(
        self,
        full_name: str,
        files: Files | None = None,
        *,
        private: bool = True,
        default_branch: str = "master",
        description: str = "",
        message: str = "Initial commit",
    ) -> Repo:
        """A repository with one commit, without any event: as if it had always been there.

        The owner is made if it is not there; `files={}` makes a commit of nothing, None no commit.
        """
        owner, _, name = full_name.partition("/")
        with self.world.lock:
            account = self.world.user(owner) or self.add_user(owner)
            row = self._place(account, name, private, default_branch, description, None, None)
            if files is not None:
                git = self.world.git[row.id]
                person = Signature(account.name, account.email, self.clock.now())
                sha = git.write(blobs(files), (), message, person)
                git.update(f"refs/heads/{default_branch}", sha)
            return Repo(self, row.id)

    def repo(self, full_name: str) -> Repo:
        with self.world.lock:
            found = self.world.repository(*full_name.split("/", 1))
        if found is None:
            raise KeyError(f"no repository {full_name!r}: add_repo() first")
        return Repo(self, found.id)

    def fork(self, parent: Repo, owner: str) -> Repo:
        with self.world.lock:
            account = self.world.user(owner) or self.add_user(owner)
            row, source = parent.row, parent.git
            made = self._place(
                account, row.name, row.private, row.default_branch, "", row.id, source.folder
            )
            git = self.world.git[made.id]
            for ref, sha in source.refs.items():
                if ref.startswith(("refs/heads/", "refs/tags/")):
                    git.update(ref, sha)
            return Repo(self, made.id)

    def _place(
        self,
        owner: User,
        name: str,
        private: bool,
        default_branch: str,
        description: str,
        fork_of: int | None,
        alternate: Path | None,
    ) -> Repository:
        taken = self.world.repository(owner.login, name)
        if taken is not None and taken.name.lower() == name.lower():
            raise ValueError(f"{owner.login}/{name} is there already")
        now = self.clock.now()
        id_ = self.world.new_id()
        folder = self.world.data / f"{id_}.git"
        self.world.git[id_] = GitDirectory.create(folder, default_branch, alternate)
        return self.world.place(
            Repository(
                id=id_,
                owner_id=owner.id,
                name=name,
                private=private,
                default_branch=default_branch,
                description=description,
                fork_of=fork_of,
                collaborators={},
                created_at=now,
                pushed_at=now,
            )
        )

    def add_app(
        self,
        name: str = "dishwasher",
        *,
        webhook_url: str = "",
        webhook_secret: str | None = None,
        permissions: Mapping[str, str] = DEFAULT_PERMISSIONS,
        events: Iterable[str] = DEFAULT_EVENTS,
        ping: bool = False,
    ) -> App:
        """An app with its bot account. Its `webhook_url` can be set later, with `set_webhook`."""
        private, public = key_pair()
        with self.world.lock:
            owner = self.world.user(f"{name}-makers") or self.add_user(
                f"{name}-makers", organization=True
            )
            bot = User(
                id=self.world.new_id(),
                login=f"{name}[bot]",
                name=f"{name}[bot]",
                email=f"{name}[bot]@users.noreply.example.com",
                kind=AccountKind.bot,
                token="",
            )
            self.world.add_user(bot)
            app = App(
                id=self.world.new_id(),
                slug=name,
                name=name,
                client_id=f"Iv23li{secrets.token_hex(7)}",
                owner_id=owner.id,
                bot_id=bot.id,
                hook_id=self.world.new_id(),
                webhook_url=webhook_url,
                webhook_secret=webhook_secret or secrets.token_hex(20),
                private_key=private,
                public_key=public,
                permissions={"metadata": "read", **permissions},
                events=frozenset(events),
                created_at=self.clock.now(),
            )
            self.world.apps[app.id] = app
            if ping:
                emit_ping(self.world, app)
            return app

    def set_webhook(self, app: App, url: str, *, ping: bool = False) -> App:
        with self.world.lock:
            changed = self.world.apps[app.id] = replace(self.world.apps[app.id], webhook_url=url)
            if ping:
                emit_ping(self.world, changed)
            return changed

    def install(
        self,
        app: App,
        account: str,
        repositories: Iterable[Repo] | None = None,
        *,
        permissions: Mapping[str, str] | None = None,
    ) -> Installation:
        """On all repositories of an account, those to come included, or on some."""
        with self.world.lock:
            owner, now = self.user(account), self.clock.now()
            chosen = None if repositories is None else frozenset(repo.id for repo in repositories)
            made = Installation(
                id=self.world.new_id(),
                app_id=app.id,
                account_id=owner.id,
                repository_ids=chosen,
                permissions=dict(app.permissions if permissions is None else permissions),
                events=app.events,
                created_at=now,
                updated_at=now,
            )
            self.world.installations[made.id] = made
            emit_installation(self.world, "created", made, owner.id)
            return made

    def suspend(self, installation: Installation, suspended: bool = True) -> Installation:
        with self.world.lock:
            at = self.clock.now() if suspended else None
            row = replace(self.world.installations[installation.id], suspended_at=at)
            self.world.installations[row.id] = row
            action = "suspend" if suspended else "unsuspend"
            emit_installation(self.world, action, row, row.account_id)
            return row

    def uninstall(self, installation: Installation) -> None:
        """Its tokens die with it."""
        with self.world.lock:
            row = self.world.installations[installation.id]
            emit_installation(self.world, "deleted", row, row.account_id)
            del self.world.installations[row.id]

    # Trouble

    def fail(self, kind: Kind | str, path: str = "*", method: str = "*", **more: float) -> None:
        """The next requests that match suffer a fault; `more` is times, seconds or after."""
        document = {"kind": str(kind), "path": path, "method": method, **more}
        self.faults.add(Fault.parse(document))

    # What was seen

    @property
    def violations(self) -> list[Violation]:
        """Requests that GitHub's description or rules forbid. A good client makes none."""
        return self.journal.violations

    def requests(
        self, method: str = "*", path: str = "*", kind: str = "api", status: int | None = None
    ) -> list[Entry]:
        return self.journal.entries(method, path, kind, status)

    def deliveries(self, event: str = "*", action: str | None = None) -> list[Delivery]:
        return [
            row
            for row in self.hooks.log()
            if event in ("*", row.event) and action in (None, row.action)
        ]

    def redeliver(self, delivery: Delivery) -> Delivery:
        with self.world.lock:
            app, id_ = self.world.apps[delivery.app_id], self.world.new_id()
        return self.hooks.redeliver(app, delivery, id_)

    def check_runs(self, sha: str) -> list[CheckRun]:
        """Of one commit, in any repository, oldest first."""
        with self.world.lock:
            return [row for row in self.world.runs if row.head_sha == sha]

    def wait_for(
        self, predicate: Callable[[], T], timeout: float = 30.0, what: str = "the condition"
    ) -> T:
        """Wait until `predicate()` is true and answer its value; looked at after every change."""
        deadline = time.monotonic() + timeout
        with self.world.changed:
            while not (value := predicate()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"waited {timeout} s for {what}; {self._summary()}")
                self.world.changed.wait(left)
            return value

    def wait_idle(self, timeout: float = 30.0) -> None:
        """Wait until every webhook has been delivered, or has failed."""
        self.wait_for(self.hooks.idle, timeout, "all deliveries")

    def wait_concluded(
        self, sha: str, *, at_least: int = 1, timeout: float = 60.0
    ) -> list[CheckRun]:
        """Wait until a commit has so many check runs and all of them are completed."""

        def concluded() -> list[CheckRun]:
            runs = self.check_runs(sha)
            done = len(runs) >= at_least and all(run.status == "completed" for run in runs)
            return runs if done else []

        return self.wait_for(concluded, timeout, f"{at_least} concluded check runs on {sha[:10]}")

    def _summary(self) -> str:
        runs = [f"{run.name}={run.conclusion or run.status}" for run in self.world.runs]
        late = [f"{row.event}: {row.status}" for row in self.hooks.log() if row.status != "OK"]
        shown = self.violations[-3:]
        return f"check runs {runs[-10:]}, undelivered {late[-5:]}, violations {shown}"
