"""Check suites, check runs and annotations."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.model import Annotation, CheckRun, CheckSuite, PullRequest, Repository
from dishwasher.demo.github.shapes import commit as commits
from dishwasher.demo.github.shapes import repository as repositories
from dishwasher.demo.github.shapes.account import app, node_id
from dishwasher.demo.github.world import World

__all__ = ["annotation", "pull_stub", "run", "run_with_suite", "suite", "suite_in_hook", "verdict"]

Json = dict[str, Any]

# The suite takes the highest conclusion of its runs. https://docs.github.com/rest/checks/suites
PRIORITY = (
    "failure",
    "timed_out",
    "action_required",
    "cancelled",
    "stale",
    "success",
    "neutral",
    "skipped",
)


def verdict(world: World, which: CheckSuite) -> tuple[str, str | None]:
    """(status, conclusion) of a suite, from the latest run of each name."""
    latest = {row.name: row for row in runs_of(world, which)}
    if not latest:
        return "queued", None
    # A rerequest resets the suite until its runs are reported anew.
    again = which.rerequested_at
    fresh = [row for row in latest.values() if again is None or row.updated_at > again]
    if again is not None and not fresh:
        return "queued", None
    if any(row.status != "completed" for row in latest.values()):
        started = any(row.status == "in_progress" for row in latest.values())
        return ("in_progress" if started else "queued"), None
    conclusions = [row.conclusion or "" for row in latest.values()]
    return "completed", min(conclusions, key=PRIORITY.index)


def runs_of(world: World, which: CheckSuite) -> list[CheckRun]:
    runs = world.runs.of((which.repository_id, which.head_sha))
    return [row for row in runs if row.suite_id == which.id]


def pull_stub(world: World, which: PullRequest) -> Json:
    """A pull request as checks mention it."""
    base = world.repositories[which.repository_id]
    url = f"{world.api_url}/repos/{world.full_name(base)}"
    stub = {"id": base.id, "url": url, "name": base.name}
    return {
        "id": which.id,
        "number": which.number,
        "url": f"{url}/pulls/{which.number}",
        "head": {"ref": which.head_ref, "sha": which.head_sha, "repo": stub},
        "base": {"ref": which.base_ref, "sha": which.base_sha, "repo": stub},
    }


def pulls_at(world: World, repository_id: int, sha: str) -> list[Json]:
    """Open pull requests of the same repository; those of forks are never listed."""
    return [
        pull_stub(world, pull)
        for pull in world.pulls.of(repository_id)
        if pull.head_sha == sha
        and pull.state == "open"
        and pull.head_repository_id == repository_id
    ]


def run(world: World, repository: Repository, which: CheckRun) -> Json:
    full_name = world.full_name(repository)
    url = f"{world.api_url}/repos/{full_name}/check-runs/{which.id}"
    output = which.output
    return {
        "id": which.id,
        "name": which.name,
        "node_id": node_id("CheckRun", which.id),
        "head_sha": which.head_sha,
        "external_id": which.external_id,
        "url": url,
        "html_url": f"{world.url}/{full_name}/runs/{which.id}",
        "details_url": which.details_url,
        "status": which.status,
        "conclusion": which.conclusion,
        "started_at": _moment(which.started_at),
        "completed_at": _moment(which.completed_at),
        "output": {
            "title": output.title,
            "summary": output.summary,
            "text": output.text,
            "annotations_count": len(output.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": which.suite_id},
        "app": app(world, world.apps[which.app_id]),
        "pull_requests": pulls_at(world, repository.id, which.head_sha),
    }


def run_with_suite(world: World, repository: Repository, which: CheckRun) -> Json:
    """As in webhook payloads."""
    found = world.suites.get(which.suite_id)
    assert found is not None
    return run(world, repository, which) | {"check_suite": _simple_suite(world, repository, found)}


def _simple_suite(world: World, repository: Repository, which: CheckSuite) -> Json:
    status, conclusion = verdict(world, which)
    suites = f"{world.api_url}/repos/{world.full_name(repository)}/check-suites"
    return {
        "id": which.id,
        "node_id": node_id("CheckSuite", which.id),
        "head_branch": which.head_branch,
        "head_sha": which.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": f"{suites}/{which.id}",
        "before": which.before,
        "after": which.head_sha,
        "created_at": iso(which.created_at),
        "updated_at": iso(which.updated_at),
        "pull_requests": pulls_at(world, repository.id, which.head_sha),
        "app": app(world, world.apps[which.app_id]),
    }


def suite_in_hook(world: World, repository: Repository, which: CheckSuite) -> Json:
    told = _simple_suite(world, repository, which)
    found = world.git[repository.id].commit(which.head_sha)
    assert found is not None
    return told | {
        "latest_check_runs_count": len({row.name for row in runs_of(world, which)}),
        "check_runs_url": f"{told['url']}/check-runs",
        "head_commit": commits.short(found),
    }


def suite(world: World, repository: Repository, which: CheckSuite) -> Json:
    told = suite_in_hook(world, repository, which)
    return told | {"repository": repositories.minimal(world, repository)}


def annotation(world: World, repository: Repository, sha: str, which: Annotation) -> Json:
    return {
        "path": which.path,
        "blob_href": f"{world.url}/{world.full_name(repository)}/blob/{sha}/{quote(which.path)}",
        "start_line": which.start_line,
        "end_line": which.end_line,
        "start_column": which.start_column,
        "end_column": which.end_column,
        "annotation_level": which.level,
        "title": which.title,
        "message": which.message,
        "raw_details": which.raw_details,
    }


def _moment(value: float | None) -> str | None:
    return None if value is None else iso(value)
