"""The people of the simulated world: they push, tag, merge, roll back and click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dishwasher.core.event import NO_COMMIT, Repository

from tests.sim.clicks import Clicks
from tests.sim.commits import Repo
from tests.sim.configs import CROWD, Written, write
from tests.sim.deploys import Push
from tests.sim.expecting import Expectations
from tests.sim.hands import Hands
from tests.sim.heads import SimHeads
from tests.sim.hub import Hub
from tests.sim.laws import Laws
from tests.sim.mail import Mail
from tests.sim.pulls import MASTER, Pulls
from tests.sim.talk import WRITER, SimTalk
from tests.sim.tenants import Tenants
from tests.sim.world import World

HABITS = (0, 0.2, 1, 1, 5)
"""How often a world's people do each of the things that they may do."""
OFTEN = 40


class People:
    """Acts on the hub and lets it send the webhooks that follow."""

    def __init__(
        self,
        world: World,
        hub: Hub,
        mail: Mail,
        laws: Laws,
        talk: SimTalk,
        heads: SimHeads,
        hands: Hands,
    ) -> None:
        self._world, self._hub, self._mail, self._deploys = world, hub, mail, laws.deploys
        self.expectations = Expectations(world, heads)
        self._branches = self._tags = 0
        self.tenants = Tenants(world, hub, mail, self._payload)
        self._clicks = Clicks(world, hub, mail, self._payload)
        self._hands = hands
        self._pulls = Pulls(
            *(world, hub, mail, laws, talk),
            *(self._clicks, self.expectations, self._payload, self.push),
        )

    def found(self, id: int) -> Repo:
        """A new repository with an empty history."""
        # Two share an installation, and its limits with it.
        value = Repository(id, f"team{id // 2}", f"app{id}", MASTER, True, 100 + id // 2)
        repo = Repo(value)
        self._hub.repos[id] = repo
        return repo

    def work(self, repos: list[Repo], until: float, actions: int) -> None:
        """Body of the actor."""
        world = self._world
        times = [world.random.uniform(world.now, until)]
        while len(times) < actions:
            # Many things come together: a push, its pull request, its merge.
            close = world.random.choice(times) + world.random.uniform(0.0, 30.0)
            times.append(world.random.choice((close, world.random.uniform(world.now, until))))
        times.sort()
        acts = self._acts()
        # A world has its habits: what is done often together happens in few that do all alike.
        habits = [
            OFTEN if act.__name__ == world.habit else world.random.choice(HABITS) for act in acts
        ]
        for repo in repos:
            self.push(repo, MASTER)
        for time in times:
            world.baton.sleep(max(0.0, time - world.now))
            repo = world.random.choice(repos)
            if world.calm:
                return
            if repo.gone_at > world.now:
                world.random.choices(acts, habits)[0](repo)

    def push(self, repo: Repo, branch: str, written: Written | None = None) -> str:
        """A new commit on the branch."""
        written = write(self._world.random) if written is None else written
        at = repo.branches.get(branch) or repo.branches.get(MASTER)
        commit = self._hub.commit((at,) if at else (), written.data)
        self.expectations.written[commit.sha] = written
        self.move(repo, branch, commit.sha)
        return commit.sha

    def move(self, repo: Repo, branch: str, sha: str, *, forced: bool = False) -> None:
        """The branch is pushed to stand at this commit."""
        before = self._hub.move(repo, branch, sha)
        if before == sha:
            return
        self.expectations.moved.add((repo.value.id, before))
        self._deploys.pushes.append(Push(repo.value.id, branch, before, sha))
        told = {"before": before, "after": sha, "forced": forced, "deleted": False}
        sent = self._tell(repo, f"refs/heads/{branch}", told)
        self.expectations.push(repo, sent, branch, sha)
        self._pulls.follow(repo, branch, sha)

    def _acts(self) -> tuple[Callable[[Repo], object], ...]:
        return (
            *(self.release,) * 3,
            *(self._push_somewhere,) * 2,
            self.crowd,
            *(self._merge,) * 2,
            self._adopt,
            *(self.roll_back,) * 2,
            self._small_talk,
            self._delete,
            *(self._tag,) * 2,
            *self._pulls.acts(),
            *self._clicks.acts(),
            *self._hands.acts(),
        )

    def release(self, repo: Repo) -> None:
        self.push(repo, MASTER)

    def _push_somewhere(self, repo: Repo) -> None:
        known = [branch for branch in repo.branches if branch != MASTER]
        if known and self._world.random.random() < 0.6:
            self.push(repo, self._world.random.choice(known))
        else:
            self._branches += 1
            self.push(repo, f"topic-{self._branches}")

    def crowd(self, repo: Repo) -> None:
        self._branches += 1
        self.push(repo, f"topic-{self._branches}", CROWD)

    def _adopt(self, repo: Repo) -> None:
        """A maintainer pushes a fork's commit to a branch here, to have it checked."""
        forks = [request for request in repo.requests if request.fork]
        if forks:
            self._branches += 1
            head = self._world.random.choice(forks).head
            self.expectations.adopted.add((repo.value.id, head))
            self.move(repo, f"adopted-{self._branches}", head)

    def _merge(self, repo: Repo) -> None:
        """A fast-forward: the branch's own commit becomes the default branch's."""
        master = self._hub.commits[repo.branches[MASTER]]
        for branch, sha in repo.branches.items():
            ahead = master.sha in self._hub.commits[sha].ancestors and sha != master.sha
            if branch != MASTER and ahead:
                self.move(repo, MASTER, sha)
                if self._world.random.random() < 0.4:
                    self._drop(repo, branch)
                return

    def roll_back(self, repo: Repo) -> None:
        if self._world.random.random() < 0.5:
            # What is taken back was pushed by mistake just before.
            self.push(repo, MASTER)
            self._world.baton.sleep(self._world.random.uniform(1.0, 30.0))
            if self._world.calm:
                return
        tip = self._hub.commits[repo.branches[MASTER]]
        older = sorted(tip.ancestors - {tip.sha})
        if older:
            self.move(repo, MASTER, self._world.random.choice(older), forced=True)

    def _delete(self, repo: Repo) -> None:
        """A branch goes, often right after it was merged, and its pull requests with it."""
        known = [branch for branch in repo.branches if branch != MASTER]
        if known:
            self._drop(repo, self._world.random.choice(known))

    def _drop(self, repo: Repo, branch: str) -> None:
        at = self._hub.delete(repo, branch)
        self._pulls.drop(repo, branch)
        told = {"before": at, "after": NO_COMMIT, "deleted": True}
        self._tell(repo, f"refs/heads/{branch}", told)

    def _tag(self, repo: Repo) -> None:
        """A release of what the default branch holds now; some are taken back."""
        self._tags += 1
        sha, ref = repo.branches[MASTER], f"refs/tags/v{self._tags}"
        self._deploys.pushes.append(Push(repo.value.id, "", NO_COMMIT, sha))
        told = {"before": NO_COMMIT, "after": sha, "head_commit": {"id": sha}, "deleted": False}
        self.expectations.tag(repo, self._tell(repo, ref, told), sha)
        if self._world.random.random() < 0.2:
            self._tell(repo, ref, {"before": sha, "after": NO_COMMIT, "deleted": True})

    def _small_talk(self, repo: Repo) -> None:
        self._mail.send("ping", {"zen": "Speak like a human."})
        self._mail.send("issues", self._payload(repo) | {"action": "opened"})
        evil = {"ref": "refs/heads/evil", "before": NO_COMMIT, "after": repo.branches[MASTER]}
        self._mail.send("push", self._payload(repo) | evil, secret=b"guessed")

    def _tell(self, repo: Repo, ref: str, told: dict[str, Any]) -> Any:
        return self._mail.send("push", self._payload(repo) | {"ref": ref} | told)

    def _payload(self, repo: Repo) -> dict[str, Any]:
        value = repo.value
        return {
            "repository": {
                "id": value.id,
                "name": value.name,
                "owner": {"login": value.owner},
                "default_branch": value.default_branch,
                "private": value.private,
                "pushed_at": int(self._world.now),
            },
            "installation": {"id": value.installation},
            "sender": {"id": WRITER.id, "login": WRITER.login, "type": "User"},
        }
