"""What GitHub could not hand over is asked for again (case 6)."""

from __future__ import annotations

import pytest
from dishwasher.core.delivery import GIVE_UP_AFTER, Watermark
from dishwasher.errors import InfraError
from dishwasher.flow.redeliver import MARK, OVERLAP

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
    asked_for(house)
    house.clock.advance(OVERLAP)
    house.redeliver()
    assert asked_for(house) == ["lost-guid"]
    house.clock.advance(OVERLAP + 1)
    house.redeliver()
    asked_for(house)
    house.redeliver()
    assert asked_for(house) == []


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
