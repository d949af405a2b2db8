"""Every flow over the fakes, and hands that play GitHub, the queue's workers and a runner."""

from __future__ import annotations

from typing import TypeVar

from dishwasher.core.access import Change
from dishwasher.core.build import Build
from dishwasher.core.delivery import REPLAN_AFTER, Delivery, Stage
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Job, Reason, Timing
from dishwasher.core.report import Report
from dishwasher.core.result import Progress, Result
from dishwasher.core.session import Person
from dishwasher.core.shelf import Room
from dishwasher.core.size import ONE, Size
from dishwasher.core.ticket import Bootstrap, Claimed, Limits, Orders
from dishwasher.errors import InfraError
from dishwasher.flow.accept import Accept
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.caches import Caches
from dishwasher.flow.dispatch import Dispatch
from dishwasher.flow.plan import Plan
from dishwasher.flow.reap import Reap
from dishwasher.flow.redeliver import Redeliver
from dishwasher.flow.report import Reports
from dishwasher.flow.settle import Settle
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Record, Topic

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock
from tests.fakes.forge import FakeForge, ForgePull, ForgeRun
from tests.fakes.queue import MemoryQueue
from tests.fakes.stages import FakeStages
from tests.fakes.store import MemoryStore
from tests.fakes.talk import FakeTalk
from tests.fakes.vault import MemoryVault
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA

R = TypeVar("R", bound=Record)

CONFIG_PATH = ".dishwasher.yml"
ROOM = Room(one=100, shelf=250)
SECRET = b"It's a Secret to Everybody"
CONFIG = b"""\
checks:
  lint:
    run: flake8
  tests:
    needs: lint
    run: pytest
deployments:
  staging:
    branch: main
    run: ./deploy.sh
"""


CHECKS = b"checks:\n  lint: flake8\n"
SPELLING = b"checks:\n  spelling:\n    uses: spelling\n"
BROKEN = b"checks:\n  lint:\n    runs: flake8\n"


class FakeFleet:
    """Notes whom it was asked to start and to stop; has runners unless told otherwise."""

    def __init__(self) -> None:
        self.started: list[Bootstrap] = []
        self.tenants: list[str] = []
        self.sizes: list[Size] = []
        self.stopped: list[str] = []
        self.fault: InfraError | None = None

    def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
        if self.fault is not None:
            raise self.fault
        self.started.append(bootstrap)
        self.tenants.append(tenant)
        self.sizes.append(size)

    def stop(self, attempt: str) -> None:
        self.stopped.append(attempt)


class RacyStore(MemoryStore):
    """Lets another writer come first: what was given to `interrupt` runs before the next saves."""

    def __init__(self) -> None:
        super().__init__()
        self.interruptions: list[object] = []
        self.saves = 0

    def interrupt(self, *actions: object) -> None:
        """Each action runs once, before one of the next saves; None lets that save pass."""
        self.interruptions.extend(actions)

    def save(self, *records: Record) -> None:
        if self.interruptions:
            action = self.interruptions.pop(0)
            if callable(action):
                waiting, self.interruptions = self.interruptions, []
                action()
                self.interruptions = waiting
        self.saves += 1
        super().save(*records)


class House:
    """GitHub has the repository with commits BASE_SHA → SHA → OTHER_SHA, `main` at SHA."""

    def __init__(
        self,
        config: bytes | None = CONFIG,
        timing: Timing | None = None,
        sizes: tuple[Size, ...] = ONE,
    ) -> None:
        self.timing = timing or Timing()
        self.clock = FakeClock()
        self.store = RacyStore()
        self.queue = MemoryQueue(self.clock)
        self.blobs = MemoryBlobs(self.clock)
        self.forge = FakeForge(self.clock)
        self.talk = FakeTalk(self.forge)
        self.talk.stands(REPOSITORY, 5, SHA)
        self.talk.writers.add((REPOSITORY.id, Person(1, "ann")))
        self.stages = FakeStages(self.forge)
        self.fleet = FakeFleet()
        self.vault = MemoryVault()
        store, queue, clock, forge = self.store, self.queue, self.clock, self.forge
        there = forge.add(REPOSITORY)
        files = {} if config is None else {CONFIG_PATH: config}
        there.files = {sha: dict(files) for sha in (BASE_SHA, SHA, OTHER_SHA)}
        there.parents = {BASE_SHA: (), SHA: (BASE_SHA,), OTHER_SHA: (SHA,)}
        there.branches = {"main": SHA, "topic": SHA}
        self.there = there
        self.effects: list[str] = []
        """Ids of the jobs whose commands have begun, once for each time."""
        self.verdicts = Verdicts(store, queue, clock, self.timing)
        self.accept = Accept(store, queue, clock, SECRET)
        self.plan = Plan(
            *(store, self.blobs, queue, clock, forge, forge, self.verdicts, self.timing),
            *(b"build ids", self.talk, self.talk),
        )
        self.dispatch = Dispatch(
            *(store, clock, forge, self.fleet, self.verdicts, self.timing),
            *(lambda: "http://here", sizes),
        )
        self.attempts = Attempts(
            store,
            self.blobs,
            queue,
            clock,
            forge,
            self.verdicts,
            self.timing,
            Limits(log_bytes=1000, artifact_bytes=1000, artifact_files=2),
            page,
            self.vault,
            sizes,
        )
        self.settle = Settle(self.blobs, clock, self.attempts, self.verdicts, self.timing)
        self.reports = Reports(
            *(store, self.blobs, queue, clock, forge, self.talk, self.stages),
            *(self.verdicts, page),
        )
        self.caches = Caches(store, self.blobs, clock, self.attempts, ROOM)
        self.reap = Reap(store, queue, clock, self.fleet, self.verdicts, self.timing, self.caches)
        self.redeliver = Redeliver(store, queue, clock, forge)

    # GitHub

    def deliver(self, event: Event, name: str = "push") -> Delivery:
        """The event as a delivery that was accepted, not planned yet."""
        self._show(event)
        now = self.clock.now()
        delivery = Delivery(event.delivery, name, now, event, due=now + REPLAN_AFTER)
        self.store.save(delivery)
        return self.delivery(delivery.id)

    def _show(self, event: Event) -> None:
        """GitHub shows the pull request as its event tells it, unless it knows it already."""
        request = event.pull_request
        if request is None:
            return
        fork = request.head_repository != REPOSITORY.id
        made = ForgePull(event.branch, event.sha, request.base_sha, request.base_ref, is_fork=fork)
        shown = self.there.pulls.setdefault(request.number, made)
        if event.kind is EventKind.PULL_REQUEST_CLOSED:
            shown.is_open = False
        elif event.action == "reopened":
            shown.is_open = True

    def planned(self, event: Event) -> Build:
        """The event delivered and planned; the build that came of it."""
        self.deliver(event)
        self.plan(event.delivery)
        return self.build(self.delivery(event.delivery).build)

    def tells(self, change: Change) -> Delivery:
        """GitHub tells where the App may act; the delivery as it is then."""
        guid = f"change-{len(list(self.store.all(Delivery)))}"
        self.store.save(Delivery(guid, "installation", self.clock.now(), None, change=change))
        self.plan(guid)
        return self.delivery(guid)

    def rest(self, seconds: float, step: float = 60.0) -> None:
        """Time passes; the reaper looks, and each bell for a report is heard."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            self.reap()
            for build in dict.fromkeys(self.rung(Topic.REPORTS)):
                self.reports(build)

    def runs(self, sha: str = SHA) -> list[ForgeRun]:
        return self.forge.runs_of(REPOSITORY, sha)

    def run(self, name: str) -> ForgeRun:
        """The only check run with this job's name."""
        (found,) = (run for run in self.runs() if run.shown.name == f"dishwasher / {name}")
        return found

    # What the table holds

    def delivery(self, id: str) -> Delivery:
        return self.found(Delivery, id)

    def build(self, id: str) -> Build:
        return self.found(Build, id)

    def report(self, build: Build) -> Report:
        return self.found(Report, build.group)

    def jobs(self, build: Build) -> dict[str, Job]:
        """The build's jobs by name, as they are now."""
        return {job.spec.name: job for job in self.store.group(Job, build.id)}

    def job(self, job: Job) -> Job:
        """The job as it is now."""
        return self.found(Job, job.id)

    def found(self, kind: type[R], id: str) -> R:
        record = self.store.get(kind, id)
        assert record is not None, f"there is no {kind.KIND} {id}"
        return record

    # The queue

    def rung(self, topic: Topic) -> list[str]:
        """Every key that can be heard now, which takes them off the queue."""
        keys = []
        while (message := self.queue.take(topic, 0)) is not None:
            self.queue.done(message)
            keys.append(message.key)
        return keys

    # A runner

    def claimed(self, job: Job) -> Claimed:
        """Dispatched, and its runner has its ticket."""
        self.dispatch(job.id)
        bootstrap = self.fleet.started[-1]
        assert bootstrap.attempt == self.job(job).attempt_id
        return self.attempts.claim(bootstrap.attempt, bootstrap.code)

    def started(self, job: Job) -> str:
        """Dispatched, claimed and at the first user command; the attempt's token."""
        claimed = self.claimed(job)
        self.attempts.started(self.job(job).attempt_id, claimed.token, "")
        self.effects.append(job.id)
        return claimed.token

    def beat(self, job: Job, token: str) -> Orders:
        """A sign of life, with nothing new to say."""
        return self.attempts.beat(self.job(job).attempt_id, token, Progress())

    def settle_as(self, job: Job, token: str, reason: Reason = Reason.OK) -> None:
        """The runner that began with this token is done."""
        self.settle(self.job(job).attempt_id, token, Result(reason, f"it ended as {reason}"))

    def ended(self, job: Job, reason: Reason = Reason.OK, **result: object) -> Job:
        """Run to its end, with this result; the job as it is then."""
        token = self.started(job)
        words = {"reason": reason, "detail": f"it ended as {reason}"} | result
        self.settle(self.job(job).attempt_id, token, Result(**words))  # type: ignore[arg-type]
        return self.job(job)


def page(job: str) -> str:
    return f"https://ci.example.test/jobs/{job}"


def builds(house: House) -> list[Build]:
    return list(house.store.all(Build))


def reason(house: House, event: Event) -> str:
    """Why the event planned nothing."""
    house.deliver(event)
    house.plan(event.delivery)
    delivery = house.delivery(event.delivery)
    assert (delivery.stage, delivery.due) == (Stage.IGNORED, 0.0)
    return delivery.reason
