"""Check suites and check runs: the rules by which they come to be and change."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.gitdir import ZEROS
from dishwasher.demo.github.model import CheckRun, CheckSuite, Repository
from dishwasher.demo.github.shapes import check as shape
from dishwasher.demo.github.world import World

__all__ = ["rerequest_run", "rerequest_suite", "store_run", "suite_for", "suites_for_push"]


def suites_for_push(
    world: World, repository: Repository, branch: str, before: str, head: str, sender_id: int
) -> None:
    """A push makes a suite for its last commit in every app that may write checks."""
    for installation in list(world.installations.values()):
        writes = installation.permissions.get("checks") == "write"
        if not writes or installation.suspended_at or not world.sees(installation, repository):
            continue
        known = find_suite(world, repository, head, installation.app_id)
        if known is not None and known.head_branch is not None:
            continue
        suite = known or new_suite(world, repository, installation.app_id, head)
        suite = replace(suite, head_branch=branch, before=before)
        world.suites.put(suite)
        _emit_suite(world, repository, suite, "requested", sender_id)


def find_suite(world: World, repository: Repository, sha: str, app_id: int) -> CheckSuite | None:
    for suite in world.suites.of((repository.id, sha)):
        if suite.app_id == app_id:
            return suite
    return None


def new_suite(world: World, repository: Repository, app_id: int, sha: str) -> CheckSuite:
    """Its branch is one that stands at the commit; null for a commit of a fork."""
    now = world.clock.now()
    branches = world.git[repository.id].branches_at(sha)
    return CheckSuite(
        id=world.new_id(),
        repository_id=repository.id,
        app_id=app_id,
        head_sha=sha,
        head_branch=branches[0] if branches else None,
        before=ZEROS if branches else None,
        created_at=now,
        updated_at=now,
    )


def suite_for(world: World, repository: Repository, app_id: int, sha: str) -> CheckSuite:
    found = find_suite(world, repository, sha, app_id)
    return found or world.suites.put(new_suite(world, repository, app_id, sha))


def store_run(
    world: World, repository: Repository, run: CheckRun, old: CheckRun | None, sender_id: int
) -> None:
    """Keep a new or changed run; raise `created`, and `completed` when it becomes so."""
    world.runs.put(run)
    suite = world.suites.get(run.suite_id)
    assert suite is not None
    suite = world.suites.put(replace(suite, updated_at=run.updated_at))
    if old is None:
        _emit_run(world, repository, run, "created", sender_id)
    if run.status == "completed" and (old is None or old.status != "completed"):
        _emit_run(world, repository, run, "completed", sender_id)
        if shape.verdict(world, suite)[0] == "completed":
            _emit_suite(world, repository, suite, "completed", sender_id)
    world.notify()


def rerequest_run(world: World, repository: Repository, run: CheckRun, sender_id: int) -> None:
    """Resets the suite, not the run; only the app that owns the run is told."""
    suite = world.suites.get(run.suite_id)
    assert suite is not None
    world.suites.put(replace(suite, rerequested_at=world.clock.now()))
    _emit_run(world, repository, run, "rerequested", sender_id, only_app=run.app_id)
    world.notify()


def rerequest_suite(
    world: World, repository: Repository, suite: CheckSuite, sender_id: int
) -> None:
    suite = world.suites.put(replace(suite, rerequested_at=world.clock.now()))
    _emit_suite(world, repository, suite, "rerequested", sender_id)
    world.notify()


def _emit_run(
    world: World,
    repository: Repository,
    run: CheckRun,
    action: str,
    sender_id: int,
    only_app: int | None = None,
) -> None:
    payload = {"action": action, "check_run": shape.run_with_suite(world, repository, run)}
    payload |= in_repository(world, repository, sender_id)
    emit(world, "check_run", repository, payload, only_app=only_app)


def _emit_suite(
    world: World, repository: Repository, suite: CheckSuite, action: str, sender_id: int
) -> None:
    payload = {"action": action, "check_suite": shape.suite_in_hook(world, repository, suite)}
    payload |= in_repository(world, repository, sender_id)
    emit(world, "check_suite", repository, payload, only_app=suite.app_id)
