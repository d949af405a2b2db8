"""What the server knows of an attempt, by the names of `core.facts`."""

from __future__ import annotations

from dishwasher.core.build import Build
from dishwasher.core.event import NO_COMMIT, Event, Happening
from dishwasher.core.job import Job

FIRST_NUMBER_AT = 1_767_225_600.0
"""2026-01-01, in seconds since the epoch: where the numbers of builds begin."""
NUMBERS_A_SECOND = 10
"""They rise with time, because a counter would be one row that all builds of a repository write;
tenths of a second stay below 2**31, which is as far as some stores count versions, until 2032."""

WEBHOOK_EVENTS = {
    "opened": "PULL_REQUEST_CREATED",
    "synchronize": "PULL_REQUEST_UPDATED",
    "reopened": "PULL_REQUEST_REOPENED",
}
"""https://docs.aws.amazon.com/codebuild/latest/userguide/github-webhook.html"""


def facts(
    build: Build, job: Job, *, page: str, repository_url: str, now: float
) -> tuple[tuple[str, str], ...]:
    """Every fact that is known, the others left out.

    `page` is the job's page, `repository_url` the one of GitHub, `now` when the attempt begins in
    seconds since the epoch.
    """
    event = build.event
    repository = event.repository
    known = {
        "attempt": str(job.attempt),
        "before": _before(event),
        "branch": branch(event),
        "build": build.id,
        "build_number": str(number(build.created)),
        "build_url": page,
        "config_path": build.config_path,
        "event": event.happening.value,
        "job": job.spec.name,
        "job_id": job.id,
        "owner": repository.owner,
        "ref": f"refs/tags/{event.tag}" if event.tag else f"refs/heads/{branch(event)}",
        "repository": repository.full_name,
        "repository_name": repository.name,
        "repository_url": repository_url,
        "sender": event.sender,
        "sender_id": str(event.sender_id or ""),
        "sha": event.sha,
        "start_ms": str(int(now * 1000)),
        "tag": event.tag,
        **_compared(event, repository_url),
        **_requested(build, repository_url),
    }
    return tuple(sorted((name, value) for name, value in known.items() if value))


def branch(event: Event) -> str:
    """What a job is told that its branch is.

    Of a fork `pull/N`, as CircleCI has it: a script that asks whether it runs on `main` must not
    be deceived by how strangers call theirs.
    https://circleci.com/docs/1.0/environment-variables/
    """
    request = event.pull_request
    if request is not None and request.head_repository != event.repository.id:
        return f"pull/{request.number}"
    return event.branch


def number(created: float) -> int:
    """The number of a build that was made at this time."""
    return max(1, int((created - FIRST_NUMBER_AT) * NUMBERS_A_SECOND))


def _before(event: Event) -> str:
    return "" if event.before == NO_COMMIT else event.before


def _compared(event: Event, repository_url: str) -> dict[str, str]:
    base = event.pull_request.base_sha if event.pull_request else _before(event)
    if not base:
        return {}
    compare = f"{repository_url}/compare/{base[:12]}...{event.sha[:12]}"
    return {"base_sha": base, "compare_url": compare}


def _requested(build: Build, repository_url: str) -> dict[str, str]:
    """What differs between a branch, a tag and a pull request, in CodeBuild's words as well."""
    event = build.event
    request, number = event.pull_request, build.pull_request
    told = {"version": f"tag/{event.tag}" if event.tag else f"branch/{branch(event)}"}
    if event.happening in (Happening.PUSH, Happening.TAG, Happening.MERGE_GROUP):
        told["webhook_event"] = "PUSH"
    told["source_version"] = event.sha
    if number:
        told["pull_request"] = str(number)
        told["pull_request_url"] = f"{repository_url}/pull/{number}"
    if request is None:
        return told
    told["version"] = told["source_version"] = f"pr/{request.number}"
    told["base_branch"] = request.base_ref
    told["webhook_event"] = WEBHOOK_EVENTS.get(event.action, "")
    if request.head_repository != event.repository.id:
        told["fork_pull_request"] = str(request.number)
        told["head_owner"], _, told["head_repository"] = request.head_name.partition("/")
    return told
