"""Deployments and their statuses."""

from __future__ import annotations

from dishwasher.demo.github import deployments, pushes, rules
from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.model import Deployment, DeploymentStatus
from dishwasher.demo.github.objects import Signature
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import deployment as shape

DEPLOYMENTS = "/repos/{owner}/{repo}/deployments"
ONE = DEPLOYMENTS + "/{deployment_id}"
# https://docs.github.com/rest/deployments/statuses#create-a-deployment-status
MAX_DESCRIPTION = 140


@route("POST", DEPLOYMENTS, "deployments:write")
def create(call: Call) -> Answer:
    body, git = call.body, call.world.git[call.repository.id]
    ref = body["ref"]
    sha = git.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}", violation=True)
    if body.get("auto_merge", True) and (merged := _auto_merged(call, ref)) is not None:
        return merged
    wanted = body.get("required_contexts")
    deployments.required_contexts(call.world, call.repository, sha, ref, wanted)
    environment = body.get("environment", "production")
    now = call.world.clock.now()
    made = Deployment(
        id=call.world.new_id(),
        repository_id=call.repository.id,
        sha=sha,
        ref=ref,
        task=body.get("task", "deploy"),
        environment=environment,
        description=body.get("description"),
        payload=body.get("payload", {}),
        transient=body.get("transient_environment", False),
        production=body.get("production_environment", environment == "production"),
        user_id=call.caller.actor(call.world).id,
        app_id=call.caller.app_id(),
        created_at=now,
        updated_at=now,
    )
    deployments.store(call.world, call.repository, made)
    return Answer(201, shape.deployment(call.world, call.repository, made))


def _auto_merged(call: Call, ref: str) -> Answer | None:
    """202 without a deployment where the default branch had to be merged into the ref first."""
    world, repository = call.world, call.repository
    found = deployments.auto_merge(world, repository, ref)
    if found is None:
        return None
    default = repository.default_branch
    if found.tree is None:
        raise Refusal(409, f"Conflict merging {default} into {ref}")
    actor = call.caller.actor(world)
    person = Signature(actor.name, actor.email, world.clock.now())
    message = f"Merge branch '{default}' into {ref}"
    git = world.git[repository.id]
    sha = git.write_tree(found.tree, (found.head, found.base), message, person)
    git.update(f"refs/heads/{ref}", sha)
    pushes.pushed(world, repository, {f"refs/heads/{ref}": (found.head, sha)}, actor.id)
    return Answer(202, {"message": f"Auto-merged {default} into {ref} on deployment."})


@route("GET", DEPLOYMENTS, "deployments:read")
def list_deployments(call: Call) -> Answer:
    rows = call.world.deployments.of(call.repository.id, call.as_of)[::-1]
    for name in ("sha", "ref", "task", "environment"):
        if call.query.get(name, "none") != "none":
            rows = [row for row in rows if getattr(row, name) == call.query[name]]
    path = f"/repos/{call.world.full_name(call.repository)}/deployments"
    shown, headers = page(call, rows, path)
    told = [shape.deployment(call.world, call.repository, row) for row in shown]
    return Answer(200, told, headers)


@route("GET", ONE, "deployments:read")
def get(call: Call) -> Answer:
    return Answer(200, shape.deployment(call.world, call.repository, _deployment(call)))


@route("POST", ONE + "/statuses", "deployments:write")
def create_status(call: Call) -> Answer:
    body, deployment = call.body, _deployment(call)
    description = body.get("description") or ""
    rules.short_text("DeploymentStatus", "description", description, MAX_DESCRIPTION)
    for name in ("log_url", "target_url", "environment_url"):
        rules.web_address("DeploymentStatus", name, body.get(name))
    made = DeploymentStatus(
        id=call.world.new_id(),
        deployment_id=deployment.id,
        state=body["state"],
        description=description,
        environment=body.get("environment", deployment.environment),
        environment_url=body.get("environment_url", ""),
        log_url=body.get("log_url") or body.get("target_url", ""),
        user_id=call.caller.actor(call.world).id,
        app_id=call.caller.app_id(),
        created_at=call.world.clock.now(),
    )
    inactive = body.get("auto_inactive", True)
    deployments.store_status(call.world, call.repository, deployment, made, inactive)
    return Answer(201, shape.status(call.world, call.repository, made))


@route("GET", ONE + "/statuses", "deployments:read")
def list_statuses(call: Call) -> Answer:
    deployment = _deployment(call)
    rows = call.world.statuses.of(deployment.id, call.as_of)[::-1]
    base = f"/repos/{call.world.full_name(call.repository)}/deployments/{deployment.id}"
    shown, headers = page(call, rows, f"{base}/statuses")
    told = [shape.status(call.world, call.repository, row) for row in shown]
    return Answer(200, told, headers)


@route("GET", ONE + "/statuses/{status_id}", "deployments:read")
def get_status(call: Call) -> Answer:
    found = call.world.statuses.get(int(call.params["status_id"]))
    if found is None or found.deployment_id != _deployment(call).id:
        raise not_found()
    return Answer(200, shape.status(call.world, call.repository, found))


def _deployment(call: Call) -> Deployment:
    found = call.world.deployments.get(int(call.params["deployment_id"]))
    if found is None or found.repository_id != call.repository.id:
        raise not_found()
    return found
