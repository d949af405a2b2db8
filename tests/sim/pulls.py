"""Pull requests of the simulated world, and those who open, change, close and adopt them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dishwasher.core.report import Report, pull_key

from tests.sim.clicks import Clicks
from tests.sim.commits import Repo, Request
from tests.sim.configs import failing, write
from tests.sim.expecting import Expectations
from tests.sim.heads import FORK
from tests.sim.hub import Hub
from tests.sim.laws import Laws
from tests.sim.mail import Mail
from tests.sim.talk import SimTalk
from tests.sim.world import World

MASTER = "master"


class Pulls:
    """Each act changes a pull request on the hub and sends the webhook that follows."""

    def __init__(
        self,
        world: World,
        hub: Hub,
        mail: Mail,
        laws: Laws,
        talk: SimTalk,
        clicks: Clicks,
        expectations: Expectations,
        payload: Callable[[Repo], dict[str, Any]],
        push: Callable[..., str],
    ) -> None:
        self._world, self._hub, self._mail, self._laws = world, hub, mail, laws
        self._talk, self._clicks, self._expectations = talk, clicks, expectations
        self._payload, self._push = payload, push
        self._days = 0

    def acts(self) -> tuple[Callable[[Repo], None], ...]:
        often = (self.open, self.day, self.fork, self.close)
        return (*often, self.open, self.day, self.reopen, self.retarget, self.touch, self.unsay)

    def open(self, repo: Repo) -> None:
        known = [branch for branch in repo.branches if branch != MASTER]
        if not known:
            return
        branch = self._world.random.choice(known)
        request = self._request(repo, branch, repo.branches[branch], fork=False)
        self._send(repo, request, "opened")
        if self._world.random.random() < 0.4:
            self.retarget(repo)
        if self._world.random.random() < 0.3:
            # Opened by mistake: its checks are under way when it is closed.
            self._world.baton.sleep(self._world.random.uniform(1.0, 15.0))
            if not self._world.calm:
                self.close(repo)

    def day(self, repo: Repo) -> None:
        """What fails is pushed to again and run again, so that much is said of it."""
        random, self._days = self._world.random, self._days + 1
        branch = f"feature-{self._days}"
        head = self._push(repo, branch, failing(random))
        request = self._request(repo, branch, head, fork=False)
        self._send(repo, request, "opened")
        for _ in range(random.randint(1, 5)):
            self._world.baton.sleep(random.uniform(5.0, 60.0))
            if self._world.calm or not request.is_open or repo.gone_at <= self._world.now:
                return
            self._step(repo, request)

    def _step(self, repo: Repo, request: Request) -> None:
        fate = self._world.random.random()
        if fate < 0.5 and request.branch in repo.branches:
            self._push(repo, request.branch, failing(self._world.random))
        elif fate < 0.8:
            self._clicks.say(repo, request, "/rerun")
        elif fate < 0.9:
            self.touch(repo)
        else:
            self.close(repo)
            self._world.baton.sleep(self._world.random.uniform(0.5, 20.0))
            if not self._world.calm:
                self.reopen(repo)

    def fork(self, repo: Repo) -> None:
        written = write(self._world.random)
        commit = self._hub.commit((repo.branches[MASTER],), written.data)
        self._expectations.written[commit.sha] = written
        request = self._request(repo, "patch", commit.sha, fork=True)
        self._send(repo, request, "opened")
        for _ in range(self._world.random.choice((0, 2, 3))):
            self._world.baton.sleep(self._world.random.uniform(5.0, 60.0))
            if not self._world.calm:
                self._clicks.look_at(repo, request)

    def close(self, repo: Repo) -> None:
        for request in reversed(repo.requests):
            if request.is_open:
                request.is_open = False
                self._send(repo, request, "closed")
                return

    def reopen(self, repo: Repo) -> None:
        closed = [one for one in repo.requests if not one.is_open and self._is_plain(repo, one)]
        if closed:
            request = self._world.random.choice(closed)
            request.is_open = True
            self._send(repo, request, "reopened")

    def retarget(self, repo: Repo) -> None:
        """It is to be merged into another branch."""
        for request in repo.requests:
            others = [name for name in repo.branches if name not in (request.branch, MASTER)]
            if request.is_open and not request.fork and others:
                back = request.base_ref != MASTER
                self._aim(repo, request, MASTER if back else self._world.random.choice(others))
                return

    def touch(self, repo: Repo) -> None:
        """Its commit stays what it is."""
        known = [one for one in repo.requests if one.is_open and self._is_plain(repo, one)]
        if known:
            request = self._world.random.choice(known)
            self._send(repo, request, "ready_for_review")
            self._send(repo, request, "labeled", label={"id": 7, "name": "ready"})

    def _is_plain(self, repo: Repo, request: Request) -> bool:
        """Whether it is known what is built of it: of a fork, where the base decides, only as long
        as that stands where it stood."""
        if request.fork:
            return repo.branches[MASTER] == request.base
        return repo.branches.get(request.branch) == request.head

    def follow(self, repo: Repo, branch: str, sha: str) -> None:
        """The branch was pushed to."""
        for request in repo.requests:
            if request.is_open and request.branch == branch and not request.fork:
                request.head = sha
                self._send(repo, request, "synchronize")

    def drop(self, repo: Repo, branch: str) -> None:
        """The branch was deleted: what it asked for is closed, what it was to receive goes on."""
        for request in repo.requests:
            if request.is_open and request.branch == branch and not request.fork:
                request.is_open = False
                self._send(repo, request, "closed")
            elif request.is_open and request.base_ref == branch:
                self._aim(repo, request, MASTER)

    def unsay(self, repo: Repo) -> None:
        """Somebody does not want to see our comment."""
        for request in repo.requests:
            report = self._laws.rows.get(Report, pull_key(repo.value.id, request.number))
            known = report.said.comment if report else 0
            self._talk.delete(repo.value.id, request.number, known)

    def _aim(self, repo: Repo, request: Request, base: str) -> None:
        """Its base branch becomes another one."""
        before, request.base_ref, request.base = request.base_ref, base, repo.branches[base]
        self._send(repo, request, "edited", changes={"base": {"ref": {"from": before}}})

    def _request(self, repo: Repo, branch: str, head: str, *, fork: bool) -> Request:
        base = repo.branches[MASTER]
        number = len(repo.requests) + 1
        request = Request(number, branch, fork, head, base, MASTER, self._world.now)
        repo.requests.append(request)
        return request

    def _send(self, repo: Repo, request: Request, action: str, **more: object) -> None:
        head_id = repo.value.id + FORK if request.fork else repo.value.id
        self._hub.request(repo, request)
        told = {
            "action": action,
            "number": request.number,
            "pull_request": {
                "updated_at": request.updated,
                "head": {"sha": request.head, "ref": request.branch, "repo": {"id": head_id}},
                "base": {"sha": request.base, "ref": request.base_ref},
            },
        }
        sent = self._mail.send("pull_request", self._payload(repo) | told | more)
        if action in ("closed", "labeled"):
            return
        self._expectations.request(repo, sent, request)
