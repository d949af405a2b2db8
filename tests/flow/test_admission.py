"""A job that asks for what this version lacks is refused before it starts, with the reason."""

from __future__ import annotations

import pytest
from dishwasher.core import plan
from dishwasher.core.job import Reason, State, Timing
from dishwasher.core.selection import Planned
from dishwasher.flow.admission import Admission
from dishwasher.flow.keep import read_result
from dishwasher.ports import Topic

from tests.flow.house import CONFIG_PATH, House
from tests.samples import SHA, push, rerun, spec

TIMING = Timing()

GROUPED = b"""\
checks:
  lint: flake8
  one: {run: make one, group: pair}
  twin: {run: make twin, group: pair}
  two: {run: make two, needs: one}
"""


@pytest.fixture
def house() -> House:
    return House(GROUPED)


def test_it_never_starts_and_stops_what_needs_it(house: House) -> None:
    build = house.planned(push())
    jobs = house.jobs(build)
    assert jobs["one"].reason is Reason.REFUSED
    assert jobs["one"].detail == (
        "Not started. Running several jobs on one runner (`group`) is not supported by this "
        f"version yet. It is asked for on line 3 of {CONFIG_PATH}."
    )
    assert (jobs["two"].reason, jobs["lint"].state) == (Reason.NEED_FAILED, State.QUEUED)
    assert build.settled == 3
    assert house.rung(Topic.JOBS) == [jobs["lint"].id]


def test_the_reason_is_annotated_on_its_line(house: House) -> None:
    build = house.planned(push())
    house.reports(build.id)
    run = house.run("one")
    assert run.shown.conclusion == "action_required"
    assert [(one.path, one.start_line) for one in run.annotations] == [(CONFIG_PATH, 3)]


def test_a_click_on_it_asks_again_for_it_alone(house: House) -> None:
    jobs = house.jobs(house.planned(push()))
    again = house.jobs(house.planned(rerun(jobs["one"].id)))
    assert again.keys() == {"one", "two"}
    assert (again["one"].reason, again["two"].reason) == (Reason.REFUSED, Reason.NEED_FAILED)
    assert again["one"].id != jobs["one"].id


def test_where_all_is_refused_a_click_reads_the_file_again() -> None:
    house = House(GROUPED.replace(b"  lint: flake8\n", b""))
    one = house.jobs(house.planned(push()))["one"]
    house.there.files[SHA][CONFIG_PATH] = b"checks:\n  lint: flake8\n"
    assert list(house.jobs(house.planned(rerun(one.id)))) == ["lint"]


def test_several_reasons_are_counted() -> None:
    sites = b"smoke: smoke.yml, screenshots: pages.yml"
    house = House(b"deployments:\n  one: {branch: main, run: make, %s}\n" % sites)
    job = house.jobs(house.planned(push()))["one"]
    assert job.detail.endswith(" So it is with 1 more.")
    found = read_result(house.blobs, job)
    assert found is not None and found.findings_total == 2


def test_a_file_that_stops_at_the_first_failure_starts_nothing_then() -> None:
    house = House()
    made = plan.jobs("build", map(Planned, (spec("lint"), spec("one", group="pair"))), 0.0, TIMING)
    admit = Admission(house.blobs, TIMING, 0.0)
    lint, one = admit(made, CONFIG_PATH, fail_fast=True)
    assert (lint.reason, one.reason) == (Reason.CANCELLED, Reason.REFUSED)
    assert admit(made[:1], CONFIG_PATH, fail_fast=True) == made[:1]


def test_without_a_file_the_reason_has_no_line() -> None:
    house = House()
    made = plan.jobs("build", [Planned(spec("one", group="pair"))], 0.0, TIMING)
    (one,) = Admission(house.blobs, TIMING, 0.0)(made, "")
    assert one.detail.endswith("is not supported by this version yet.")
    found = read_result(house.blobs, one)
    assert found is not None and found.findings == ()
