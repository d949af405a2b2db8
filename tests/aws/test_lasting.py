"""For how long rows are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.aws.lasting import LEAST_DAYS, PASSING, TALLY, Lasting
from dishwasher.core.build import Build
from dishwasher.core.command import Tally
from dishwasher.core.delivery import Delivery
from dishwasher.core.deploy import Environment
from dishwasher.core.history import Entry
from dishwasher.core.job import Job
from dishwasher.core.moment import DAY
from dishwasher.core.pull import Pull
from dishwasher.core.report import Report
from dishwasher.core.shelf import Shelf
from dishwasher.ports import Record

from tests.contract.test_store import EVENT, JOB

BUILD = Build("b1", EVENT, "", ".dishwasher.yml", 1.0, ())


@pytest.mark.parametrize("record", [BUILD, JOB, Delivery("guid", "push", 1.0, EVENT)])
def test_what_is_of_one_commit_goes_after_its_days(record: Record) -> None:
    assert Lasting(days=30).row(record, 1000.0) == 1000 + 30 * DAY
    assert Lasting(days=30).pointer(record, 1000.0) == 1000 + 60 * DAY


@pytest.mark.parametrize("record", [Environment("7/live"), Shelf("7/team")])
def test_what_is_of_a_repository_stays(record: Record) -> None:
    assert Lasting(days=30).row(record, 1000.0) == Lasting(days=30).pointer(record, 1000.0) == 0


def test_what_somebody_is_still_to_look_at_stays() -> None:
    assert Lasting(days=30).row(replace(JOB, deadline=5.0), 1000.0) == 0


def test_a_delivery_is_known_for_as_long_as_github_may_repeat_it() -> None:
    assert Lasting(days=0.5).row(BUILD, 0.0) == LEAST_DAYS * DAY


def test_no_days_are_for_ever() -> None:
    assert Lasting(days=0).row(BUILD, 1000.0) == Lasting(days=0).pointer(BUILD, 1000.0) == 0


def test_a_count_of_commands_goes_when_it_counts_no_more() -> None:
    assert Lasting(days=30).row(Tally("7/3", due=1000.5), 1000.0) == 1001


def test_kinds_are_named_as_their_records_name_them() -> None:
    passing = (Build, Delivery, Entry, Job, Pull, Report, Tally)
    assert {kind.KIND for kind in passing} == PASSING
    assert Tally.KIND == TALLY
