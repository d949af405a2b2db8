"""Safety: what must hold at every moment, checked at each committed write and each effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from dishwasher.core.config import Kind
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.deploy import Environment
from dishwasher.core.heads import Looked
from dishwasher.core.job import MEETS_A_NEED, Job, Reason, State
from dishwasher.core.lifecycle import ALLOWED, MAY_BE_ALLOWED
from dishwasher.core.report import Report
from dishwasher.core.result import Result
from dishwasher.core.size import Size
from dishwasher.core.ticket import Ticket
from dishwasher.core.timetable import Timetable
from dishwasher.ports import Record

from tests.fakes.store import MemoryStore
from tests.sim import happenings, history, timing, vault
from tests.sim.deploys import Deploys, of
from tests.sim.faults import SMALL_SKEW
from tests.sim.hub import Hub
from tests.sim.moves import Moves
from tests.sim.talk import READER
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
MOST_ATTEMPTS = 4
"""The first, two after trouble of ours, one after a lost runner; and one for want of room."""


class Laws:
    """The witness: sees the truth that no flow sees, and ends the run when a law is broken."""

    def __init__(self, world: World, hub: Hub, sizes: tuple[Size, ...]) -> None:
        self._world, self._hub = world, hub
        self.rows = MemoryStore()
        self.is_running: Callable[[str], bool] = _unwired
        """Whether an attempt's runner is there."""
        self.deploys = Deploys(world, hub, self.rows)
        self.moves = Moves(world, self.rows, sizes)
        self.logs: dict[str, bytes] = {}
        self.looked: dict[str, float] = {}
        """When the first look at a repository's heads was kept."""
        self.known: dict[str, set[str]] = {}
        """What stood there."""
        self._started: Counter[str] = Counter()
        self._claimed: Counter[str] = Counter()
        self._said: dict[str, Result] = {}

    # What the fleet and the runners do.

    def started(self, attempt: str) -> None:
        """A runner is ordered."""
        self._started[attempt] += 1
        self._world.law(self._started[attempt] == 1, "S1 two runners for one attempt:", attempt)

    def claimed(self, attempt: str, ticket: Ticket) -> None:
        """The server has given out the ticket."""
        job, build = of(self.rows, attempt)
        self._world.law(not (leak := vault.wrong(build, ticket)), "S4", leak)
        request = build.event.pull_request
        own = request is None or request.head_repository == build.event.repository.id
        self._world.law(own or not ticket.trusted, "S5 a fork's job is trusted:", attempt)
        obeyed = build.event.rerun and build.event.sender == READER.login
        self._world.law(not obeyed, "S5 a reader was obeyed:", attempt)
        check = job.spec.kind is Kind.CHECK
        self._world.law(own or check, "S5 a fork deploys:", attempt)
        self.moves.claimed(attempt, ticket)
        self._claimed[attempt] += 1
        self._world.law(self._claimed[attempt] == 1, "S1 one ticket given out twice:", attempt)

    def begin(self, attempt: str) -> None:
        """The first user command runs now."""
        job, build = of(self.rows, attempt)
        self._world.tell("effect", attempt, job.spec.name)
        self.moves.begin(job)
        if job.spec.kind is Kind.DEPLOYMENT:
            self.deploys.begin(attempt, job, build)

    def said(self, attempt: str, result: Result) -> None:
        self._said[attempt] = result

    def shipped(self, attempt: str, log: bytes) -> None:
        """The server has confirmed the whole log."""
        self.logs[attempt] = log

    # What the table takes.

    def watch(self, old: Record | None, new: Record) -> None:
        if isinstance(new, Delivery) and new.stage is not Stage.RECEIVED:
            assert old is None or isinstance(old, Delivery)
            if old is None or old.stage is Stage.RECEIVED:
                happenings.tell(self._world, new)
        self._world.law(not (wrong := history.wrong(self.rows, new)), "S8", wrong)
        if isinstance(new, Looked) and new.seen:
            self.looked.setdefault(new.id, self._world.now)
            self.known.setdefault(new.id, {sha for _, sha in new.heads})
        if isinstance(new, Timetable) and isinstance(old, Timetable):
            late = timing.wrong(self.rows, old, new)
            # What would have begun where we are not let in is not made up for.
            away = new.repository.id in self._hub.left
            self._world.law(away or not late, "S9", late)
        if isinstance(new, Report):
            self._report(new)
        if isinstance(new, Environment) and new.holder:
            assert old is None or isinstance(old, Environment)
            self.deploys.taken(old or Environment(new.id), new)
        if isinstance(new, Job):
            assert old is None or isinstance(old, Job)
            self._job(old, new)

    def _report(self, new: Report) -> None:
        faults = self._world.faults
        if faults.leaves_unsaid or not faults.clocks_agree:
            # Who died before it could warn is cleaned up after by the last look.
            self._world.ready_at = max(self._world.ready_at, new.linger + faults.skew)

    def _job(self, old: Job | None, new: Job) -> None:
        law = self._world.law
        before = None if old is None else old.state
        anew = old is not None and self.moves.watch(old, new)
        law(new.state in MOVES[before], "S1", new.id, "went from", before, "to", new.state)
        if old is not None:
            claims = before is State.QUEUED and new.state is State.STARTING
            law(new.attempt == old.attempt + claims, "S1 the fencing number of", new.id)
            same_code = claims or new.code in ("", old.code)
            law(same_code, "S1", new.attempt_id, "was claimed while it was claimed")
        by_reader = f"by {READER.login}" in f"{new.cancel_why} {new.detail}"
        law(not by_reader, "S5 a reader was obeyed: the end of", new.id)
        most = MOST_ATTEMPTS + self.moves.has_died(new.id)
        law(new.attempt <= most, "S1", new.id, "is tried for ever")
        if old is not None and old.is_over:
            for name in LAST_WORDS:
                law(getattr(old, name) == getattr(new, name), "S2", name, "of", new.id, "changed")
        elif new.is_over:
            self._verdict(new)
        if old is not None and before is State.RUNNING and not anew:
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
        if job.mirrors and job.reason in BY_A_RUNNER:
            other = self.rows.get(Job, job.mirrors)
            true = other is not None and other.reason is job.reason and not job.attempt
            self._world.law(true, "S2", job.id, "did not end as", job.mirrors)
            self._world.sometimes("a job ended with that of another build")
        elif job.reason in BY_A_RUNNER:
            said = self._said.get(job.attempt_id)
            true = said is not None and said.reason is job.reason
            if job.reason is Reason.ADVISORY and job.detail.startswith(ALLOWED):
                # A runner that was lost has said nothing, or too late, and that is allowed too.
                lost = "runner was lost" in job.detail or "No runner" in job.detail
                true = lost or (said is not None and said.reason in MAY_BE_ALLOWED)
                self._world.sometimes("a job ended as a failure that is allowed")
            self._world.law(true, "S2", job.attempt_id, "ended as", job.reason, "unsaid")
        if job.spec.kind is Kind.DEPLOYMENT:
            self.deploys.ended(job)


def _unwired(attempt: str) -> bool:
    raise AssertionError(f"nobody knows whether {attempt} is there")
