"""Check runs: created and updated by the app that owns them, read by whoever may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from dishwasher.demo.github import checks, rules
from dishwasher.demo.github.answer import Answer, Refusal, invalid, not_found
from dishwasher.demo.github.model import Action, Annotation, CheckRun, Output
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import check as shape

__all__ = ["latest", "listed", "matching"]

Json = dict[str, Any]

RUNS = "/repos/{owner}/{repo}/check-runs"


@route("POST", RUNS, "checks:write")
def create(call: Call) -> Answer:
    app_id = _writer(call)
    sha = call.body["head_sha"]
    if not call.world.git[call.repository.id].has_commit(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    if not call.body["name"].strip():
        raise invalid("CheckRun", "name", "can't be blank")
    suite = checks.suite_for(call.world, call.repository, app_id, sha)
    now = call.world.clock.now()
    blank = CheckRun(
        id=call.world.new_id(),
        repository_id=call.repository.id,
        suite_id=suite.id,
        app_id=app_id,
        head_sha=sha,
        name=call.body["name"],
        status="queued",
        conclusion=None,
        started_at=now,
        completed_at=None,
        details_url=f"{call.world.url}/apps/{call.world.apps[app_id].slug}",
        external_id="",
        output=Output(),
        actions=(),
        created_at=now,
        updated_at=now,
    )
    return _store(call, _changed(call, blank), None, 201)


@route("PATCH", RUNS + "/{check_run_id}", "checks:write")
def update(call: Call) -> Answer:
    app_id = _writer(call)
    run = _run(call)
    if run.app_id != app_id:
        rule = "check run can only be modified by the GitHub App that created it."
        raise Refusal(403, f"Invalid app_id `{app_id}` - {rule}")
    return _store(call, _changed(call, run), run, 200)


@route("GET", RUNS + "/{check_run_id}", "checks:read")
def get(call: Call) -> Answer:
    return Answer(200, shape.run(call.world, call.repository, _run(call)))


@route("GET", RUNS + "/{check_run_id}/annotations", "checks:read")
def list_annotations(call: Call) -> Answer:
    run = _run(call)
    path = f"/repos/{call.world.full_name(call.repository)}/check-runs/{run.id}/annotations"
    shown, headers = page(call, run.output.annotations, path)
    told = [shape.annotation(call.world, call.repository, run.head_sha, one) for one in shown]
    return Answer(200, told, headers)


@route("POST", RUNS + "/{check_run_id}/rerequest", "checks:write")
def rerequest(call: Call) -> Answer:
    actor = call.caller.actor(call.world)
    checks.rerequest_run(call.world, call.repository, _run(call), actor.id)
    return Answer(201, {})


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read")
def list_for_ref(call: Call) -> Answer:
    sha = call.world.git[call.repository.id].resolve(call.params["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    rows = call.world.runs.of((call.repository.id, sha), call.as_of)
    path = f"/repos/{call.world.full_name(call.repository)}/commits/{call.params['ref']}/check-runs"
    return listed(call, matching(call, rows), path)


def listed(call: Call, rows: list[CheckRun], path: str) -> Answer:
    shown, headers = page(call, rows, path)
    told = [shape.run(call.world, call.repository, row) for row in shown]
    return Answer(200, {"total_count": len(rows), "check_runs": told}, headers)


def matching(call: Call, rows: list[CheckRun]) -> list[CheckRun]:
    """By name, status and app; only the latest of each name unless `filter=all`. Newest first."""
    query = call.query
    if query.get("filter", "latest") == "latest":
        rows = latest(rows)
    return [
        row
        for row in sorted(rows, key=lambda row: -row.id)
        if query.get("check_name", row.name) == row.name
        and query.get("status", row.status) == row.status
        and query.get("app_id", str(row.app_id)) == str(row.app_id)
    ]


def latest(rows: list[CheckRun]) -> list[CheckRun]:
    return list(
        {(row.app_id, row.name): row for row in sorted(rows, key=lambda row: row.id)}.values()
    )


def _writer(call: Call) -> int:
    if (app_id := call.caller.app_id()) is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    return app_id


def _run(call: Call) -> CheckRun:
    run = call.world.runs.get(int(call.params["check_run_id"]))
    if run is None or run.repository_id != call.repository.id:
        raise not_found()
    return run


def _store(call: Call, run: CheckRun, old: CheckRun | None, status: int) -> Answer:
    checks.store_run(call.world, call.repository, run, old, call.caller.actor(call.world).id)
    return Answer(status, shape.run(call.world, call.repository, run))


def _changed(call: Call, run: CheckRun) -> CheckRun:
    """The run with what the body says, after the rules that GitHub's description lacks."""
    body, now = call.body, call.world.clock.now()
    rules.check_output(body.get("output") or {})
    rules.run_actions(body.get("actions") or [])
    rules.web_address("CheckRun", "details_url", body.get("details_url"))
    run = replace(
        run,
        name=body.get("name", run.name),
        details_url=body.get("details_url") or run.details_url,
        external_id=body.get("external_id", run.external_id),
        actions=tuple(Action(**one) for one in body["actions"])
        if "actions" in body
        else run.actions,
        output=_output(run.output, body["output"]) if body.get("output") else run.output,
        started_at=_moment(body.get("started_at")) or run.started_at,
        updated_at=now,
    )
    return _progressed(run, body, now)


def _progressed(run: CheckRun, body: Json, now: float) -> CheckRun:
    """Sending a conclusion completes; `completed` and `completed_at` ask for one."""
    conclusion, status = body.get("conclusion"), body.get("status", run.status)
    if conclusion == "stale":
        raise invalid("CheckRun", "conclusion", "only GitHub can set `stale`")
    finishing = body.get("status") == "completed" or body.get("completed_at")
    if finishing and conclusion is None and run.conclusion is None:
        raise invalid("CheckRun", "conclusion", "conclusion is required when status is completed")
    if conclusion is not None:
        ended = _moment(body.get("completed_at")) or now
        return replace(run, status="completed", conclusion=conclusion, completed_at=ended)
    if status != "completed":
        return replace(run, status=status, conclusion=None, completed_at=None)
    return replace(run, status=status)


def _output(old: Output, document: Json) -> Output:
    """Texts replace, annotations append."""
    added = tuple(
        Annotation(
            path=one["path"],
            start_line=one["start_line"],
            end_line=one["end_line"],
            start_column=one.get("start_column"),
            end_column=one.get("end_column"),
            level=one["annotation_level"],
            message=one["message"],
            title=one.get("title"),
            raw_details=one.get("raw_details"),
        )
        for one in document.get("annotations", ())
    )
    return Output(
        title=document.get("title", old.title),
        summary=document.get("summary", old.summary),
        text=document.get("text", old.text),
        annotations=old.annotations + added,
    )


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()
