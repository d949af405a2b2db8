"""On whose behalf a bell is rung."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.aws.neighbours import KNOWN, Neighbours
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import Delivery
from dishwasher.core.job import Job
from dishwasher.ports import Topic

from tests.contract.test_store import EVENT, JOB
from tests.fakes.store import MemoryStore

BUILD = Build("b1", EVENT, "", ".dishwasher.yml", 1.0, ("b1-0",))
DELIVERY = Delivery("guid", "push", 1.0, EVENT, due=1.0)


def test_what_was_stored_is_rung_for_its_repository() -> None:
    whose = Neighbours(MemoryStore())
    assert whose(Topic.REPORTS, "b1") == "b1"
    whose.save(BUILD, JOB, DELIVERY)
    assert whose(Topic.REPORTS, "b1") == "7"
    assert whose(Topic.JOBS, "b1-0") == "7"
    assert whose(Topic.DELIVERIES, "guid") == "7"
    assert whose(Topic.JOBS, "b2-0") == "b2"


def test_what_was_read_is_known_too() -> None:
    store = MemoryStore()
    store.save(BUILD, JOB, DELIVERY, Delivery("ping", "ping", 1.0, None))
    group = build_group(EVENT.repository.id, EVENT.sha)

    whose = Neighbours(store)
    assert whose.get(Build, "b1") == replace(BUILD, version=1)
    assert whose(Topic.JOBS, "b1-0") == "7"

    whose = Neighbours(store)
    assert whose.group(Build, group) == (replace(BUILD, version=1),)
    assert whose(Topic.JOBS, "b1-0") == "7"

    whose = Neighbours(store)
    assert whose.due(Delivery, 2.0, 5) == (replace(DELIVERY, version=1),)
    assert whose(Topic.DELIVERIES, "guid") == "7"
    assert whose.get(Delivery, "none") is None
    assert whose.get(Delivery, "ping") is not None
    assert whose(Topic.DELIVERIES, "ping") == "ping"
    assert whose.latest(Job, "b1", 1) == (replace(JOB, version=1),)


def test_only_so_many_are_remembered_the_latest_ones() -> None:
    whose = Neighbours(MemoryStore())
    for number in range(KNOWN + 1):
        whose.save(replace(BUILD, id=f"b{number}"))
    assert whose(Topic.REPORTS, "b0") == "b0"
    assert whose(Topic.REPORTS, "b1") == whose(Topic.REPORTS, f"b{KNOWN}") == "7"
