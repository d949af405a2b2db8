"""What GitHub shows of a deployment: each intent once, an unknown end as an error (43 to 45)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.deployment import (
    MAX_DESCRIPTION,
    MAX_ENVIRONMENT,
    Deployment,
    Stage,
    address,
    desired,
    stage_of,
)
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.machine import Machine, Variable
from dishwasher.core.report import Told

from tests.fakes.clock import NOON
from tests.samples import SHA, build, deployment, job, pull_request, push

PAGE = "https://ci.example.test/jobs/build-0"
BUILD = build(event=push())


def deploying(state: State, reason: Reason | None = None, **values: Any) -> Job:
    spec = values.pop("spec", deployment("staging"))
    return job(**{"state": state, "reason": reason, "spec": spec} | values)


def ended(reason: Reason, **values: Any) -> Job:
    return deploying(
        State.CONCLUDED,
        reason,
        **{"started": NOON + 1, "ended": NOON + 9, "detail": "Why."} | values,
    )


@pytest.mark.parametrize(
    ("one", "stage"),
    [
        (job(), None),
        (deploying(State.BLOCKED), None),
        (deploying(State.QUEUED), Stage.QUEUED),
        (deploying(State.STARTING), Stage.QUEUED),
        (deploying(State.RUNNING), Stage.IN_PROGRESS),
        (ended(Reason.OK), Stage.SUCCESS),
        (ended(Reason.FAILED), Stage.FAILURE),
        (ended(Reason.TIMED_OUT), Stage.FAILURE),
        (ended(Reason.UNKNOWN_EFFECT), Stage.ERROR),
        (ended(Reason.CANCELLED), Stage.ERROR),
        (ended(Reason.SUPERSEDED, started=0.0), Stage.INACTIVE),
        (ended(Reason.NEED_FAILED, started=0.0), Stage.INACTIVE),
        (ended(Reason.AWAITING_APPROVAL, started=0.0), Stage.INACTIVE),
    ],
)
def test_each_state_of_a_job_has_its_stage(one: Job, stage: Stage | None) -> None:
    assert stage_of(one) is stage


def test_a_deployment_names_its_commit_and_its_log() -> None:
    assert desired(deploying(State.RUNNING), BUILD, PAGE, Told("build-0")) == Deployment(
        job="build-0",
        environment="staging",
        sha=SHA,
        stage=Stage.IN_PROGRESS,
        description="In progress.",
        log_url=PAGE,
    )


def test_what_was_told_is_not_told_again() -> None:
    runs = deploying(State.RUNNING)
    assert desired(runs, BUILD, PAGE, Told("build-0", 5, "in_progress")) is None
    assert desired(runs, BUILD, PAGE, Told("build-0", 5, "queued")) is not None
    assert desired(runs, BUILD, PAGE, Told("build-0", 5, "in_progress", doubtful=True)) is not None
    assert desired(runs, BUILD, PAGE, Told("build-0", trouble="no permission")) is None


def test_what_never_began_is_retired_where_it_was_announced_and_nowhere_else() -> None:
    superseded = ended(Reason.SUPERSEDED, started=0.0)
    assert desired(superseded, BUILD, PAGE, Told("build-0")) is None
    for told in (Told("build-0", 5, "queued"), Told("build-0", doubtful=True)):
        wanted = desired(superseded, BUILD, PAGE, told)
        assert wanted is not None
        assert wanted.stage is Stage.INACTIVE
        assert wanted.description == "Superseded by a newer commit. Why."


def test_descriptions_and_names_fit_and_are_plain() -> None:
    long = ended(Reason.FAILED, detail="x\x1b[31m" * 99, spec=deployment("e" * 400))
    wanted = desired(long, BUILD, PAGE, Told("build-0"))
    assert wanted is not None
    assert len(wanted.description) == MAX_DESCRIPTION and wanted.description.endswith("…")
    assert "\x1b" not in wanted.description
    assert len(wanted.environment) == MAX_ENVIRONMENT


def test_production_and_previews_are_told_apart() -> None:
    live = desired(deploying(State.RUNNING, spec=deployment("Live")), BUILD, PAGE, Told("b"))
    assert live is not None and live.is_production and not live.is_transient
    preview = desired(deploying(State.RUNNING), build(event=pull_request()), PAGE, Told("b"))
    assert preview is not None and preview.is_transient and not preview.is_production


def test_the_address_of_an_environment_has_its_variables() -> None:
    spec = deployment("staging", url="https://$DISHWASHER_BRANCH.example.test/${version}")
    event = push(branch="a b/../@x", inputs=(("version", "1&2"),))
    wanted = desired(deploying(State.RUNNING, spec=spec), build(event=event), PAGE, Told("b"))
    assert wanted is not None
    assert wanted.url == "https://a%20b%2F..%2F%40x.example.test/1%262"


def test_an_address_may_be_made_of_the_file_s_variables() -> None:
    ours = (
        Variable("HOST", "https://example.test"),
        Variable("SITE", "$HOST/$DISHWASHER_BRANCH", expand=True),
        Variable("PLAIN", "$HOST"),
        # What somebody gave for this build wins, as it does in the job.
        Variable("version", "9"),
    )
    values = {"DISHWASHER_BRANCH": "a b", "version": "1&2"}
    assert address("$SITE/${version}", values, ours) == "https://example.test/a%20b/1%262"
    assert address("$PLAIN/", values, ours) == ""
    made = replace(deployment("site", url="$HOST"), machine=Machine(environment=ours))
    wanted = desired(deploying(State.RUNNING, spec=made), BUILD, PAGE, Told("b"))
    assert wanted is not None and wanted.url == "https://example.test"


@pytest.mark.parametrize(
    "written",
    ["", "javascript:alert(1)", "ftp://x", "https://$UNKNOWN/", "https://x/ y", "https://x/<b>"],
)
def test_what_is_no_address_on_the_web_is_left_out(written: str) -> None:
    assert address(written, {}) == ""
    assert address("https://x/" + "y" * 2000, {}) == ""
