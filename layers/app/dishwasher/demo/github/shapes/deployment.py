"""Deployments, their statuses, and the app's own log of deliveries."""

from __future__ import annotations

import json
from typing import Any

from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.hooks import Delivery
from dishwasher.demo.github.model import Deployment, DeploymentStatus, Repository
from dishwasher.demo.github.shapes.account import app, node_id, user
from dishwasher.demo.github.world import World

__all__ = ["delivery", "delivery_item", "deployment", "status"]

Json = dict[str, Any]


def deployment(world: World, repository: Repository, which: Deployment) -> Json:
    base = f"{world.api_url}/repos/{world.full_name(repository)}"
    url = f"{base}/deployments/{which.id}"
    by = world.apps.get(which.app_id or 0)
    return {
        "url": url,
        "id": which.id,
        "node_id": node_id("Deployment", which.id),
        "task": which.task,
        "original_environment": which.environment,
        "environment": which.environment,
        "description": which.description,
        "created_at": iso(which.created_at),
        "updated_at": iso(which.updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": base,
        "creator": user(world, world.users[which.user_id]),
        "sha": which.sha,
        "ref": which.ref,
        "payload": which.payload,
        "transient_environment": which.transient,
        "production_environment": which.production,
        "performed_via_github_app": None if by is None else app(world, by),
    }


def status(world: World, repository: Repository, which: DeploymentStatus) -> Json:
    base = f"{world.api_url}/repos/{world.full_name(repository)}"
    url = f"{base}/deployments/{which.deployment_id}"
    by = world.apps.get(which.app_id or 0)
    return {
        "url": f"{url}/statuses/{which.id}",
        "id": which.id,
        "node_id": node_id("DeploymentStatus", which.id),
        "state": which.state,
        "creator": user(world, world.users[which.user_id]),
        "description": which.description,
        "environment": which.environment,
        "environment_url": which.environment_url,
        "target_url": which.log_url,
        "log_url": which.log_url,
        "created_at": iso(which.created_at),
        "updated_at": iso(which.created_at),
        "deployment_url": url,
        "repository_url": base,
        "performed_via_github_app": None if by is None else app(world, by),
    }


def delivery_item(which: Delivery) -> Json:
    return {
        "id": which.id,
        "guid": which.guid,
        "delivered_at": iso(which.delivered_at or which.created_at),
        "redelivery": which.redelivery,
        "duration": which.duration,
        "status": which.status,
        "status_code": which.status_code,
        "event": which.event,
        "action": which.action,
        "installation_id": which.installation_id,
        "repository_id": which.repository_id,
        "throttled_at": None,
    }


def delivery(which: Delivery) -> Json:
    return delivery_item(which) | {
        "url": "",
        "request": {
            "headers": dict(which.request_headers or {}),
            "payload": json.loads(json.dumps(which.payload)),
        },
        "response": {
            "headers": dict(which.response_headers or {}),
            "payload": which.response_body,
        },
    }
