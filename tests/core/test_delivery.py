from __future__ import annotations

from dishwasher.core.delivery import (
    GIVE_UP_AFTER,
    MAX_BODY,
    REPLAN_AFTER,
    Delivery,
    Stage,
    Watermark,
)

from tests.fakes.clock import NOON
from tests.samples import push


def test_a_new_delivery_is_received_and_in_no_group() -> None:
    delivery = Delivery("guid", "push", NOON, push())
    assert (delivery.stage, delivery.group, delivery.version) == (Stage.RECEIVED, "", 0)
    assert (Watermark("deliveries").group, Watermark("deliveries").due) == ("", 0.0)


def test_the_limits_are_githubs() -> None:
    assert MAX_BODY == 25 * 1024 * 1024
    assert REPLAN_AFTER < GIVE_UP_AFTER == 259_200
