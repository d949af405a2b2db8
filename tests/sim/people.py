"""The people of the simulated world: they push, open and close pull requests, click re-run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dishwasher.core.event import NO_COMMIT, Repository
from dishwasher.core.report import Report, Status, pull_key

from tests.sim.clicks import Clicks
from tests.sim.commits import Repo, Request
from tests.sim.configs import Written, write
from tests.sim.heads import FORK, SimHeads
from tests.sim.hub import Hub
from tests.sim.laws import Laws, Push
from tests.sim.mail import Mail, Sent
from tests.sim.talk import SimTalk
from tests.sim.world import World

MASTER = "master"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a delivery should come to; `runs` says that its jobs must not be refused."""

    guid: str
    repository: int
    sha: str
    names: tuple[str, ...]
    runs: bool
    adopted: bool = False
    """A fork's commit that a maintainer has pushed here as well."""


class People:
    """Acts on the hub and lets it send the webhooks that follow."""

    def __init__(
        self, world: World, hub: Hub, mail: Mail, laws: Laws, talk: SimTalk, heads: SimHeads
    ) -> None:
        self._world, self._hub, self._mail, self._laws = world, hub, mail, laws
        self.expected: list[Expected] = []
        self.written: dict[str, Written] = {}
        """By commit."""
        self.moved: set[tuple[int, str]] = set()
        """Branches (with the commit they left): a pull request may rightly be refused there."""
        self._branches = 0
        self._clicks = Clicks(world, hub, mail, self._payload)
        self._talk, self._heads = talk, heads

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
        for repo in repos:
            self.push(repo, MASTER)
        for time in times:
            world.baton.sleep(max(0.0, time - world.now))
            repo = world.random.choice(repos)
            if repo.gone_at > world.now:
                self._act(repo)

    def push(self, repo: Repo, branch: str, written: Written | None = None) -> str:
        """A new commit on the branch."""
        written = write(self._world.random) if written is None else written
        at = repo.branches.get(branch) or repo.branches.get(MASTER)
        commit = self._hub.commit((at,) if at else (), written.data)
        self.written[commit.sha] = written
        self.move(repo, branch, commit.sha)
        return commit.sha

    def move(self, repo: Repo, branch: str, sha: str, *, forced: bool = False) -> None:
        """The branch is pushed to stand at this commit."""
        before = self._hub.move(repo, branch, sha)
        if before == sha:
            return
        self.moved.add((repo.value.id, before))
        self._laws.pushes.append(Push(repo.value.id, branch, before, sha))
        sent = self._mail.send(
            "push",
            self._payload(repo)
            | {
                "ref": f"refs/heads/{branch}",
                "before": before,
                "after": sha,
                "forced": forced,
                "deleted": False,
            },
        )
        self._tell_if(sent, repo, sha)
        self._expect(repo, sent.guid, sha, sha, branch if branch == MASTER else "", runs=True)
        for request in repo.requests:
            if request.is_open and request.branch == branch and not request.fork:
                request.head = sha
                self._pull_request(repo, request, "synchronize")

    def _act(self, repo: Repo) -> None:
        acts = (
            *(self._push_somewhere,) * 4,
            *(lambda repo: self.push(repo, MASTER),) * 6,
            *(self._open,) * 4,
            *(self._merge,) * 3,
            *(self._rerun,) * 4,
            self._fork,
            self._fork,
            self._adopt,
            *(self._close,) * 3,
            *(self._roll_back,) * 2,
            self._small_talk,
            *(self._delete,) * 2,
            *(self._unsay,) * 2,
            *self._clicks.acts(),
        )
        self._world.random.choice(acts)(repo)

    def _push_somewhere(self, repo: Repo) -> None:
        known = [branch for branch in repo.branches if branch != MASTER]
        if known and self._world.random.random() < 0.6:
            self.push(repo, self._world.random.choice(known))
        else:
            self._branches += 1
            self.push(repo, f"topic-{self._branches}")

    def _open(self, repo: Repo) -> None:
        known = [branch for branch in repo.branches if branch != MASTER]
        if not known:
            return
        branch = self._world.random.choice(known)
        request = self._request(repo, branch, repo.branches[branch], fork=False)
        self._pull_request(repo, request, "opened")
        if self._world.random.random() < 0.3:
            # Opened by mistake: its checks are under way when it is closed.
            self._world.baton.sleep(self._world.random.uniform(1.0, 15.0))
            self._close(repo)

    def _fork(self, repo: Repo) -> None:
        written = write(self._world.random)
        commit = self._hub.commit((repo.branches[MASTER],), written.data)
        self.written[commit.sha] = written
        request = self._request(repo, "patch", commit.sha, fork=True)
        self._pull_request(repo, request, "opened")
        for _ in range(self._world.random.choice((0, 2))):
            # Somebody looks at it, or its author hopes to get away with it.
            self._world.baton.sleep(self._world.random.uniform(5.0, 60.0))
            self._clicks.command(repo)

    def _adopt(self, repo: Repo) -> None:
        """A maintainer pushes a fork's commit to a branch here, to have it checked."""
        forks = [request for request in repo.requests if request.fork]
        if forks:
            self._branches += 1
            head = self._world.random.choice(forks).head
            self.expected = [
                replace(known, adopted=known.adopted or known.sha == head)
                for known in self.expected
            ]
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

    def _roll_back(self, repo: Repo) -> None:
        tip = self._hub.commits[repo.branches[MASTER]]
        older = sorted(tip.ancestors - {tip.sha})
        if older:
            self.move(repo, MASTER, self._world.random.choice(older), forced=True)

    def _close(self, repo: Repo) -> None:
        for request in reversed(repo.requests):
            if request.is_open:
                request.is_open = False
                self._pull_request(repo, request, "closed")
                return

    def _delete(self, repo: Repo) -> None:
        """A branch goes, often right after it was merged, and its pull requests with it."""
        known = [branch for branch in repo.branches if branch != MASTER]
        if known:
            self._drop(repo, self._world.random.choice(known))

    def _drop(self, repo: Repo, branch: str) -> None:
        at = self._hub.delete(repo, branch)
        for request in repo.requests:
            if request.is_open and request.branch == branch and not request.fork:
                request.is_open = False
                self._pull_request(repo, request, "closed")
        ref = {"ref": f"refs/heads/{branch}", "before": at, "after": NO_COMMIT, "deleted": True}
        self._mail.send("push", self._payload(repo) | ref)

    def _unsay(self, repo: Repo) -> None:
        """Somebody does not want to see our comment."""
        for request in repo.requests:
            report = self._laws.rows.get(Report, pull_key(repo.value.id, request.number))
            known = report.said.comment if report else 0
            self._talk.delete(repo.value.id, request.number, known)

    def _rerun(self, repo: Repo) -> None:
        ended = [
            run
            for run in self._hub.runs.values()
            if run.repository == repo.value.id and run.status is Status.COMPLETED
        ]
        if ended:
            run = self._world.random.choice(ended)
            self._mail.send(
                "check_run",
                self._payload(repo)
                | {
                    "action": "rerequested",
                    "check_run": {
                        "id": run.id,
                        "external_id": run.external_id,
                        "head_sha": run.sha,
                    },
                },
            )

    def _small_talk(self, repo: Repo) -> None:
        self._mail.send("ping", {"zen": "Speak like a human."})
        self._mail.send("issues", self._payload(repo) | {"action": "opened"})
        evil = {"ref": "refs/heads/evil", "before": NO_COMMIT, "after": repo.branches[MASTER]}
        self._mail.send("push", self._payload(repo) | evil, secret=b"guessed")

    def _request(self, repo: Repo, branch: str, head: str, *, fork: bool) -> Request:
        requests = repo.requests
        base = repo.branches[MASTER]
        request = Request(len(requests) + 1, branch, fork, head, base, self._world.now)
        requests.append(request)
        return request

    def _pull_request(self, repo: Repo, request: Request, action: str) -> None:
        head_id = repo.value.id + FORK if request.fork else repo.value.id
        self._hub.request(repo, request)
        sent = self._mail.send(
            "pull_request",
            self._payload(repo)
            | {
                "action": action,
                "number": request.number,
                "pull_request": {
                    "updated_at": request.updated,
                    "head": {
                        "sha": request.head,
                        "ref": request.branch,
                        "repo": {"id": head_id},
                    },
                    "base": {"sha": request.base, "ref": MASTER},
                },
            },
        )
        if action != "closed":
            self._tell_if(sent, repo, request.head)
            planned_by = request.base if request.fork else request.head
            self._expect(repo, sent.guid, request.head, planned_by, "", runs=not request.fork)

    def _tell_if(self, sent: Sent, repo: Repo, head: str) -> None:
        if sent.unsent:
            self._heads.untold.append((self._world.now, repo.value.id, head))

    def _expect(
        self, repo: Repo, guid: str, sha: str, planned_by: str, deploys: str, *, runs: bool
    ) -> None:
        written = self.written[planned_by]
        names = written.checks + (written.deployments if deploys else ())
        self.expected.append(Expected(guid, repo.value.id, sha, names, runs))

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
            "sender": {"id": 2, "login": "somebody", "type": "User"},
        }
