"""What GitHub could not hand over is asked for again, or read in its log (case 6)."""

from __future__ import annotations

import json

import pytest
from dishwasher.core.delivery import GIVE_UP_AFTER, REPLAN_AFTER, Delivery, Stage, Watermark
from dishwasher.errors import InfraError
from dishwasher.flow.redeliver import MARK, OVERLAP, ROUND, TRIES
from dishwasher.ports import Content, Topic

from tests.core.test_payload import GUID, example
from tests.fakes.forge import Trouble
from tests.flow.house import House
from tests.samples import push


@pytest.fixture
def house() -> House:
    return House()


def asked_for(house: House) -> list[str]:
    """The GUIDs that GitHub was asked to deliver again, since the last time."""
    guids = list(house.forge.redelivered)
    house.forge.redelivered.clear()
    return guids


def mark(house: House) -> Watermark:
    return house.found(Watermark, MARK)


def test_a_delivery_that_failed_is_asked_for_again(house: House) -> None:
    house.forge.deliver("lost-guid", arrived=False)
    house.forge.deliver("fine-guid", arrived=True)
    house.redeliver()
    assert asked_for(house) == ["lost-guid"]
    assert mark(house).time == house.clock.now()


def test_a_delivery_that_is_stored_only_lacked_our_answer(house: House) -> None:
    house.deliver(push())
    house.forge.deliver("delivery-1", arrived=False)
    house.redeliver()
    assert asked_for(house) == []


def test_only_what_is_new_is_looked_at_with_some_overlap(house: House) -> None:
    house.forge.deliver("lost-guid", arrived=False)
    house.redeliver()
    assert asked_for(house) == ["lost-guid"]
    house.forge.deliver("lost-guid", arrived=True)
    house.redeliver()
    assert mark(house).time == house.clock.now()
    house.clock.advance(OVERLAP + 1)
    house.redeliver()
    assert asked_for(house) == []


def test_what_github_can_not_hand_over_for_hours_is_not_lost(house: House) -> None:
    """The way to us is down: it is asked for less and less often, and comes in the end."""
    began = house.clock.now()
    house.forge.deliver("lost-guid", arrived=False)
    times = []
    for _ in range(3 * 24 * 12):
        house.redeliver()
        if asked_for(house):
            times.append(house.clock.now() - began)
            house.forge.deliver("lost-guid", arrived=False)
        house.clock.advance(300)
    assert times == [0.0, 300.0, 1200.0, 3900.0, 12_000.0, 36_300.0, 109_200.0]
    assert mark(house).given_up == ("lost-guid",)


def test_what_was_given_up_is_left_alone_and_may_still_come(house: House) -> None:
    for _ in range(TRIES):
        house.forge.deliver("poison-guid", arrived=False)
    house.redeliver()
    house.clock.advance(OVERLAP / 2)
    house.forge.deliver("poison-guid", arrived=False)
    house.redeliver()
    assert asked_for(house) == []
    assert house.store.get(Delivery, "poison-guid") is None


def test_only_so_many_are_asked_for_at_once_and_the_rest_the_next_time(house: House) -> None:
    """After a long stop there may be thousands, and GitHub calls that too fast."""
    for number in range(ROUND + 5):
        house.forge.deliver(f"lost-{number:04}", arrived=False)
        house.clock.advance(1)
    house.redeliver()
    first = asked_for(house)
    assert first == [f"lost-{number:04}" for number in range(ROUND)]
    for guid in first:
        house.forge.deliver(guid, arrived=True)
    house.clock.advance(10 * OVERLAP)
    house.redeliver()
    assert asked_for(house) == [f"lost-{number:04}" for number in range(ROUND, ROUND + 5)]


def test_after_a_long_stop_nothing_older_than_github_keeps_is_asked_for(house: House) -> None:
    house.forge.deliver("old-guid", arrived=False)
    house.clock.advance(GIVE_UP_AFTER + 1)
    house.forge.deliver("new-guid", arrived=False)
    house.redeliver()
    assert asked_for(house) == ["new-guid"]


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.REJECTED])
def test_one_that_github_no_longer_has_does_not_hold_up_the_others(
    house: House, trouble: Trouble
) -> None:
    house.forge.deliver("first-guid", arrived=False)
    house.forge.deliver("second-guid", arrived=False)
    house.forge.plan("redeliver", trouble)
    house.redeliver()
    assert asked_for(house) == ["second-guid"]
    assert mark(house).version == 1


def test_an_outage_is_looked_at_again(house: House) -> None:
    house.forge.deliver("lost-guid", arrived=False)
    house.forge.plan("redeliver", Trouble.UNSENT)
    with pytest.raises(InfraError):
        house.redeliver()
    assert house.store.get(Watermark, MARK) is None
    house.redeliver()
    assert asked_for(house) == ["lost-guid"]


def test_two_at_once_ask_twice_at_worst(house: House) -> None:
    house.forge.deliver("lost-guid", arrived=False)
    house.store.interrupt(house.redeliver)
    house.redeliver()
    assert asked_for(house) == ["lost-guid", "lost-guid"]
    assert mark(house).version == 1


def large(event: str = "push", body: bytes | None = None) -> Content:
    whole = json.dumps(example("push", before="1" * 40)).encode()
    return Content(event, whole if body is None else body)


def test_what_no_proxy_takes_is_read_in_githubs_log(house: House) -> None:
    """API Gateway takes 6 MB, nginx one: to ask for it again would end alike."""
    house.forge.deliver(GUID, arrived=False, too_large=large())
    house.redeliver()
    assert asked_for(house) == []
    delivery = house.delivery(GUID)
    assert (delivery.name, delivery.stage) == ("push", Stage.RECEIVED)
    assert delivery.event is not None
    assert delivery.event.sha == "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
    assert delivery.due == house.clock.now() + REPLAN_AFTER
    assert house.rung(Topic.DELIVERIES) == [GUID]
    house.redeliver()
    assert house.forge.calls.count("content") == 1


def test_what_it_tells_nothing_by_is_kept_and_not_rung(house: House) -> None:
    house.forge.deliver(GUID, arrived=False, too_large=large("ping", b'{"zen": "x"}'))
    house.redeliver()
    assert house.delivery(GUID).stage is Stage.IGNORED
    assert house.rung(Topic.DELIVERIES) == []


def test_two_that_read_it_at_once_plan_it_once(house: House) -> None:
    house.forge.deliver(GUID, arrived=False, too_large=large())
    house.store.interrupt(house.redeliver)
    house.redeliver()
    assert house.forge.calls.count("content") == 2
    assert house.rung(Topic.DELIVERIES) == [GUID]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (large(body=b"[]"), Trouble.NONE),
        (large(), Trouble.GONE),
        (large(), Trouble.REJECTED),
    ],
)
def test_one_that_can_not_be_read_does_not_hold_up_the_others(
    house: House, content: Content, trouble: Trouble
) -> None:
    house.forge.deliver(GUID, arrived=False, too_large=content)
    house.forge.deliver("second-guid", arrived=False)
    house.forge.plan("content", trouble)
    house.redeliver()
    assert asked_for(house) == ["second-guid"]
    assert house.store.get(Delivery, GUID) is None
    assert mark(house).version == 1


def test_one_that_comes_through_after_all_is_asked_for_as_all_are(house: House) -> None:
    """The last answer counts: a proxy may have learned to take more."""
    house.forge.deliver(GUID, arrived=False, too_large=large())
    house.forge.deliver(GUID, arrived=False)
    house.clock.advance(300)
    house.redeliver()
    assert asked_for(house) == [GUID]
