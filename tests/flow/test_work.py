"""A delivery ends together with what is to be stored beside it, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.delivery import Stage
from dishwasher.core.pull import Pull
from dishwasher.errors import Conflict
from dishwasher.flow.work import Work, done, ignore

from tests.flow.house import House
from tests.samples import push


def test_the_end_and_what_goes_along_are_one_write() -> None:
    house = House()
    work = Work(house.deliver(push()), push(), along=(Pull("7/5"),))
    house.store.save(Pull("7/5", head="somebody was first"))
    with pytest.raises(Conflict):
        ignore(house.store, work, "nothing to do")
    assert house.delivery("delivery-1").stage is Stage.RECEIVED
    now = house.found(Pull, "7/5")
    ignore(house.store, replace(work, along=(now,)), "nothing to do")
    ended = house.delivery("delivery-1")
    assert (ended.stage, ended.reason, ended.due) == (Stage.IGNORED, "nothing to do", 0.0)


def test_a_planned_delivery_names_its_build_and_forgets_what_it_waited_for() -> None:
    work = Work(replace(House().deliver(push()), reason="waits: for GitHub"), push())
    ended = done(work, "build")
    assert (ended.stage, ended.build, ended.reason, ended.due) == (Stage.PLANNED, "build", "", 0.0)
