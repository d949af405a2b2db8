"""Values that many tests need, made with what a test says of them and harmless otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import Event, EventKind, PullRequest, Repository
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Job, State
from dishwasher.core.pattern import Filter, Pattern
from dishwasher.core.step import Phase, Step
from dishwasher.core.when import When

from tests.fakes.clock import NOON

SHA = "a" * 40
OTHER_SHA = "b" * 40
BASE_SHA = "c" * 40
REPOSITORY = Repository(
    id=7, owner="acme", name="site", default_branch="main", private=True, installation=3
)


def phases(*commands: str) -> tuple[Phase, ...]:
    """The one phase of a job that runs these commands."""
    return (Phase("build", tuple(map(Step, commands))),) if commands else ()


def commands(spec: JobSpec) -> tuple[str, ...]:
    return tuple(step.command for step in spec.steps)


def spec(name: str = "tests", *, steps: tuple[str, ...] = ("true",), **values: Any) -> JobSpec:
    return JobSpec(
        **({"name": name, "kind": Kind.CHECK, "line": 1, "phases": phases(*steps)} | values)
    )


def deployment(name: str = "staging", *branches: str, **values: Any) -> JobSpec:
    when = When(branches=Filter(tuple(map(Pattern, branches or ("main",)))))
    return spec(name, kind=Kind.DEPLOYMENT, when=when, **values)


def push(**values: Any) -> Event:
    return replace(
        Event(
            kind=EventKind.PUSH,
            delivery="delivery-1",
            repository=REPOSITORY,
            sender="ann",
            sha=SHA,
            branch="main",
            before=BASE_SHA,
        ),
        **values,
    )


def pull_request(number: int = 5, updated: float = 0.0, **values: Any) -> Event:
    request = PullRequest(number, "topic", 7, "main", BASE_SHA, updated)
    usual = {"kind": EventKind.PULL_REQUEST, "branch": "topic", "pull_request": request}
    return push(**(usual | values))


def from_fork(**values: Any) -> Event:
    event = pull_request(**values)
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, head_repository=99))


def rerun(job: str, delivery: str = "rerun-1", **values: Any) -> Event:
    """Someone has clicked "Re-run" on the check run of this job."""
    usual = {"kind": EventKind.RERUN, "branch": "", "sender_id": 1}
    return push(**(usual | values), delivery=delivery, job=job)


def job(**values: Any) -> Job:
    """A queued check that nobody has looked at yet."""
    made = Job("build-0", "build", 0, spec(), (), State.QUEUED, deadline=NOON, created=NOON)
    return replace(made, **values)


def build(*jobs: Job, **values: Any) -> Build:
    made = Build("build", push(), BASE_SHA, ".dishwasher.yml", NOON, tuple(one.id for one in jobs))
    return replace(made, **values)


def finding(path: str = "app/views.py", line: int = 3, **values: Any) -> Finding:
    return Finding(path, line, line, **({"level": Level.WARNING, "message": "unused"} | values))
