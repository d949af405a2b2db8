"""A function may be killed between any two writes to AWS, and its bells lost or heard twice.

`tests/flow/test_death.py` tries every moment over the fakes; here are some, on DynamoDB and S3.
`make chaos-aws` kills the functions themselves, at moments that chance chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from dishwasher.ports import Topic

from tests.aws.emulator import REGION, Emulator, environment, require
from tests.flow.house import House
from tests.flow.mortal import Death, Life, mortal
from tests.flow.test_death import PLENTY, go_on, is_well, moments, story
from tests.samples import push

STEP = 60.0
"""The schedule's."""
MOMENTS = moments("main")[3::48]
BELLS = ("lost", "twice")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """In this process, where a call takes a millisecond; nobody else is on it."""
    require()
    from dishwasher.aws.clients import Clients
    from moto import mock_aws

    with environment(), mock_aws():
        yield Emulator("", Clients(REGION))


def on_aws(emulator: Emulator) -> House:
    from dishwasher.aws.blobs import S3Blobs
    from dishwasher.aws.lasting import Lasting
    from dishwasher.aws.store import DynamoStore

    house: Any = House()
    house.store = DynamoStore(emulator.clients, emulator.table(), house.clock, Lasting())
    house.blobs = S3Blobs(emulator.clients, emulator.bucket())
    # Its flows are told of these by whoever makes hands for them.
    immortal = mortal(house, Life(PLENTY))
    immortal.deliver(push(branch="main"))
    return immortal


@pytest.mark.parametrize(("moment", "bells"), list(zip(MOMENTS, cycle(BELLS), strict=False)))
def test_a_killed_function_loses_nothing_and_deploys_nothing_twice(
    emulator: Emulator, moment: int, bells: str
) -> None:
    house = on_aws(emulator)
    with pytest.raises(Death):
        story(mortal(house, Life(moment)))
    if bells == "lost":
        for topic in Topic:
            house.rung(topic)
    go_on(house, STEP, times=2 if bells == "twice" else 1)
    is_well(house, house.build(house.delivery("delivery-1").build))
