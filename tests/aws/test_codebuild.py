"""A build begins once for an attempt, as small and as free as the job needs, and ends when told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, Throttled

from tests.aws.builder import PROJECT, CodeBuild
from tests.aws.emulator import REGION, environment, require
from tests.fakes.clock import NOON, FakeClock

BOOTSTRAP = Bootstrap("http://127.0.0.1:9", "b-0.1", "code")
SMALL = Size("small", seconds=600.0, docker=False, jail=False)
NO_ARCHIVE = "http://127.0.0.1:9/"
Fleets = Callable[..., Any]


@pytest.fixture(scope="module")
def codebuild() -> Iterator[CodeBuild]:
    require()
    known = CodeBuild()
    yield known
    known.close()


@pytest.fixture(scope="module")
def fleets(codebuild: CodeBuild) -> Iterator[Fleets]:
    """By the name of the project; made once, because reading the service's model takes a second."""
    with environment():
        from dishwasher.aws.clients import Clients
        from dishwasher.aws.codebuild import CodeBuildFleet

        clients = Clients(REGION, codebuild.url)
        made = {
            project: CodeBuildFleet(clients, FakeClock(), project, lambda: NO_ARCHIVE)
            for project in (PROJECT, "gone")
        }
        yield lambda project=PROJECT: made[project]


@pytest.fixture
def service(codebuild: CodeBuild) -> Iterator[CodeBuild]:
    yield codebuild
    codebuild.reset()


@pytest.fixture
def fleet(fleets: Fleets, service: CodeBuild) -> Fleets:
    return fleets


def started(service: CodeBuild, fleet: Fleets, size: Size = SMALL) -> dict[str, Any]:
    fleet().start(BOOTSTRAP, "7", size)
    (operation, words) = service.called[-1]
    assert operation == "StartBuild"
    return words


def variables(words: dict[str, Any]) -> dict[str, str]:
    assert {one["type"] for one in words["environmentVariablesOverride"]} == {"PLAINTEXT"}
    return {one["name"]: one["value"] for one in words["environmentVariablesOverride"]}


def test_a_build_is_told_its_bootstrap_and_where_the_runner_is(
    service: CodeBuild, fleet: Fleets
) -> None:
    words = started(service, fleet)
    told = variables(words)
    assert json.loads(told["DISHWASHER_BOOTSTRAP"]) == {
        "url": BOOTSTRAP.url,
        "attempt": "b-0.1",
        "code": "code",
    }
    assert (told["DISHWASHER_ARCHIVE"], told["DISHWASHER_SINGLE_USE"]) == (NO_ARCHIVE, "1")
    assert (words["idempotencyToken"], words["projectName"]) == ("b-0.1", PROJECT)
    assert not {name for name in words if name.startswith("source")}, "the ticket has the source"


def test_a_call_that_is_repeated_begins_nothing_new(service: CodeBuild, fleet: Fleets) -> None:
    known = fleet()
    for _ in range(2):
        known.start(BOOTSTRAP, "7", SMALL)
    assert len(service.builds) == 1


@pytest.mark.parametrize(
    ("size", "compute"),
    [
        ("small", "BUILD_GENERAL1_SMALL"),
        ("medium", "BUILD_GENERAL1_MEDIUM"),
        ("large", "BUILD_GENERAL1_LARGE"),
    ],
)
def test_a_build_has_the_size_that_was_chosen(
    service: CodeBuild, fleet: Fleets, size: str, compute: str
) -> None:
    assert started(service, fleet, replace(SMALL, name=size))["computeTypeOverride"] == compute


@pytest.mark.parametrize(
    ("docker", "jail", "privileged", "sandbox"),
    [
        (False, False, False, "auto"),
        (True, False, True, "plain"),
        (False, True, True, "auto"),
        (True, True, True, "plain"),
    ],
)
def test_only_docker_and_jails_get_privileges(
    service: CodeBuild, fleet: Fleets, docker: bool, jail: bool, privileged: bool, sandbox: str
) -> None:
    words = started(service, fleet, replace(SMALL, docker=docker, jail=jail))
    assert words["privilegedModeOverride"] is privileged
    assert variables(words)["DISHWASHER_SANDBOX"] == sandbox


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(1.0, 16), (600.0, 25), (8 * 3600.0, 495), (1e7, 2160)]
)
def test_a_machine_lives_a_little_longer_than_its_job_may(
    service: CodeBuild, fleet: Fleets, seconds: float, minutes: int
) -> None:
    words = started(service, fleet, replace(SMALL, seconds=seconds))
    assert words["timeoutInMinutesOverride"] == minutes


def test_a_limit_of_the_account_says_when_to_come_back(service: CodeBuild, fleet: Fleets) -> None:
    service.allowed = 1
    service.builds["other"] = {"buildComplete": False}
    with pytest.raises(Throttled, match="more than 1 builds in queue") as raised:
        fleet().start(BOOTSTRAP, "7", SMALL)
    assert raised.value.retry_at == NOON + 60
    assert "quota" not in str(raised.value)


def test_an_account_that_may_not_build_at_all_is_told_whom_to_ask(
    service: CodeBuild, fleet: Fleets
) -> None:
    service.allowed = 0
    with pytest.raises(Throttled, match="ask AWS for a larger quota"):
        fleet().start(BOOTSTRAP, "7", SMALL)


def test_a_project_that_is_not_there_is_named(service: CodeBuild, fleet: Fleets) -> None:
    with pytest.raises(InfraError, match="there is no CodeBuild project gone; deploy the stack"):
        fleet("gone").start(BOOTSTRAP, "7", SMALL)


def test_what_codebuild_does_not_take_is_ours(service: CodeBuild, fleet: Fleets) -> None:
    service.fault = ("InvalidInputException", "no such image")
    with pytest.raises(InfraError, match=r"a runner for b-0\.1: InvalidInputException no such"):
        fleet().start(BOOTSTRAP, "7", SMALL)


def old(service: CodeBuild, number: int, status: str = "SUCCEEDED") -> None:
    """A build of the project that nobody watches here."""
    id = f"{PROJECT}:{number}"
    variables = [{"name": "DISHWASHER_ATTEMPT", "value": f"old-{number}.1", "type": "PLAINTEXT"}]
    service.builds[id] = {
        "id": id,
        "buildStatus": status,
        "buildComplete": status != "IN_PROGRESS",
        "environment": {
            "type": "ARM_CONTAINER",
            "image": "image",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": variables,
        },
    }


def stopped(service: CodeBuild) -> list[str]:
    return [words["id"] for operation, words in service.called if operation == "StopBuild"]


def test_a_build_that_is_not_the_newest_is_found_to_be_stopped(
    service: CodeBuild, fleet: Fleets
) -> None:
    old(service, 0, "IN_PROGRESS")
    for number in range(1, 250):
        old(service, number)
    fleet().stop("old-0.1")
    assert stopped(service) == [f"{PROJECT}:0"]


def test_one_behind_many_hundred_others_is_left_to_its_time(
    service: CodeBuild, fleet: Fleets
) -> None:
    old(service, 0, "IN_PROGRESS")
    for number in range(1, 700):
        old(service, number)
    fleet().stop("old-0.1")
    assert stopped(service) == []
    assert len(service.called) == 10


def test_what_has_ended_or_never_was_is_not_stopped(service: CodeBuild, fleet: Fleets) -> None:
    fleet().stop("old-0.1")
    old(service, 0)
    fleet().stop("old-0.1")
    assert stopped(service) == []
