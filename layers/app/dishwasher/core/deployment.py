"""What GitHub should show of a deployment: an entry for each intent, and how it went."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from string import Template
from urllib.parse import quote

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.expansion import add
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.machine import Variable
from dishwasher.core.markdown import printable
from dishwasher.core.rendering import verdict
from dishwasher.core.report import Told

MAX_DESCRIPTION = 140
"""https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status"""
MAX_ENVIRONMENT = 255
PRODUCTION = frozenset({"production", "prod", "live"})
"""Names of environments that users of a site meet directly."""
REPLACED = "Another deployment has taken its place."
_URL = re.compile(r"https?://[^\s<>\"'\\^`{|}$]+")


class Stage(StrEnum):
    """GitHub's states of a deployment, as far as they are used."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    """Nobody knows how far it came: somebody has to look."""
    INACTIVE = "inactive"
    """It never began, or another one has taken its place."""


RUNNING = {
    State.QUEUED: Stage.QUEUED,
    State.STARTING: Stage.QUEUED,
    State.RUNNING: Stage.IN_PROGRESS,
}
UNKNOWN = frozenset({Reason.UNKNOWN_EFFECT, Reason.LOST, Reason.INFRA, Reason.CANCELLED})
"""Ends of a deployment that had begun after which the environment may hold anything."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The desired state of one deployment on GitHub."""

    job: str
    """Our job's id, in the payload: what finds the deployment again."""
    environment: str
    sha: str
    stage: Stage
    description: str
    log_url: str
    url: str = ""
    """Where the environment can be looked at; empty for unknown."""
    is_production: bool = False
    is_transient: bool = False
    """Of a pull request, and gone with it."""


def desired(job: Job, build: Build, page: str, told: Told) -> Deployment | None:
    """What to show of this job; None where nothing is to be shown or has changed."""
    stage = stage_of(job)
    begun = bool(told.deployment or told.doubtful)
    # What never began and was never announced needs no announcement.
    unheard = stage is None or (stage is Stage.INACTIVE and not begun)
    never = bool(told.trouble) and not told.deployment
    if unheard or never or (told.stage == stage and not told.doubtful):
        return None
    assert stage is not None
    event = build.event
    text = _description(job, stage)
    return Deployment(
        job=job.id,
        environment=printable(job.spec.name)[:MAX_ENVIRONMENT],
        sha=event.sha,
        stage=stage,
        description=text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…",
        log_url=page,
        url=address(job.spec.url, variables(build), job.spec.machine.environment),
        is_production=is_production(job),
        is_transient=event.pull_request is not None,
    )


def is_production(job: Job) -> bool:
    """Whether GitHub is told so. By itself it retires earlier deployments of other environments:

    https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status (auto_inactive)
    """
    return job.spec.kind is Kind.DEPLOYMENT and job.spec.name.lower() in PRODUCTION


def _description(job: Job, stage: Stage) -> str:
    if job.replaced:
        return REPLACED
    word = verdict(job, job.reason) if job.reason else stage.replace("_", " ").capitalize()
    return " ".join(printable(f"{word}. {job.detail if job.reason else ''}").split())


def plainer(deployment: Deployment) -> tuple[Deployment, ...]:
    """The same stage with less and less around it, for a GitHub that calls the whole invalid."""
    wordless = replace(deployment, description="", url="")
    return wordless, replace(wordless, log_url="")


def stage_of(job: Job) -> Stage | None:
    """None for what is no deployment, and for one whose needs are not met yet."""
    if job.spec.kind is not Kind.DEPLOYMENT:
        return None
    if job.reason is None:
        return RUNNING.get(job.state)
    if not job.started:
        return Stage.INACTIVE
    if job.reason is Reason.OK:
        return Stage.INACTIVE if job.replaced else Stage.SUCCESS
    return Stage.ERROR if job.reason in UNKNOWN else Stage.FAILURE


ADDRESS_NAMES = (
    "DISHWASHER_BRANCH",
    "DISHWASHER_TAG",
    "DISHWASHER_SHA",
    "DISHWASHER_PULL_REQUEST",
)
"""Variables of the event that an address may name."""


def variables(build: Build) -> dict[str, str]:
    """What an environment's address may name."""
    event = build.event
    return {
        **dict(event.inputs),
        **dict(
            zip(
                ADDRESS_NAMES,
                (event.branch, event.tag, event.sha, str(build.pull_request or "")),
                strict=True,
            )
        ),
    }


def address(written: str, values: Mapping[str, str], ours: Iterable[Variable] = ()) -> str:
    """The address with its variables; empty unless it is an address on the web then.

    `values` are of the event, and may hold anything. `ours` are those of the file, which says what
    is deployed as well. Everybody may read an address, so that it knows no secrets and none of the
    variables that the operator lets jobs see.
    """
    known = {name: quote(value, safe="") for name, value in values.items()}
    add(known, ours, frozenset(values))
    filled = Template(written).safe_substitute(known)
    return filled if _URL.fullmatch(filled) and len(filled) <= 1000 else ""
