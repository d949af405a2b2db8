"""Deployments on GitHub. https://docs.github.com/en/rest/deployments/deployments"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dishwasher.core.deployment import Deployment
from dishwasher.core.event import Repository
from dishwasher.github.answer import read, unreadable
from dishwasher.github.app import GithubApp
from dishwasher.github.client import Call
from dishwasher.ports import Deployments

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Made:
    id: int


@dataclass(frozen=True, slots=True)
class _Status:
    state: str


@dataclass(frozen=True, slots=True)
class _Statuses:
    items: tuple[_Status, ...]


class GithubDeployments:
    """Deployments over GitHub's REST API."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def announce(self, repository: Repository, deployment: Deployment) -> int:
        body: dict[str, Any] = {
            # The commit and not its branch: that may stand elsewhere by now.
            "ref": deployment.sha,
            # By default GitHub merges the default branch into the ref, and wants all checks green:
            # whether to deploy was decided by the plan.
            "auto_merge": False,
            "required_contexts": [],
            "environment": deployment.environment,
            "transient_environment": deployment.is_transient,
            "production_environment": deployment.is_production,
            "payload": {"job": deployment.job},
        }
        call = Call("POST", "/deployments", body=body, once=True)
        return read(_Made, self._app.call(repository, call), str(call), once=True).id

    def announced(self, repository: Repository, deployment: Deployment) -> tuple[int, ...]:
        query: dict[str, str | int] = {
            "sha": deployment.sha,
            "environment": deployment.environment,
            "per_page": PER_PAGE,
        }
        call = Call("GET", "/deployments", query)
        rows = self._app.call(repository, call)
        if not isinstance(rows, list):
            raise unreadable(str(call), once=False)
        mine = (row for row in rows if isinstance(row, dict) and _job(row) == deployment.job)
        return tuple(sorted(read(_Made, row, str(call)).id for row in mine))

    def tell(self, repository: Repository, id: int, deployment: Deployment) -> None:
        told = {
            "description": deployment.description,
            "log_url": deployment.log_url,
            "environment_url": deployment.url,
        }
        body = {
            "state": deployment.stage.value,
            **{key: text for key, text in told.items() if text},
        }
        call = Call("POST", f"/deployments/{id}/statuses", body=body, once=True, conclusion=True)
        self._app.call(repository, call)

    def told(self, repository: Repository, id: int) -> str:
        call = Call("GET", f"/deployments/{id}/statuses", {"per_page": 1})
        items = self._app.call(repository, call)
        found = read(_Statuses, {"items": items}, str(call)).items
        return found[0].state if found else ""


def _job(row: dict[str, Any]) -> str:
    """Our job's id in the payload, which is an object or, as it was once, a JSON text."""
    payload = row.get("payload")
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return ""
    job = payload.get("job") if isinstance(payload, dict) else None
    return job if isinstance(job, str) else ""


def _conforms(app: GithubApp) -> Deployments:
    return GithubDeployments(app)
