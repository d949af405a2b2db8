"""What GraphQL queries find: repositories, their pull requests, and how these were checked."""

from __future__ import annotations

import json
from typing import Any

from dishwasher.demo.github import graphql
from dishwasher.demo.github.answer import Answer, Refusal
from dishwasher.demo.github.api.check_runs import latest
from dishwasher.demo.github.auth import Caller, bearer, identify
from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.model import CheckRun, PullRequest, Repository
from dishwasher.demo.github.shapes.account import node_id
from dishwasher.demo.github.shapes.check import PRIORITY
from dishwasher.demo.github.wire import Request
from dishwasher.demo.github.world import World

__all__ = ["PATH", "serve"]

Json = dict[str, Any]

PATH = "/api/graphql"
"""Of Enterprise Server, as the REST API's `/api/v3`:
https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql
"""
BAD = frozenset({"failure", "timed_out", "action_required", "cancelled", "stale"})


def serve(world: World, request: Request) -> Answer:
    """What the query selects; what is wrong with it is told with status 200, as GitHub does."""
    try:
        asked = json.loads(request.body)
        with world.lock:
            caller = identify(world, bearer(request.headers))
            if caller.user is None and caller.installation is None:
                raise Refusal(401, "This endpoint requires you to be authenticated.")
            root = _root(world, caller)
            data = graphql.answer(asked["query"], asked.get("variables") or {}, root)
        return Answer(200, {"data": data})
    except Refusal as refusal:
        return refusal.answer()
    except (KeyError, TypeError, ValueError) as problem:
        return Answer(200, {"errors": [{"message": str(problem)}]})


def _root(world: World, caller: Caller) -> Json:
    def repository(owner: str, name: str, followRenames: bool = True) -> Json:
        found = world.repository(owner, name)
        if found is None or caller.level(world, found, "metadata") == "none":
            told = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise graphql.QueryError(told)
        return _repository(world, found)

    def node(id: str) -> Json | None:
        for found in world.repositories.values():
            for pull in world.pulls.of(found.id):
                seen = caller.level(world, found, "metadata") != "none"
                if seen and node_id("PullRequest", pull.id) == id:
                    return _pull(world, found, pull)
        raise graphql.QueryError(f"Could not resolve to a node with the global id of '{id}'")

    return {"__typename": "Query", "repository": repository, "node": node}


def _repository(world: World, which: Repository) -> Json:
    def pull_request(number: int) -> Json:
        for pull in world.pulls.of(which.id):
            if pull.number == number:
                return _pull(world, which, pull)
        raise graphql.QueryError(f"Could not resolve to a PullRequest with the number of {number}.")

    return {
        "__typename": "Repository",
        "id": node_id("Repository", which.id),
        "name": which.name,
        "nameWithOwner": world.full_name(which),
        "isPrivate": which.private,
        "url": f"{world.url}/{world.full_name(which)}",
        "pullRequest": pull_request,
    }


def _pull(world: World, which: Repository, pull: PullRequest) -> Json:
    state = "MERGED" if pull.merged_at else pull.state.upper()

    def commits(last: int = 1, first: int = 1) -> Json:
        # Of the list only its end is known here, which is the head.
        commit = {
            "__typename": "Commit",
            "oid": pull.head_sha,
            "statusCheckRollup": _rollup(world, which, pull.head_sha),
        }
        node = {"__typename": "PullRequestCommit", "commit": commit}
        return {"__typename": "PullRequestCommitConnection", "nodes": [node]}

    return {
        "__typename": "PullRequest",
        "id": node_id("PullRequest", pull.id),
        "number": pull.number,
        "title": pull.title,
        "state": state,
        "isDraft": pull.draft,
        "url": f"{world.url}/{world.full_name(which)}/pull/{pull.number}",
        "headRefName": pull.head_ref,
        "headRefOid": pull.head_sha,
        "baseRefName": pull.base_ref,
        "commits": commits,
    }


def _rollup(world: World, which: Repository, sha: str) -> Json | None:
    """https://docs.github.com/en/graphql/reference/objects#statuscheckrollup"""
    runs = latest(list(world.runs.of((which.id, sha))))
    if not runs:
        return None

    def contexts(first: int = 100, after: str | None = None, last: int = 100) -> Json:
        return {
            "__typename": "StatusCheckRollupContextConnection",
            "totalCount": len(runs),
            "nodes": [_run(run) for run in runs],
            "pageInfo": {"__typename": "PageInfo", "hasNextPage": False, "endCursor": None},
        }

    return {"__typename": "StatusCheckRollup", "state": _state(runs), "contexts": contexts}


def _state(runs: list[CheckRun]) -> str:
    if any(run.conclusion in BAD for run in runs):
        return "FAILURE"
    return "SUCCESS" if all(run.conclusion in PRIORITY for run in runs) else "PENDING"


def _run(run: CheckRun) -> Json:
    """https://docs.github.com/en/graphql/reference/objects#checkrun"""
    return {
        "__typename": "CheckRun",
        "id": node_id("CheckRun", run.id),
        "databaseId": run.id,
        "name": run.name,
        "status": run.status.upper(),
        "conclusion": run.conclusion.upper() if run.conclusion else None,
        "startedAt": None if run.started_at is None else iso(run.started_at),
        "completedAt": None if run.completed_at is None else iso(run.completed_at),
        "detailsUrl": run.details_url,
        "title": run.output.title,
        "summary": run.output.summary,
        # The stand-in has no rules that would ask for a check.
        "isRequired": lambda **_: False,
        # Only GitHub's own Actions have one.
        "checkSuite": {"__typename": "CheckSuite", "workflowRun": None},
    }
