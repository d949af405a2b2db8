"""Issue 6: what dies for want of room is run again once, where there is more of it, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.job import LIVE, Job, State, parse_attempt
from dishwasher.core.result import Result
from dishwasher.core.size import Resource, Size
from dishwasher.core.ticket import Ticket

from tests.fakes.store import MemoryStore
from tests.sim import machines
from tests.sim.deploys import of
from tests.sim.world import World


@dataclass(slots=True)
class Life:
    """On which runners a job has been, as places in the list of sizes."""

    place: int = 0
    """Of its last attempt."""
    ran_on: dict[str, int] = field(default_factory=dict)
    """By attempt."""
    latest: int = 0
    """Number of the last attempt that was ordered."""
    died: Result | None = None
    """The word of an attempt that ended for want of room, and after which it was queued again."""
    lost: int = 0
    begun: int = 0
    is_due: bool = False
    """The next attempt has to be on a larger runner."""
    wanting: Resource | None = None
    """What that has to have more of; None where nobody knows."""
    moved: tuple[int, int] | None = None
    """From where to where."""


class Moves:
    """The witness of every order to the fleet, and of every word about a wall."""

    def __init__(self, world: World, rows: MemoryStore, sizes: tuple[Size, ...]) -> None:
        self._world, self._rows, self.sizes = world, rows, sizes
        self.lives: dict[str, Life] = {}
        self._speaking: dict[str, tuple[str, Result]] = {}
        """What a worker is being told just now."""

    def ordered(self, attempt: str, size: Size) -> None:
        """The fleet is to begin this attempt."""
        law = self._world.law
        job, build = of(self._rows, attempt)
        life = self.lives.setdefault(job.id, Life())
        names = [one.name for one in self.sizes]
        law(size.name in names, "S10", attempt, "is ordered on", size.name)
        place = names.index(size.name)
        real = self.sizes[place]
        law(build.is_trusted or real.strangers, "S10 a stranger's", attempt, "is on", real.name)
        life.ran_on[attempt] = place
        number = parse_attempt(attempt)[1]
        if number < life.latest:
            # Whoever ordered it was frozen meanwhile, and it finds itself refused.
            return
        first, life.latest = not life.latest, number
        if first:
            fit = next(n for n in range(len(names)) if self._fits(n, build))
            law(place == fit, "S10", attempt, "does not begin on the smallest, but on", real.name)
        else:
            self._goes_on(life, attempt, place, job)
        life.place = place

    def _goes_on(self, life: Life, attempt: str, place: int, job: Job) -> None:
        law, before = self._world.law, life.place
        name, here = self.sizes[place].name, self.sizes[before]
        law(place >= before, "S10", attempt, "is on", name, "and was on the larger", here.name)
        if not life.is_due:
            law(place == before, "S10", attempt, "has moved to", name, "without a reason")
            return
        law(place > before, "S10", attempt, "is run again on the same:", name)
        more = machines.has_more(life.wanting, self.sizes[place], here, job.spec)
        law(more, "S10", attempt, "is run again with no more", life.wanting, "on", name)
        life.is_due, life.moved = False, (before, place)
        self._world.sometimes(
            "a check was run again on a larger runner"
            if life.died
            else "a lost runner was followed by a larger one"
        )

    def claimed(self, attempt: str, ticket: Ticket) -> None:
        """Nobody is promised more than there is."""
        job, _ = of(self._rows, attempt)
        real, limits = self.sizes[self.lives[job.id].ran_on[attempt]], ticket.limits
        promised = (
            (limits.memory_bytes, real.memory),
            (limits.disk_bytes, real.disk),
            (limits.job_seconds, real.seconds),
        )
        kept = all(much <= there for much, there in promised if there)
        self._world.law(kept, "S10", attempt, "is promised more than", real.name, "has")

    def begin(self, job: Job) -> None:
        life = self.lives[job.id]
        life.begun += 1
        most = 1 + min(life.lost, 1) + (life.died is not None)
        self._world.law(life.begun <= most, "S10", job.id, "has begun", life.begun, "times")

    @contextmanager
    def speaking(self, attempt: str, result: Result) -> Iterator[None]:
        """What this worker stores meanwhile, it stores because of that word."""
        name = self._world.baton.current.name
        self._speaking[name] = attempt, result
        try:
            yield
        finally:
            del self._speaking[name]

    def has_died(self, job: str) -> bool:
        """Whether one attempt of it ended for want of room, and it was queued again."""
        return job in self.lives and self.lives[job].died is not None

    def watch(self, old: Job, new: Job) -> bool:
        """Whether it is queued anew because of what its runner says."""
        attempt, word = self._speaking.get(self._world.baton.current.name, ("", None))
        if old.state is State.QUEUED and new.is_over and self.has_died(old.id):
            self._world.sometimes("a check was stopped before it was run again")
        if old.state not in LIVE or new.state is old.state:
            return False
        life = self.lives.setdefault(old.id, Life())
        if word is None or word.exhausted is None or not attempt.startswith(f"{old.id}."):
            if old.state is State.RUNNING and new.state is State.QUEUED:
                self._lost(life, old)
            return False
        own = attempt == old.attempt_id
        self._world.law(own, "S10", old.attempt_id, "ends by the word of", attempt)
        if new.state is State.QUEUED:
            self._dies(life, old, word)
            return True
        self._ends(life, old, word)
        return False

    def _lost(self, life: Life, old: Job) -> None:
        life.lost += 1
        life.is_due = life.is_due or self._larger(life, old, None) is not None
        life.wanting = None

    def _dies(self, life: Life, old: Job, word: Result) -> None:
        law, attempt = self._world.law, old.attempt_id
        check = old.spec.kind is Kind.CHECK and old.spec.repeatable
        law(check, "S10", attempt, "has effects, and shall be run again")
        law(not old.cancel, "S10", attempt, "is to stop, and shall be run again")
        law(not (life.died or life.moved), "S10", attempt, "shall be moved a second time")
        more = self._larger(life, old, word.exhausted) is not None
        law(more, "S10", attempt, "shall be run again, and nothing has more", word.exhausted)
        life.died, life.is_due, life.wanting = word, True, word.exhausted
        self._world.sometimes(f"a check died for want of {word.exhausted}")

    def _ends(self, life: Life, old: Job, word: Result) -> None:
        """Nothing has more, or it must not be run again."""
        sometimes, attempt = self._world.sometimes, old.attempt_id
        if old.spec.kind is Kind.DEPLOYMENT:
            sometimes("a deployment died for want of room")
        elif old.cancel:
            sometimes("a check that was to stop died for want of room")
        elif life.died or life.moved:
            sometimes("a check died on the larger runner too")
        elif old.spec.repeatable:
            more = self._larger(life, old, word.exhausted) is not None
            law = self._world.law
            law(not more, "S10", attempt, "ends, and another runner has more", word.exhausted)
            sometimes("a check died on a runner that has no larger one")

    def _larger(self, life: Life, job: Job, wanting: Resource | None) -> Size | None:
        """Where it would have more room; None where there is none, or it has moved already."""
        build = self._rows.get(Build, job.build)
        assert build is not None
        if life.died or life.moved or job.attempt_id not in life.ran_on:
            return None
        place = life.ran_on[job.attempt_id]
        for n in range(place + 1, len(self.sizes)):
            more = machines.has_more(wanting, self.sizes[n], self.sizes[place], job.spec)
            if more and self._fits(n, build):
                return self.sizes[n]
        return None

    def _fits(self, place: int, build: Build) -> bool:
        """Jobs of this world want no services, Docker or network of their own."""
        return build.is_trusted or self.sizes[place].strangers
