"""Heads that nobody has told us of: found by looking, planned once, and not in a storm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from dishwasher.core import heads
from dishwasher.core.access import Access, Right
from dishwasher.core.build import AWAY
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event, EventKind, Repository
from dishwasher.core.heads import Looked
from dishwasher.core.place import Place
from dishwasher.errors import Conflict, Gone, InfraError
from dishwasher.flow.heads import PAUSE, ROUND, MissedHeads
from dishwasher.flow.places import Places
from dishwasher.ports import Record, Topic

from tests.fakes.clock import FakeClock
from tests.fakes.queue import MemoryQueue
from tests.fakes.store import MemoryStore
from tests.samples import REPOSITORY, build, from_fork, pull_request, push

OLD, NEW = "a" * 40, "b" * 40


@dataclass
class Forge:
    """What stands where, by repository."""

    there: dict[int, tuple[Repository, list[Event]]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    gone: bool = False
    room: bool = True
    broken: set[int] = field(default_factory=set)
    """Repositories of which GitHub answers nothing that can be read."""

    def repositories(self) -> tuple[Repository, ...]:
        return tuple(repository for repository, _ in self.there.values())

    def of(self, repository: Repository) -> tuple[Event, ...]:
        self.asked.append(repository.id)
        if self.gone:
            raise Gone("suspended")
        if repository.id in self.broken:
            raise InfraError("it answered 502")
        return tuple(self.there[repository.id][1])

    def has_room(self, repository: Repository) -> bool:
        return self.room

    def stands(self, *events: Event, repository: Repository = REPOSITORY) -> None:
        rows = [replace(event, repository=repository) for event in events]
        self.there[repository.id] = (repository, rows)


class Late(MemoryStore):
    """Another process is always a little faster."""

    def save(self, *records: Record) -> None:
        if any(isinstance(record, Looked) for record in records):
            raise Conflict("looked")
        super().save(*records)


class World:
    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock, self.forge = FakeClock(), Forge()
        self.store = store or MemoryStore()
        self.queue = MemoryQueue(self.clock)
        self.flow = MissedHeads(self.store, self.queue, self.clock, self.forge)

    def round(self) -> None:
        self.clock.advance(PAUSE)
        self.flow()

    def planned(self) -> list[Delivery]:
        found = []
        while message := self.queue.take(Topic.DELIVERIES, 0.0):
            delivery = self.store.get(Delivery, message.key)
            assert delivery is not None
            found.append(delivery)
            self.queue.done(message)
        return found


def branch(sha: str, name: str = "topic") -> Event:
    return push(sha=sha, branch=name, delivery="")


def test_what_was_there_before_us_is_not_built() -> None:
    world = World()
    world.forge.stands(branch(OLD), pull_request(sha=OLD))
    for _ in range(3):
        world.round()
    assert world.planned() == []


def test_a_push_that_nobody_told_of_is_planned_at_the_second_look() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.round()
    world.forge.stands(branch(NEW), branch(NEW, "new"), pull_request(sha=NEW))
    world.round()
    assert world.planned() == []
    world.round()
    found = {
        delivery.event.happening.value: delivery.event
        for delivery in world.planned()
        if delivery.event and delivery.event.branch != "new"
    }
    assert found["push"].before == OLD and found["push"].sha == NEW
    assert found["pull_request"].sha == NEW
    assert all(event.delivery.startswith("head-") for event in found.values())
    for _ in range(3):
        world.round()
    assert world.planned() == []


def test_a_head_with_a_build_is_none_that_was_missed() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.round()
    world.forge.stands(branch(NEW))
    world.store.save(replace(build(), event=branch(NEW)))
    for _ in range(3):
        world.round()
    assert world.planned() == []


def test_a_webhook_that_comes_between_two_looks_was_only_slow() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.round()
    world.forge.stands(branch(NEW))
    world.round()
    world.store.save(replace(build(), event=branch(NEW)))
    world.round()
    assert world.planned() == []


def test_what_was_planned_and_led_to_nothing_is_not_planned_again() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.round()
    world.forge.stands(branch(NEW))
    world.round()
    world.round()
    (delivery,) = world.planned()
    world.store.save(replace(delivery, stage=Stage.IGNORED, due=0.0, version=1))
    world.forge.stands(branch(OLD))
    world.store.save(replace(build(), event=branch(OLD)))
    world.round()
    world.forge.stands(branch(NEW))
    world.round()
    world.round()
    assert world.planned() == []


def test_a_round_is_gentle() -> None:
    world = World()
    for id in range(1, ROUND + 6):
        repository = replace(REPOSITORY, id=id, name=f"r{id}")
        world.forge.stands(branch(OLD), repository=repository)
    world.round()
    assert world.forge.asked == list(range(1, ROUND + 1))
    world.flow()
    # Those that were not looked at yet, and none twice within the pause.
    assert world.forge.asked[ROUND:] == list(range(ROUND + 1, ROUND + 6))
    world.flow()
    assert len(world.forge.asked) == ROUND + 5


def test_under_pressure_nothing_is_asked() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.forge.room = False
    world.round()
    assert world.forge.asked == []


def test_a_repository_that_is_gone_waits_for_its_turn() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.forge.gone = True
    world.round()
    world.flow()
    assert len(world.forge.asked) == 1
    # When it is back, what stands there was never missed.
    world.forge.gone = False
    for _ in range(3):
        world.round()
    assert world.planned() == []


def test_a_repository_that_can_not_be_read_does_not_hold_up_the_others() -> None:
    world = World()
    for id in range(1, ROUND + 6):
        repository = replace(REPOSITORY, id=id, name=f"r{id}")
        world.forge.stands(branch(OLD), repository=repository)
    world.forge.broken = {1, 2}
    told = "acme/r1: it answered 502; acme/r2: it answered 502"
    with pytest.raises(InfraError, match=told):
        world.round()
    assert world.forge.asked == list(range(1, ROUND + 1))
    # Nor do they come first for ever.
    with pytest.raises(InfraError, match=told):
        world.round()
    assert world.forge.asked[ROUND:][:5] == list(range(ROUND + 1, ROUND + 6))


def test_what_was_found_and_refused_is_tried_again_after_a_while() -> None:
    world = World()
    found = replace(branch(NEW), delivery=f"{heads.FOUND}1")
    world.store.save(heads.refuse(Looked(str(REPOSITORY.id)), found, world.clock.now()))
    world.forge.stands(branch(NEW), branch(OLD, "other"))
    world.round()
    assert world.planned() == []
    world.clock.advance(heads.REFUSED_FOR)
    world.round()
    (delivery,) = world.planned()
    assert delivery.event is not None and delivery.event.sha == NEW


def test_another_process_may_look_at_the_same_time() -> None:
    world = World(Late())
    world.forge.stands(branch(OLD))
    world.round()
    assert world.planned() == []


# Heads that were left, because we were not let in


def left(world: World, *events: Event) -> None:
    places = Places(world.store, world.queue, world.clock)
    for event in events:
        places.missed(event)


def test_a_head_that_was_left_is_planned_at_the_next_look() -> None:
    world = World()
    world.forge.stands(branch(OLD), pull_request(sha=OLD))
    left(world, branch(OLD), pull_request(sha=OLD), branch(OLD, "deleted"))
    world.round()
    found = [delivery.event for delivery in world.planned() if delivery.event]
    assert {event.happening.value for event in found} == {"push", "pull_request"}
    # Nothing is known of what stood there before.
    assert {event.before for event in found} == {branch(OLD).before}
    for _ in range(3):
        world.round()
    assert world.planned() == []


def test_a_branch_that_was_left_is_built_by_the_request_that_nobody_told_of() -> None:
    """Seed 110731: at the very first look, after both had come while we were not let in."""
    world = World()
    asked = pull_request(sha=NEW)
    world.store.save(Looked(str(REPOSITORY.id), again=("refs/heads/topic",)))
    world.forge.stands(branch(NEW), asked, from_fork(number=6, sha=NEW), branch(OLD, "other"))
    world.round()
    found = [heads.name(delivery.event) for delivery in world.planned() if delivery.event]
    assert sorted(found) == ["refs/heads/topic", "refs/pull/5"]


def test_where_a_head_was_left_is_looked_first() -> None:
    world = World()
    for id in range(1, ROUND + 6):
        repository = replace(REPOSITORY, id=id, name=f"r{id}")
        world.forge.stands(branch(OLD), repository=repository)
    last = replace(REPOSITORY, id=ROUND + 5)
    left(world, replace(branch(OLD), repository=last))
    world.round()
    assert world.forge.asked == [ROUND + 5, *range(1, ROUND)]


def test_a_head_that_was_called_off_twice_is_planned_twice() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    off = replace(build(), event=branch(OLD), abandoned=AWAY)
    world.store.save(off)
    for _ in range(2):
        left(world, branch(OLD))
        world.round()
        assert len(world.planned()) == 1


def test_a_head_that_was_left_and_is_built_by_now_is_not_planned() -> None:
    world = World()
    world.forge.stands(branch(OLD), pull_request(sha=OLD))
    world.store.save(replace(build(), event=branch(OLD)))
    asked = replace(build(), id="asked", event=pull_request(sha=OLD), pull_request=5)
    world.store.save(asked)
    left(world, branch(OLD), pull_request(sha=OLD))
    world.round()
    assert world.planned() == []


def test_the_build_of_another_branch_is_none_of_this_one() -> None:
    world = World()
    world.forge.stands(branch(OLD, "main"))
    world.store.save(replace(build(), event=branch(OLD)))
    asked = replace(build(), id="asked", event=pull_request(sha=OLD), pull_request=5)
    # Nor is that of a schedule, which runs other jobs.
    timed = replace(branch(OLD, "main"), kind=EventKind.SCHEDULE)
    world.store.save(asked, replace(build(), id="timed", event=timed))
    left(world, branch(OLD, "main"))
    world.round()
    assert len(world.planned()) == 1


def test_what_another_branch_builds_is_planned_for_this_one_too() -> None:
    """Found by the simulation (seed 7021): the other branch went, and its build with it."""
    world = World()
    world.forge.stands(branch(OLD, "main"), branch(NEW, "topic"))
    world.round()
    world.store.save(replace(build(), event=branch(NEW, "topic")))
    world.forge.stands(branch(NEW, "main"), branch(NEW, "topic"))
    world.round()
    world.round()
    (delivery,) = world.planned()
    assert delivery.event is not None and delivery.event.branch == "main"


def test_what_the_branch_s_own_pull_request_builds_needs_no_push() -> None:
    world = World()
    world.forge.stands(branch(OLD, "topic"))
    world.round()
    asked = pull_request(sha=NEW)
    world.store.save(replace(build(), event=asked, pull_request=5))
    world.forge.stands(branch(NEW, asked.branch))
    for _ in range(3):
        world.round()
    assert world.planned() == []


def test_a_head_that_moved_to_what_was_called_off_is_planned() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.round()
    world.store.save(replace(build(), event=branch(NEW), abandoned=AWAY))
    world.forge.stands(branch(NEW))
    world.round()
    world.round()
    (delivery,) = world.planned()
    assert delivery.event is not None and delivery.event.before == OLD


@pytest.mark.parametrize("head", [branch(NEW), pull_request(sha=NEW)])
def test_what_ended_and_stands_again_between_two_looks_has_moved(head: Event) -> None:
    """Seed 61384: closed, and opened again without a webhook."""
    world = World()
    world.forge.stands(branch(OLD, "other"), head)
    world.round()
    world.store.save(replace(build(), event=head, abandoned="a close"))
    Places(world.store, world.queue, world.clock).ended(head)
    world.round()
    assert world.planned() == []
    world.round()
    (delivery,) = world.planned()
    assert delivery.event is not None and delivery.event.happening is head.happening
    # The head may never have been seen.
    Places(world.store, world.queue, world.clock).ended(branch(NEW, "unseen"))


@pytest.mark.parametrize("head", [branch(NEW), pull_request(sha=NEW)])
def test_what_ended_and_stands_at_the_first_look_has_moved(head: Event) -> None:
    world = World()
    world.store.save(replace(build(), event=head, abandoned="a close"))
    Places(world.store, world.queue, world.clock).ended(head)
    world.forge.stands(branch(OLD, "other"), head)
    world.round()
    (delivery,) = world.planned()
    assert delivery.event is not None and delivery.event.happening is head.happening


def test_what_shares_a_build_and_stands_again_twice_is_planned_twice() -> None:
    """The commit has one build all the time, which goes on for another pull request."""
    world = World()
    head, other = pull_request(sha=NEW), branch(OLD, "other")
    shared = replace(build(), event=head, pull_request=6)
    world.store.save(shared)
    world.forge.stands(other, head)
    world.round()
    for _ in range(2):
        Places(world.store, world.queue, world.clock).ended(head)
        world.round()
        world.round()
        (delivery,) = world.planned()
        # Its build counted for this one too, until it was closed again.
        world.store.save(replace(delivery, stage=Stage.PLANNED, build=shared.id, due=0.0))


def test_what_is_listed_is_reached_again_though_no_webhook_said_so() -> None:
    world = World()
    world.forge.stands(branch(OLD))
    world.store.save(Access("3/0", Right.SUSPENDED, world.clock.now()))
    world.flow()
    # It was suspended at about the time of the list.
    assert world.forge.asked == []
    world.round()
    world.round()
    assert world.forge.asked == [7]
    assert world.store.get(Access, "3/0") == Access(
        "3/0", Right.GRANTED, 1_750_000_000.0, version=2
    )


def test_a_list_tells_where_a_repository_is_now() -> None:
    world = World()
    moved = replace(REPOSITORY, owner="others", installation=9)
    places = Places(world.store, world.queue, world.clock)
    places.owe(REPOSITORY)
    world.forge.stands(branch(OLD), repository=moved)
    world.round()
    place = world.store.get(Place, "7")
    assert place is not None and (place.repository, place.owed) == (moved, False)
