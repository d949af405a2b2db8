"""What of a configuration an event asks for, and why the rest does not run."""

from __future__ import annotations

import pytest
from dishwasher.core.config import Config
from dishwasher.core.event import Event, EventKind
from dishwasher.core.selection import select

from tests.samples import deployment, pull_request, push, spec

LINT, TESTS = spec("lint"), spec("tests", needs=("lint",))
STAGING = deployment("staging", "main", "release")
CONFIG = Config(".dishwasher.yml", (LINT, TESTS, STAGING))


def left_out(config: Config, event: Event) -> dict[str, str]:
    return {one.spec.name: one.left_out for one in select(config, event).planned}


def test_a_deployment_needs_every_check() -> None:
    by_name = {planned.spec.name: planned for planned in select(CONFIG, push()).planned}
    assert by_name["staging"].spec.needs == ("lint", "tests")
    assert [planned.left_out for planned in by_name.values()] == ["", "", ""]
    assert by_name["tests"].spec == TESTS


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (pull_request(), "Deployments follow a push, not a pull request."),
        (push(branch="topic"), "It deploys main, release, not topic."),
        (push(branch="mainline"), "It deploys main, release, not mainline."),
        (push(kind=EventKind.MERGE_GROUP), "Deployments follow a push, not a pull request."),
        (push(kind=EventKind.SCHEDULE, schedule="nightly"), "The schedule nightly has not it."),
    ],
)
def test_a_deployment_that_does_not_fit_the_event_says_why(event: Event, why: str) -> None:
    assert left_out(CONFIG, event) == {"lint": "", "tests": "", "staging": why}
