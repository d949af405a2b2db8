"""Every format, none at all, and advice: what of a repository's files a delivery comes to."""

from __future__ import annotations

import pytest
from dishwasher.core.delivery import Stage
from dishwasher.core.event import NO_COMMIT, Event
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.result import Result
from dishwasher.errors import UserError
from dishwasher.flow.configuration import MOST_READS, NOT_ALL_LISTED, Commit
from dishwasher.flow.keep import read_result

from tests.fakes.clock import FakeClock
from tests.fakes.forge import FakeForge
from tests.flow.house import House
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, commands, from_fork, push

NATIVE = b"checks:\n  lint: flake8\n"
CIRCLE = b"""\
test:
  override:
    - make test
deployment:
  staging:
    branch: main
    commands:
      - ./deploy.sh staging
"""
BUILDSPEC = b"""\
version: 0.2
phases:
  build:
    commands:
      - make test
"""
FORMATS = {".dishwasher.yml": NATIVE, "circle.yml": CIRCLE, "buildspec.yml": BUILDSPEC}
TOX = {"tox.ini": b"[tox]\nenvlist = py3\n\n[testenv]\ncommands = pytest\n"}


def house_of(files: dict[str, bytes]) -> House:
    """Every commit has exactly these files."""
    house = House(config=None)
    house.there.files = {sha: dict(files) for sha in (BASE_SHA, SHA, OTHER_SHA)}
    return house


def result_of(house: House, job: Job) -> Result:
    found = read_result(house.blobs, job)
    assert found is not None
    return found


def ignored(house: House, event: Event) -> str:
    house.deliver(event)
    house.plan(event.delivery)
    assert house.delivery(event.delivery).stage is Stage.IGNORED
    return house.delivery(event.delivery).reason


# Which file


@pytest.mark.parametrize("path", FORMATS)
def test_each_format_is_planned(path: str) -> None:
    house = house_of({path: FORMATS[path]})
    build = house.planned(push(branch="topic"))
    assert build.config_path == path
    (job,) = house.jobs(build).values()
    assert job.state is State.QUEUED
    assert any("make test" in command or "flake8" in command for command in commands(job.spec))


@pytest.mark.parametrize("path", FORMATS)
def test_a_stranger_decides_nothing_in_any_format(path: str) -> None:
    """Case 10."""
    house = house_of({path: FORMATS[path]})
    evil = FORMATS[path].replace(b"make test", b"steal").replace(b"flake8", b"steal")
    house.there.files[SHA] = {path: evil, ".dishwasher.yml": b"checks:\n  evil: steal\n"}
    jobs = house.jobs(house.planned(from_fork()))
    assert {job.state for job in jobs.values()} == {State.QUEUED}
    told = [command for job in jobs.values() for command in commands(job.spec)]
    assert told and "steal" not in told


def test_a_stranger_gets_what_the_base_branch_implies() -> None:
    house = house_of(TOX)
    house.there.files[SHA] = {".dishwasher.yml": b"checks:\n  evil: steal\n"}
    jobs = house.jobs(house.planned(from_fork()))
    assert jobs and "evil" not in jobs


def test_our_own_format_is_read_with_one_request() -> None:
    house = house_of({".dishwasher.yml": NATIVE, "circle.yml": CIRCLE})
    house.planned(push(branch="topic"))
    assert house.forge.calls == ["open_from", "file"]


def test_other_formats_are_found_by_one_look() -> None:
    house = house_of({"circle.yml": CIRCLE})
    house.planned(push(branch="topic"))
    assert house.forge.calls == ["open_from", "file", "files", "file"]


def test_the_file_that_is_not_taken_is_named_without_a_check_of_its_own() -> None:
    house = house_of({"circle.yml": CIRCLE, "buildspec.yml": BUILDSPEC})
    build = house.planned(push(branch="topic"))
    assert list(house.jobs(build)) == ["build"]
    assert "circle.yml is taken, not buildspec.yml." in build.notes
    (job,) = house.jobs(build).values()
    house.ended(job)
    house.reports(build.id)
    assert "is taken, not buildspec" in house.run("build").shown.summary


def test_a_file_that_can_not_be_read_is_not_passed_over() -> None:
    house = house_of({"circle.yml": b"test: [\n", "buildspec.yml": BUILDSPEC})
    (job,) = house.jobs(house.planned(push())).values()
    assert (job.spec.name, job.reason) == ("config", Reason.CONFIG)


# No file


def test_what_the_files_imply_is_planned_and_explained_in_a_neutral_check() -> None:
    house = house_of(TOX)
    build = house.planned(push())
    *jobs, config = house.jobs(build).values()
    assert {job.state for job in jobs} <= {State.QUEUED, State.BLOCKED} and jobs
    assert (config.spec.name, config.reason) == ("config", Reason.ADVISORY)
    assert config.detail.startswith("There is no configuration;")
    result = result_of(house, config)
    assert any("tox" in note for note in result.notes)
    assert build.settled == 1
    house.reports(build.id)
    shown = house.run("config").shown
    assert shown.conclusion == "neutral" and "tox" in shown.summary


def test_nothing_that_implies_a_plan_plans_nothing() -> None:
    house = house_of({"README": b"hello"})
    assert ignored(house, push()) == f"no configuration at {SHA[:12]}, and nothing implies one"


def test_a_repository_too_large_to_list_says_so() -> None:
    house = house_of(TOX)
    house.there.is_large = True
    config = house.jobs(house.planned(push()))["config"]
    assert NOT_ALL_LISTED in result_of(house, config).notes


def test_only_listed_files_that_are_text_are_read_and_not_without_end() -> None:
    files = {f"{number}.txt": b"django" for number in range(2 * MOST_READS)}
    house = house_of(files | {"binary": b"\xff\xfe"})
    read = Commit(house.forge, REPOSITORY, SHA).look().read
    assert read("binary") is None and read("absent") is None
    assert [read(path) for path in files].count("django") == MOST_READS - 1
    assert house.forge.calls.count("file") == MOST_READS


def test_a_file_above_the_limit_implies_nothing() -> None:
    class Large(FakeForge):
        def file(self, *_: object) -> bytes:
            raise UserError("tox.ini is larger than 1048576 bytes; make it smaller")

    forge = Large(FakeClock())
    forge.repositories = house_of(TOX).forge.repositories
    assert Commit(forge, REPOSITORY, SHA).look().read("tox.ini") is None


# Tags and messages


def tagged(**values: object) -> Event:
    return push(**({"branch": "", "tag": "v1", "before": NO_COMMIT} | values))


def test_a_tag_is_built_where_a_job_asks_for_it() -> None:
    house = house_of({"circle.yml": CIRCLE.replace(b"branch: main", b"tag: /v.*/")})
    jobs = house.jobs(house.planned(tagged()))
    assert len(jobs) == 2 and all(job.reason is None for job in jobs.values())


def test_a_tag_that_nobody_asks_for_is_ignored_with_the_reason() -> None:
    house = house_of({"circle.yml": CIRCLE})
    assert ignored(house, tagged()) == "No job of this file asks for tags."


def test_a_tag_changes_no_line() -> None:
    both = b"checks:\n  spelling: {uses: spelling}\ndeployments:\n  live: {tag: v*, run: 'true'}\n"
    house = house_of({".dishwasher.yml": both})
    assert house.planned(tagged()).base_sha == SHA
    assert "compare" not in house.forge.calls


@pytest.mark.parametrize("message", ["Fix [skip ci]", "wip\n\n[CI SKIP]"])
def test_a_commit_that_asks_not_to_be_built_is_not(message: str) -> None:
    house = house_of({"circle.yml": CIRCLE})
    assert ignored(house, push(message=message)).startswith("The commit message says [")
