"""Safety: what must hold at every moment, checked at each committed write and each effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.event import Event, EventKind
from dishwasher.core.heads import Looked
from dishwasher.core.job import (
    ALLOWED,
    MAY_BE_ALLOWED,
    MEETS_A_NEED,
    Job,
    Reason,
    State,
    parse_attempt,
)
from dishwasher.core.report import Report
from dishwasher.core.result import Result
from dishwasher.core.ticket import Ticket
from dishwasher.core.timetable import Timetable
from dishwasher.ports import Record

from tests.fakes.store import MemoryStore
from tests.sim import history, timing, vault
from tests.sim.faults import SMALL_SKEW
from tests.sim.hub import Hub
from tests.sim.world import World

MOVES: dict[State | None, frozenset[State]] = {
    None: frozenset({State.BLOCKED, State.QUEUED, State.CONCLUDED}),
    State.BLOCKED: frozenset({State.BLOCKED, State.QUEUED, State.CONCLUDED}),
    State.QUEUED: frozenset({State.QUEUED, State.STARTING, State.CONCLUDED}),
    State.STARTING: frozenset({State.STARTING, State.RUNNING, State.QUEUED, State.CONCLUDED}),
    State.RUNNING: frozenset({State.RUNNING, State.QUEUED, State.CONCLUDED}),
    State.CONCLUDED: frozenset({State.CONCLUDED}),
}
BY_A_RUNNER = frozenset({Reason.OK, Reason.FAILED, Reason.ADVISORY, Reason.TIMED_OUT})
"""Verdicts that only the word of this very attempt's runner can give."""
LAST_WORDS = ("reason", "detail", "ended", "attempt", "started")
LOOK = 60.0
LONG_CALL = 700.0
"""Seconds that a worker may take from a look to what it does then."""
MOST_ATTEMPTS = 4
"""The first, two after trouble of ours, one after a lost runner."""


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


class Laws:
    """The witness: sees the truth that no flow sees, and ends the run when a law is broken."""

    def __init__(self, world: World, hub: Hub) -> None:
        self._world, self._hub = world, hub
        self.rows = MemoryStore()
        self.is_running: Callable[[str], bool] = _unwired
        """Whether an attempt's runner is there."""
        self.pushes: list[Push] = []
        self.logs: dict[str, bytes] = {}
        self.looked: dict[str, float] = {}
        """When the first look at a repository's heads was kept."""
        self._started: Counter[str] = Counter()
        self._claimed: Counter[str] = Counter()
        self._said: dict[str, Result] = {}
        self._effects: Counter[tuple[str, ...]] = Counter()
        self._unknown: set[str] = set()
        self._latest: dict[str, tuple[int, str]] = {}

    # What the fleet and the runners do.

    def started(self, attempt: str) -> None:
        """A runner is ordered."""
        self._started[attempt] += 1
        self._world.law(self._started[attempt] == 1, "S1 two runners for one attempt:", attempt)

    def claimed(self, attempt: str, ticket: Ticket) -> None:
        """The server has given out the ticket."""
        job, build = self._of(attempt)
        self._world.law(not (leak := vault.wrong(build, ticket)), "S4", leak)
        request = build.event.pull_request
        own = request is None or request.head_repository == build.event.repository.id
        self._world.law(own or not ticket.trusted, "S5 a fork's job is trusted:", attempt)
        check = job.spec.kind is Kind.CHECK
        self._world.law(own or check, "S5 a fork deploys:", attempt)
        self._claimed[attempt] += 1
        self._world.law(self._claimed[attempt] == 1, "S1 one ticket given out twice:", attempt)

    def begin(self, attempt: str) -> None:
        """The first user command runs now."""
        job, build = self._of(attempt)
        self._world.tell("effect", attempt, job.spec.name)
        if job.spec.kind is Kind.DEPLOYMENT:
            self._deploys(attempt, job, build)

    def said(self, attempt: str, result: Result) -> None:
        self._said[attempt] = result

    def shipped(self, attempt: str, log: bytes) -> None:
        """The server has confirmed the whole log."""
        self.logs[attempt] = log

    # What the table takes.

    def watch(self, old: Record | None, new: Record) -> None:
        self._world.law(not (wrong := history.wrong(self.rows, new)), "S8", wrong)
        if isinstance(new, Looked) and new.seen:
            self.looked.setdefault(new.id, self._world.now)
        if isinstance(new, Timetable) and isinstance(old, Timetable):
            late = timing.wrong(self.rows, old, new)
            self._world.law(not late, "S9", late)
        if isinstance(new, Report):
            self._report(new)
        if isinstance(new, Environment) and new.holder:
            assert old is None or isinstance(old, Environment)
            self._taken(old or Environment(new.id), new)
        if isinstance(new, Job):
            assert old is None or isinstance(old, Job)
            self._job(old, new)

    def _taken(self, old: Environment, new: Environment) -> None:
        """Of two that are known to wait the later commit goes."""
        job = self.rows.get(Job, new.holder)
        if old.holder == new.holder or job is None:
            return
        event = self._of(job.attempt_id)[1].event
        own = self._hub.commits[event.sha]
        for id in old.waiting if not (event.rerun or event.forced) else ():
            other = self.rows.get(Job, id)
            if other is None or other.state is not State.QUEUED:
                continue
            later = self._hub.commits[self._of(other.attempt_id)[1].event.sha]
            behind = own.sha in later.ancestors and own.sha != later.sha
            look = LONG_CALL if self._world.faults.freeze else LOOK
            shown = max(own.visible_at, later.visible_at) < self._world.now - look
            fair = not (behind and shown)
            self._world.law(fair, "S3", id, "is later and had to wait for", job.id)

    def _report(self, new: Report) -> None:
        faults = self._world.faults
        if faults.crash or not faults.clocks_agree:
            # Who died before it could warn is cleaned up after by the last look.
            self._world.ready_at = max(self._world.ready_at, new.linger + faults.skew)

    def _job(self, old: Job | None, new: Job) -> None:
        law = self._world.law
        before = None if old is None else old.state
        law(new.state in MOVES[before], "S1", new.id, "went from", before, "to", new.state)
        if old is not None:
            claims = before is State.QUEUED and new.state is State.STARTING
            law(new.attempt == old.attempt + claims, "S1 the fencing number of", new.id)
            same_code = claims or new.code in ("", old.code)
            law(same_code, "S1", new.attempt_id, "was claimed while it was claimed")
        law(new.attempt <= MOST_ATTEMPTS, "S1", new.id, "is tried for ever")
        if old is not None and old.is_over:
            for name in LAST_WORDS:
                law(getattr(old, name) == getattr(new, name), "S2", name, "of", new.id, "changed")
        elif new.is_over:
            self._verdict(new)
        if old is not None and before is State.RUNNING:
            self._lease(old, new)
        if new.state is State.QUEUED and before in (None, State.BLOCKED):
            needs = [self.rows.get(Job, need) for need in new.needs]
            met = all(need and need.reason in MEETS_A_NEED for need in needs)
            law(met, "S6", new.id, "was queued while a need was not met")

    def _lease(self, old: Job, new: Job) -> None:
        """Who lives and beats keeps the job."""
        if new.state is State.QUEUED:
            self._world.sometimes("a lease was taken away and the job tried again")
        taken = new.state is State.QUEUED or new.reason in (Reason.LOST, Reason.UNKNOWN_EFFECT)
        if not taken or old.attempt_id in self._said or not self._world.faults.clocks_agree:
            return
        early = old.deadline > self._world.now + SMALL_SKEW
        runs = self.is_running(old.attempt_id)
        self._world.law(not (early and runs), "S1 the lease of", old.attempt_id, "is taken early")

    def _verdict(self, job: Job) -> None:
        self._world.sometimes(f"a job ended as {job.reason}")
        if job.reason in BY_A_RUNNER:
            said = self._said.get(job.attempt_id)
            true = said is not None and said.reason is job.reason
            if job.reason is Reason.ADVISORY and job.detail.startswith(ALLOWED):
                # A runner that was lost has said nothing, or too late, and that is allowed too.
                lost = "runner was lost" in job.detail or "No runner" in job.detail
                true = lost or (said is not None and said.reason in MAY_BE_ALLOWED)
                self._world.sometimes("a job ended as a failure that is allowed")
            self._world.law(true, "S2", job.attempt_id, "ended as", job.reason, "unsaid")
        if job.reason is Reason.UNKNOWN_EFFECT:
            repository = self._of(job.attempt_id)[1].event.repository.id
            self._unknown.add(environment_id(repository, job.spec.name))

    def _deploys(self, attempt: str, job: Job, build: Build) -> None:
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
            row = self.rows.get(Environment, environment)
            written = row is not None and (row.holder, row.sha) == (job.id, event.sha)
            self._world.law(written, "S3", environment, "is deployed to without a stored intent")
        if event.rerun:
            # A human's word stands above order and locks.
            self._latest.pop(environment, None)
            self._unknown.discard(environment)
        else:
            self._by_itself(environment, job, build)

    def _by_itself(self, environment: str, job: Job, build: Build) -> None:
        law, event = self._world.law, build.event
        law(environment not in self._unknown, "S3", environment, "is deployed to after an unknown")
        for other in self.rows.all(Job):
            same = other.spec.kind is Kind.DEPLOYMENT and other.spec.name == job.spec.name
            if same and other.state is State.RUNNING and other.id != job.id:
                repository = self._of(other.attempt_id)[1].event.repository.id
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

    def _of(self, attempt: str) -> tuple[Job, Build]:
        job = self.rows.get(Job, parse_attempt(attempt)[0])
        assert job is not None
        build = self.rows.get(Build, job.build)
        assert build is not None
        return job, build


def _unwired(attempt: str) -> bool:
    raise AssertionError(f"nobody knows whether {attempt} is there")
