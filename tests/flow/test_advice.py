"""Warnings stand beside the jobs, hold nothing up and bother nobody else."""

from __future__ import annotations

from dishwasher.core.findings import Level
from dishwasher.core.job import Reason, State
from dishwasher.ports import Topic

from tests.flow.test_configuration import CIRCLE, house_of, result_of
from tests.samples import from_fork, push, rerun

WARNED = CIRCLE.replace(b"make test", b"sudo make test")


def test_warnings_stand_beside_the_jobs_on_their_lines() -> None:
    house = house_of({"circle.yml": WARNED})
    build = house.planned(push(branch="topic"))
    config = house.jobs(build)["config"]
    assert (config.reason, config.detail) == (Reason.ADVISORY, "circle.yml has 1 warning.")
    (finding,) = result_of(house, config).findings
    assert (finding.path, finding.start_line, finding.level) == ("circle.yml", 3, Level.WARNING)
    assert house.jobs(build)["build"].state is State.QUEUED
    house.reports(build.id)
    assert house.run("config").shown.conclusion == "neutral"


def test_a_deployment_does_not_wait_for_advice() -> None:
    house = house_of({"circle.yml": WARNED})
    jobs = house.jobs(house.planned(push()))
    (deployment,) = (job for name, job in jobs.items() if name not in ("build", "config"))
    assert deployment.needs == (jobs["build"].id,)


def test_mistakes_and_warnings_of_a_file_are_shown_together() -> None:
    wrong = WARNED.replace(b"commands:", b"comands:")
    house = house_of({"circle.yml": wrong})
    (job,) = house.jobs(house.planned(push())).values()
    assert job.reason is Reason.CONFIG
    assert job.detail == "circle.yml has 1 mistake and 2 warnings; nothing was run."
    levels = {finding.level for finding in result_of(house, job).findings}
    assert levels == {Level.FAILURE, Level.WARNING}


def test_a_stranger_is_not_bothered_with_advice() -> None:
    house = house_of({"circle.yml": WARNED})
    assert "config" not in house.jobs(house.planned(from_fork()))


def test_a_click_on_advice_repeats_it_and_runs_nothing() -> None:
    house = house_of({"circle.yml": WARNED})
    first = house.jobs(house.planned(push()))["config"]
    house.rung(Topic.JOBS)
    again = house.planned(rerun(first.id))
    (told,) = house.jobs(again).values()
    assert (told.reason, told.detail) == (first.reason, first.detail)
    assert result_of(house, told) == result_of(house, first)
    assert house.rung(Topic.JOBS) == []


def test_a_click_on_advice_that_is_forgotten_is_answered_all_the_same() -> None:
    house = house_of({"circle.yml": WARNED})
    first = house.jobs(house.planned(push()))["config"]
    house.blobs._blobs.clear()
    (told,) = house.jobs(house.planned(rerun(first.id))).values()
    assert told.detail == first.detail
