"""Tests that are flaky, as the comment on a pull request tells of them."""

from __future__ import annotations

import pytest
from dishwasher.core.build import Build
from dishwasher.core.job import Reason
from dishwasher.core.outcome import Status, TestCase, TestSummary, summarise

from tests.flow.house import House
from tests.samples import REPOSITORY, pull_request, rerun


@pytest.fixture
def house() -> House:
    return House(b"checks:\n  tests: pytest\n  lint: flake8\n")


@pytest.fixture
def build(house: House) -> Build:
    return house.planned(pull_request())


def ran(*failing: str) -> TestSummary:
    names = ("price", "tax", "total")
    return summarise(
        TestCase("s", "", name, Status.FAILED if name in failing else Status.PASSED)
        for name in names
    )


def run(house: House, build: Build, *failing: str) -> None:
    reason = Reason.FAILED if failing else Reason.OK
    house.ended(house.jobs(build)["tests"], reason, tests=ran(*failing))


def body(house: House) -> str:
    (only,) = house.talk.of(REPOSITORY, 5)
    return only.body


def test_a_test_that_passes_when_it_is_run_again_is_called_flaky(
    house: House, build: Build
) -> None:
    run(house, build, "price", "tax")
    house.ended(house.jobs(build)["lint"])
    house.reports(build.id)
    assert "Flaky" not in body(house)
    again = house.planned(rerun(house.jobs(build)["tests"].id))
    house.reports(build.id)
    assert "Flaky" not in body(house), "nobody knows before the second run ends"
    run(house, again, "tax")
    house.reports(build.id)
    assert "**1 of 2 checks failed**" in body(house)
    assert "Flaky: **price** failed at first" in body(house)
    third = house.planned(rerun(house.jobs(again)["tests"].id, "third"))
    run(house, third)
    house.reports(build.id)
    assert body(house).startswith("**All clear**")
    assert "Flaky: **price**, **tax** failed at first" in body(house)


def test_results_are_read_only_where_a_run_has_failed_before(house: House, build: Build) -> None:
    run(house, build, "price")
    house.ended(house.jobs(build)["lint"], Reason.FAILED)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    house.ended(house.jobs(again)["lint"])
    house.reports(build.id)
    assert "Flaky" not in body(house)
