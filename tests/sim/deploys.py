"""Rule 4: a deployment begins at most once for each intent, alone, in order, and known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Job, Reason, State, parse_attempt

from tests.fakes.store import MemoryStore
from tests.sim.hub import Hub
from tests.sim.world import World

LOOK = 60.0
LONG_CALL = 700.0
"""Seconds that a worker may take from a look to what it does then."""


@dataclass(frozen=True, slots=True)
class Push:
    """One move of a branch; their order is the branch's order."""

    repository: int
    branch: str
    before: str
    sha: str

    def led_to(self, event: Event) -> bool:
        """Whether the branch stood where the event says by this move."""
        here = (event.repository.id, event.branch, event.sha)
        return here == (self.repository, self.branch, self.sha)


class Deploys:
    """The witness of every effect on an environment."""

    def __init__(self, world: World, hub: Hub, rows: MemoryStore) -> None:
        self._world, self._hub, self._rows = world, hub, rows
        self.pushes: list[Push] = []
        self._effects: Counter[tuple[str, ...]] = Counter()
        self._unknown: dict[str, str] = {}
        """Environments where nobody knows what became of a deployment, with its job."""
        self._begun: dict[tuple[int, str], set[str]] = {}
        """The environments that each commit of a repository was deployed to."""
        self._latest: dict[str, tuple[int, str]] = {}

    def ended(self, job: Job) -> None:
        self._world.sometimes(f"a deployment ended as {job.reason}")
        if job.reason is Reason.UNKNOWN_EFFECT:
            repository = of(self._rows, job.attempt_id)[1].event.repository.id
            self._unknown[environment_id(repository, job.spec.name)] = job.id

    def taken(self, old: Environment, new: Environment) -> None:
        """Of two that are known to wait the later commit goes."""
        job = self._rows.get(Job, new.holder)
        if old.holder == new.holder or job is None:
            if set(new.waiting) - set(old.waiting):
                self._world.sometimes("a deployment waited for another")
            return
        event = of(self._rows, job.attempt_id)[1].event
        own = self._hub.commits[event.sha]
        for id in old.waiting if not (event.rerun or event.forced) else ():
            other = self._rows.get(Job, id)
            if other is None or other.state is not State.QUEUED:
                continue
            later = self._hub.commits[of(self._rows, other.attempt_id)[1].event.sha]
            behind = own.sha in later.ancestors and own.sha != later.sha
            look = LONG_CALL if self._world.faults.freeze else LOOK
            shown = max(own.visible_at, later.visible_at) < self._world.now - look
            fair = not (behind and shown)
            self._world.law(fair, "S3", id, "is later and had to wait for", job.id)

    def begin(self, attempt: str, job: Job, build: Build) -> None:
        event = build.event
        environment = environment_id(event.repository.id, job.spec.name)
        # What was asked for: this move of the branch, this click, or this call.
        click = event.delivery if event.rerun or event.kind is not EventKind.PUSH else ""
        intent = (environment, event.branch, event.sha, click)
        self._effects[intent] += 1
        # Merged, rolled back and merged again is asked for twice.
        moves = 1 if click else sum(made.led_to(event) for made in self.pushes)
        self._world.law(self._effects[intent] <= moves, "S3 deployed twice:", *intent)
        if job.state is not State.RUNNING or job.attempt_id != attempt:
            # Its runner may believe for a moment longer that it lives, as long as clocks differ.
            known = not self._world.faults.skew
            self._world.law(not known, "S3", attempt, "begins to deploy after it was given up")
        else:
            row = self._rows.get(Environment, environment)
            written = row is not None and (row.holder, row.sha) == (job.id, event.sha)
            self._world.law(written, "S3", environment, "is deployed to without a stored intent")
        self._count(environment, event)
        if event.rerun:
            # A human's word stands above order and locks.
            self._latest.pop(environment, None)
            self._unknown.pop(environment, None)
        else:
            self._by_itself(environment, job, build)

    def _count(self, environment: str, event: Event) -> None:
        """What kinds of deployment there are."""
        begun, sometimes = self._begun, self._world.sometimes
        begun.setdefault((event.repository.id, event.sha), set()).add(environment)
        if len(begun[event.repository.id, event.sha]) > 1:
            sometimes("two environments got one commit")
        if event.tag:
            sometimes("a tag was deployed")
        if event.forced:
            sometimes("a forced push was deployed")
        if event.rerun:
            unknown = environment in self._unknown
            sometimes(f"a person deployed{' after an unknown end' if unknown else ''}")

    def _by_itself(self, environment: str, job: Job, build: Build) -> None:
        law, event = self._world.law, build.event
        # With clocks apart, that very deployment may begin when it has just been given up.
        settled = self._unknown.get(environment, job.id) == job.id
        law(settled, "S3", environment, "is deployed to after an unknown")
        for other in self._rows.all(Job):
            same = other.spec.kind is Kind.DEPLOYMENT and other.spec.name == job.spec.name
            if same and other.state is State.RUNNING and other.id != job.id:
                repository = of(self._rows, other.attempt_id)[1].event.repository.id
                alone = repository != event.repository.id
                law(alone, "S3", other.id, "and", job.id, "deploy at once to", environment)
        place = max(n for n, made in enumerate(self.pushes) if made.led_to(event))
        push = self.pushes[place]
        latest, sha = self._latest.get(environment, (-1, ""))
        in_order = place >= latest or self._leads_on(push, sha)
        law(in_order, "S3", event.sha, "was deployed to", environment, "after the later", sha)
        self._latest[environment] = (place, event.sha)

    def _leads_on(self, push: Push, sha: str) -> bool:
        """Whether the branch's history goes from that commit over this one to where it stands; a
        tag stays where it is put, and is only too late after what came of it."""
        if not push.branch:
            return push.sha == sha or push.sha not in self._hub.commits[sha].ancestors
        tip = self._hub.repos[push.repository].branches[push.branch]
        history = self._hub.commits[tip].ancestors
        later = sha in self._hub.commits[push.sha].ancestors
        return push.sha in (sha, tip) or (push.sha in history and later)


def of(rows: MemoryStore, attempt: str) -> tuple[Job, Build]:
    job = rows.get(Job, parse_attempt(attempt)[0])
    assert job is not None
    build = rows.get(Build, job.build)
    assert build is not None
    return job, build
