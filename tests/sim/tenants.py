"""The owners of the simulated repositories: they suspend the App, move, archive and delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.sim.commits import Repo
from tests.sim.hub import Hub
from tests.sim.mail import Mail, Sent
from tests.sim.world import World

ABSENCE = (10.0, 400.0)
"""Seconds for which the App is not let in."""
UNTOLD = 720.0
"""Seconds after which two looks at all repositories have told what no event told."""
WATCH = 5.0
"""Seconds after which GitHub tells that a repository was deleted."""

Payload = Callable[[Repo], dict[str, Any]]


class Tenants:
    """What they do is over when the faults end, but for what was deleted."""

    def __init__(self, world: World, hub: Hub, mail: Mail, payload: Payload) -> None:
        self._world, self._hub, self._mail, self._payload = world, hub, mail, payload
        self._installations = 300

    def work(self, repos: list[Repo], until: float) -> None:
        """Body of an actor."""
        world = self._world
        acts = (self._suspend, self._reinstall, self._take_out, self._archive)
        moves = (self._rename, self._transfer)
        while world.chance(world.faults.tenancy):
            world.baton.sleep(world.random.uniform(5.0, 150.0))
            left = until - 5.0 - world.now
            repo = world.random.choice(repos)
            if left < ABSENCE[0] or repo.gone_at <= world.now:
                return
            world.random.choice((*acts, *moves))(repo, min(left, world.random.uniform(*ABSENCE)))

    def bury(self, repo: Repo) -> None:
        """Body of an actor: the repository vanishes at some time, and GitHub tells of it."""
        while repo.gone_at > self._world.now:
            self._world.baton.sleep(min(WATCH, repo.gone_at - self._world.now))
        self._hub.left.add(repo.value.id)
        if self._world.chance(self._world.faults.gone_unsaid):
            return
        repo.is_told_gone = not self._tell(repo, "repository", "deleted").unsent

    def _suspend(self, repo: Repo, seconds: float) -> None:
        installation = repo.value.installation
        self._hub.shut.add(installation)
        self._installation(installation, "suspend")
        self._wait(repo, "the App was suspended", seconds)
        self._hub.shut.discard(installation)
        self._installation(installation, "unsuspend")

    def _reinstall(self, repo: Repo, seconds: float) -> None:
        old = repo.value.installation
        self._hub.shut.add(old)
        self._installation(old, "deleted")
        self._wait(repo, "the App was removed and installed again", seconds)
        self._installations += 1
        mine = [one for one in self._hub.repos.values() if one.value.installation == old]
        for one in mine:
            one.value = replace(one.value, installation=self._installations)
        listed = [_named(one) for one in mine if one.gone_at > self._world.now]
        self._installation(self._installations, "created", repositories=listed)

    def _take_out(self, repo: Repo, seconds: float) -> None:
        installation, listed = repo.value.installation, [_named(repo)]
        event = "installation_repositories"
        self._hub.out.add(repo.value.id)
        self._installation(installation, "removed", event, repositories_removed=listed)
        self._wait(repo, "a repository was taken out and put back", seconds)
        self._hub.out.discard(repo.value.id)
        if repo.gone_at > self._world.now:
            self._installation(installation, "added", event, repositories_added=listed)

    def _archive(self, repo: Repo, seconds: float) -> None:
        self._tell(repo, "repository", "archived")
        self._hub.archived.add(repo.value.id)
        self._wait(repo, "a repository was archived", seconds)
        self._hub.archived.discard(repo.value.id)
        if repo.gone_at > self._world.now:
            self._tell(repo, "repository", "unarchived")

    def _rename(self, repo: Repo, _: float) -> None:
        repo.value = replace(repo.value, name=f"{repo.value.name}-new")
        self._tell(repo, "repository", "renamed")
        self._world.sometimes("a repository was renamed")

    def _transfer(self, repo: Repo, _: float) -> None:
        self._installations += 1
        repo.value = replace(repo.value, owner="others", installation=self._installations)
        self._tell(repo, "repository", "transferred")
        self._world.sometimes("a repository was transferred")

    def _wait(self, repo: Repo, what: str, seconds: float) -> None:
        self._world.sometimes(what)
        there = repo.value.installation
        others = self._hub.repos.values()
        self._hub.left |= {one.value.id for one in others if one.value.installation == there}
        self._world.baton.sleep(seconds)
        # Where GitHub has told nobody, each wait is as long as all before it.
        self._world.expect(seconds)

    def _tell(self, repo: Repo, event: str, action: str) -> Any:
        payload = self._payload(repo)
        payload["repository"]["updated_at"] = int(self._world.now)
        return self._said(self._mail.send(event, payload | {"action": action}))

    def _installation(
        self, id: int, action: str, event: str = "installation", **listed: Any
    ) -> None:
        told = {"id": id, "updated_at": int(self._world.now)}
        self._said(self._mail.send(event, {"action": action, "installation": told, **listed}))

    def _said(self, sent: Sent) -> Sent:
        """What GitHub tells nobody is found by the looks at its lists."""
        if sent.unsent:
            self._world.expect(UNTOLD)
        return sent


def _named(repo: Repo) -> dict[str, Any]:
    return {"id": repo.value.id, "full_name": repo.value.full_name, "private": repo.value.private}
