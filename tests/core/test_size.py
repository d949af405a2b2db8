"""Which runner a job gets, by who pushed it, by what it asks for and by where it died before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.machine import Machine, Service
from dishwasher.core.size import (
    ANY,
    ONE,
    Needs,
    Resource,
    Size,
    choose,
    lacks,
    larger,
    named,
    needs,
    refusal,
    seconds,
    told,
)
from dishwasher.core.ticket import GIBIBYTE

HOUR = 3600.0
FUNCTION = Size(
    *("function", "a function with 3,538 MB", 780.0, 3 * GIBIBYTE, 4 * GIBIBYTE, 90.0),
    strangers=False,
    jail=False,
    services=False,
    docker=False,
    shared=False,
)
SMALL = Size("small", "a small machine", 8 * HOUR, 4 * GIBIBYTE, 50 * GIBIBYTE, 600.0)
LARGE = Size("large", "a large machine", 8 * HOUR, 16 * GIBIBYTE, 100 * GIBIBYTE, 600.0)
SIZES = (FUNCTION, SMALL, LARGE)


def spec(timeout: float = 0.0, **machine: object) -> JobSpec:
    return JobSpec("tests", Kind.CHECK, 1, timeout=timeout, machine=Machine(**machine))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Needs(trusted=True), "function"),
        (Needs(trusted=True, seconds=780), "function"),
        (Needs(trusted=True, seconds=781), "small"),
        (Needs(trusted=True, memory=3 * GIBIBYTE), "function"),
        (Needs(trusted=True, memory=4 * GIBIBYTE), "small"),
        (Needs(trusted=True, memory=5 * GIBIBYTE), "large"),
        (Needs(trusted=True, services=True), "small"),
        (Needs(trusted=True, docker=True), "small"),
        (Needs(trusted=False), "small"),
        (Needs(trusted=False, seconds=60, memory=8 * GIBIBYTE), "large"),
        # More than there is: the largest there is does its best.
        (Needs(trusted=True, seconds=24 * HOUR), "large"),
        (Needs(trusted=True, memory=64 * GIBIBYTE), "large"),
    ],
)
def test_a_job_gets_the_smallest_runner_that_has_what_it_needs(
    wanted: Needs, expected: str
) -> None:
    size = choose(SIZES, wanted)
    assert size is not None
    assert size.name == expected


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Needs(trusted=False), "it is not trusted, and needs a runner of its own"),
        (Needs(trusted=True, docker=True), "it needs Docker"),
        (Needs(trusted=True, services=True), "it needs services"),
        (Needs(trusted=True, jail=True), "its `network` needs a jail"),
    ],
)
def test_what_no_runner_can_do_is_refused_with_the_reason(wanted: Needs, why: str) -> None:
    only = (FUNCTION,)
    assert choose(only, wanted) is None
    assert f": {why}." in refusal(only, wanted)


def test_where_all_runners_are_alike_every_job_fits() -> None:
    wanted = Needs(trusted=False, seconds=1e9, memory=1 << 50, services=True, docker=True)
    assert choose(ONE, wanted) is ANY
    assert lacks(ANY, wanted) == ""


def test_needs_are_what_the_configuration_says() -> None:
    asked = spec(90.0, services=(Service("redis"),), docker=True, memory=GIBIBYTE)
    assert needs(asked, False) == Needs(False, 90.0, GIBIBYTE, services=True, docker=True)
    assert needs(spec(), True) == Needs(True)
    assert needs(replace(spec(), network=False), True).jail


@pytest.mark.parametrize(
    ("size", "timeout", "expected"),
    [
        (ANY, 0.0, HOUR),
        (ANY, 60.0, 60.0),
        (ANY, 9 * HOUR, HOUR),
        (FUNCTION, 0.0, 780.0),
        (FUNCTION, 60.0, 60.0),
        (SMALL, 0.0, HOUR),
        # What is declared may be longer than what holds for those that declare nothing.
        (SMALL, 2 * HOUR, 2 * HOUR),
        (SMALL, 24 * HOUR, 8 * HOUR),
    ],
)
def test_a_job_may_take_what_it_declares_as_far_as_its_runner_lives(
    size: Size, timeout: float, expected: float
) -> None:
    assert seconds(size, spec(timeout), HOUR) == expected


@pytest.mark.parametrize(
    ("name", "exhausted", "timeout", "expected"),
    [
        ("function", Resource.TIME, 0.0, "small"),
        ("function", Resource.MEMORY, 0.0, "small"),
        ("function", Resource.DISK, 0.0, "small"),
        ("function", Resource.SHARED_MEMORY, 0.0, "small"),
        ("function", None, 0.0, "small"),
        # A limit that the user has set is kept on any runner.
        ("function", Resource.TIME, 60.0, ""),
        ("small", Resource.TIME, 0.0, ""),
        ("small", Resource.MEMORY, 0.0, "large"),
        ("small", Resource.SHARED_MEMORY, 0.0, ""),
        ("large", Resource.MEMORY, 0.0, ""),
        ("large", None, 0.0, ""),
        ("gone", Resource.MEMORY, 0.0, ""),
        ("", None, 0.0, ""),
    ],
)
def test_what_died_at_a_wall_goes_to_the_next_runner_where_it_is_farther_away(
    name: str, exhausted: Resource | None, timeout: float, expected: str
) -> None:
    after = larger(SIZES, name, spec(timeout), True, HOUR, exhausted)
    assert (after.name if after else "") == expected


def test_a_larger_runner_must_be_one_that_the_job_may_have() -> None:
    sizes = (SMALL, FUNCTION, LARGE)
    after = larger(sizes, "small", spec(), False, HOUR, None)
    assert after is LARGE
    assert larger(ONE, "", spec(), True, HOUR, Resource.TIME) is None


def test_a_size_that_is_there_no_more_counts_as_the_largest() -> None:
    assert named(SIZES, "small") is SMALL
    assert named(SIZES, "gone") is LARGE


def test_people_read_where_it_died_and_where_it_ran_again() -> None:
    assert told("The limit of 780 s was reached in step 1 `make`.", FUNCTION, SMALL) == (
        "The limit of 780 s was reached in step 1 `make`. That was on a function with 3,538 MB, so "
        "its next attempt was planned on a small machine."
    )
