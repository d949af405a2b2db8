"""Setting the stage: users, repositories, apps and where they are installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dishwasher.demo.github.accounts import AccountKind, App, Installation, User
from dishwasher.demo.github.emit import emit_chosen, emit_installation, emit_ping
from dishwasher.demo.github.objects import Signature
from dishwasher.demo.github.registering import Wanted, register
from dishwasher.demo.github.repo import Files, Repo, blobs
from dishwasher.demo.github.repositories import make_user, place
from dishwasher.demo.github.shapes.repository import name_only
from dishwasher.demo.github.world import World
from dishwasher.github import manifest

__all__ = ["DEFAULT_EVENTS", "DEFAULT_PERMISSIONS", "Stage"]

# What the bot asks for when it is installed for real: shared by tests and the demo.
DEFAULT_PERMISSIONS: Mapping[str, str] = manifest.asked().permissions
DEFAULT_EVENTS = frozenset(manifest.asked().events)


class Stage:
    """What a test sets up before anything happens."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_user(self, login: str, *, name: str = "", organization: bool = False) -> User:
        """A person with a token, or an organization."""
        kind = AccountKind.organization if organization else AccountKind.user
        with self.world.lock:
            return make_user(self.world, login, kind, name)

    def user(self, login: str) -> User:
        with self.world.lock:
            return self.world.person(login)

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
            row = place(
                self.world,
                account,
                name,
                private=private,
                default_branch=default_branch,
                description=description,
            )
            if files is not None:
                git = self.world.git[row.id]
                person = Signature(account.name, account.email, self.world.clock.now())
                sha = git.write(blobs(files), (), message, person)
                git.update(f"refs/heads/{default_branch}", sha)
            return Repo(self.world, row.id)

    def repo(self, full_name: str) -> Repo:
        with self.world.lock:
            found = self.world.repository(*full_name.split("/", 1))
        if found is None:
            raise KeyError(f"no repository {full_name!r}: add_repo() first")
        return Repo(self.world, found.id)

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
        with self.world.lock:
            owner = self.world.user(f"{name}-makers") or self.add_user(
                f"{name}-makers", organization=True
            )
            app = register(
                self.world,
                owner,
                Wanted(name, webhook_url, permissions, tuple(events)),
                webhook_secret or "",
            )
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
            owner, now = self.user(account), self.world.clock.now()
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

    def sign_in(self, login: str) -> User:
        """Whoever looks at the pages in a browser is this person from now on."""
        with self.world.lock:
            self.world.viewer = self.world.user(login) or self.add_user(login)
            return self.world.viewer

    def suspend(self, installation: Installation, suspended: bool = True) -> Installation:
        with self.world.lock:
            at = self.world.clock.now() if suspended else None
            row = replace(self.world.installations[installation.id], suspended_at=at)
            self.world.installations[row.id] = row
            action = "suspend" if suspended else "unsuspend"
            emit_installation(self.world, action, row, row.account_id)
            return row

    def choose(self, installation: Installation, repositories: Iterable[Repo]) -> Installation:
        """Let the App act on these repositories of the account alone."""
        with self.world.lock:
            before = self.world.installations[installation.id]
            chosen, now = frozenset(repo.id for repo in repositories), self.world.clock.now()
            row = replace(before, repository_ids=chosen, updated_at=now)
            self.world.installations[row.id] = row
            for action, here, there in (("added", row, before), ("removed", before, row)):
                changed = [
                    name_only(self.world, one)
                    for one in self.world.repositories.values()
                    if self.world.sees(here, one) and not self.world.sees(there, one)
                ]
                if changed:
                    emit_chosen(self.world, action, row, changed)
            return row

    def uninstall(self, installation: Installation) -> None:
        """Its tokens die with it."""
        with self.world.lock:
            row = self.world.installations[installation.id]
            emit_installation(self.world, "deleted", row, row.account_id)
            del self.world.installations[row.id]
