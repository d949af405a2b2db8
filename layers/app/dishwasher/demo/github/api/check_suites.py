"""Check suites."""

from __future__ import annotations

from dishwasher.demo.github import checks
from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.api.check_runs import listed, matching
from dishwasher.demo.github.model import CheckSuite
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import check as shape

SUITES = "/repos/{owner}/{repo}/check-suites"


@route("POST", SUITES, "checks:write")
def create(call: Call) -> Answer:
    app_id, sha = call.caller.app_id(), call.body["head_sha"]
    if app_id is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    if not call.world.git[call.repository.id].has_commit(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    known = checks.find_suite(call.world, call.repository, sha, app_id)
    suite = checks.suite_for(call.world, call.repository, app_id, sha)
    told = shape.suite(call.world, call.repository, suite)
    return Answer(200 if known else 201, told)


@route("GET", SUITES + "/{check_suite_id}", "checks:read")
def get(call: Call) -> Answer:
    return Answer(200, shape.suite(call.world, call.repository, _suite(call)))


@route("GET", SUITES + "/{check_suite_id}/check-runs", "checks:read")
def list_runs(call: Call) -> Answer:
    suite = _suite(call)
    rows = call.world.runs.of((call.repository.id, suite.head_sha), call.as_of)
    rows = matching(call, [row for row in rows if row.suite_id == suite.id])
    path = f"/repos/{call.world.full_name(call.repository)}/check-suites/{suite.id}/check-runs"
    return listed(call, rows, path)


@route("POST", SUITES + "/{check_suite_id}/rerequest", "checks:write")
def rerequest(call: Call) -> Answer:
    actor = call.caller.actor(call.world)
    checks.rerequest_suite(call.world, call.repository, _suite(call), actor.id)
    return Answer(201, {})


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-suites", "checks:read")
def list_for_ref(call: Call) -> Answer:
    sha = call.world.git[call.repository.id].resolve(call.params["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    wanted = call.query.get("app_id")
    rows = [
        row
        for row in call.world.suites.of((call.repository.id, sha), call.as_of)
        if wanted in (None, str(row.app_id)) and _has_run(call, row)
    ]
    path = f"/repos/{call.world.full_name(call.repository)}/commits/{sha}/check-suites"
    shown, headers = page(call, rows, path)
    told = [shape.suite(call.world, call.repository, row) for row in shown]
    return Answer(200, {"total_count": len(rows), "check_suites": told}, headers)


def _has_run(call: Call, suite: CheckSuite) -> bool:
    name = call.query.get("check_name")
    runs = call.world.runs.of((suite.repository_id, suite.head_sha))
    return name is None or any(run.suite_id == suite.id and run.name == name for run in runs)


def _suite(call: Call) -> CheckSuite:
    suite = call.world.suites.get(int(call.params["check_suite_id"]))
    if suite is None or suite.repository_id != call.repository.id:
        raise not_found()
    return suite
