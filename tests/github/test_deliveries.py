"""Case 6 of the fault list: no delivery is silently lost."""

from __future__ import annotations

import json

import pytest
from dishwasher.errors import Gone, InfraError
from dishwasher.github import GithubApp, GithubDeliveries
from dishwasher.ports import FailedDelivery

from tests.github.conftest import Stage
from tests.github.raw import Asked, RawServer, Say

LOG = "/app/hook/deliveries"
NOON = "2025-06-15T12:00:00Z"
AT_NOON = 1_749_988_800.0


def entry(id: int, guid: str, *, ok: bool, at: str = NOON) -> dict[str, object]:
    return {
        "id": id,
        "guid": guid,
        "delivered_at": at,
        "status": "OK" if ok else "Invalid HTTP Response: 502",
        "status_code": 202 if ok else 502,
        "redelivery": False,
    }


def serve(raw: RawServer, *entries: dict[str, object]) -> None:
    """The log as GitHub filters it, newest first."""

    def answer(asked: Asked) -> Say:
        wanted = asked.query["status"] == "success"
        return Say(200, [one for one in entries if (one["status"] == "OK") == wanted])

    raw.on("GET", LOG, answer)


def test_a_lost_delivery_is_found_and_delivered_again(stage: Stage, raw: RawServer) -> None:
    raw.on("POST", "/webhook", Say(202))
    stage.github.set_webhook(stage.registered, f"{raw.url}/webhook")
    since = stage.clock.now() - 1
    stage.github.hooks.drop("push")
    stage.repo.commit({"a": "1"}, branch="lost")
    stage.github.wait_idle()
    (failed,) = stage.deliveries.failed(since)
    (lost,) = [row for row in stage.github.deliveries("push") if row.status != "OK"]
    assert (failed.id, failed.guid, failed.tries) == (lost.id, lost.guid, 1)
    assert since <= failed.first == failed.last
    before = len(raw.requests("POST", "/webhook"))
    stage.deliveries.redeliver(failed.id)
    stage.github.wait_idle()
    assert raw.requests("POST", "/webhook")[-1].headers["x-github-delivery"] == lost.guid
    assert len(raw.requests("POST", "/webhook")) == before + 1
    assert stage.deliveries.failed(since) == ()


def test_what_was_too_large_to_hand_over_is_read_in_the_log(stage: Stage, raw: RawServer) -> None:
    """As API Gateway answers it, and nginx."""
    raw.on("POST", "/webhook", Say(413))
    stage.github.set_webhook(stage.registered, f"{raw.url}/webhook")
    since = stage.clock.now() - 1
    sha = stage.repo.commit({"a": "1"}, branch="large")
    stage.github.wait_idle()
    found = [one for one in stage.deliveries.failed(since) if one.too_large]
    contents = {one.guid: stage.deliveries.content(one.id) for one in found}
    (sent,) = [row for row in stage.github.deliveries("push") if row.payload["after"] == sha]
    assert contents[sent.guid].event == "push"
    assert json.loads(contents[sent.guid].body) == sent.payload


@pytest.mark.parametrize(
    "body", [[], {"event": "push"}, {"event": "push", "request": {"headers": {}, "payload": None}}]
)
def test_a_content_that_can_not_be_read_is_infra(
    raw: RawServer, app: GithubApp, body: object
) -> None:
    raw.on("GET", f"{LOG}/7", Say(200, body))
    with pytest.raises(InfraError):
        GithubDeliveries(app).content(7)


def test_a_content_that_is_not_kept_any_more_is_gone(stage: Stage) -> None:
    with pytest.raises(Gone):
        stage.deliveries.content(1)


def test_without_a_failure_one_question_is_enough(stage: Stage) -> None:
    assert stage.deliveries.failed(stage.clock.now()) == ()
    (asked,) = stage.github.requests("GET", LOG)
    assert asked.query["status"] == "failure"


def test_a_guid_with_any_success_is_not_failed(raw: RawServer, app: GithubApp) -> None:
    serve(
        raw,
        entry(5, "a", ok=True),
        entry(4, "b", ok=False),
        entry(3, "b", ok=False),
        entry(2, "a", ok=False),
        entry(1, "c", ok=False),
    )
    assert GithubDeliveries(app).failed(0) == (
        FailedDelivery(4, "b", AT_NOON, AT_NOON, 2),
        FailedDelivery(1, "c", AT_NOON, AT_NOON),
    )


def test_a_server_that_does_not_filter_is_understood_all_the_same(
    raw: RawServer, app: GithubApp
) -> None:
    everything = [entry(3, "a", ok=True), entry(2, "b", ok=False), entry(1, "a", ok=False)]
    raw.on("GET", LOG, Say(200, everything))
    assert GithubDeliveries(app).failed(0) == (FailedDelivery(2, "b", AT_NOON, AT_NOON),)


def test_what_is_older_is_not_looked_at(raw: RawServer, app: GithubApp) -> None:
    serve(
        raw,
        entry(2, "new", ok=False),
        entry(1, "old", ok=False, at="2025-06-15T11:59:59.5Z"),
    )
    assert GithubDeliveries(app).failed(AT_NOON) == (FailedDelivery(2, "new", AT_NOON, AT_NOON),)


def test_the_log_is_read_page_by_page(stage: Stage) -> None:
    stage.github.set_webhook(stage.registered, "http://127.0.0.1:1/nobody")
    for number in range(60):
        stage.repo.commit({"a": str(number)}, branch=f"topic-{number}")
    stage.github.wait_idle()
    lost = {row.guid: row.id for row in stage.github.deliveries() if row.status != "OK"}
    assert len(lost) > 100
    found = stage.deliveries.failed(0)
    assert {one.guid: one.id for one in found} == lost


def test_a_delivery_tells_its_tries_and_the_oldest_comes_first(
    raw: RawServer, app: GithubApp
) -> None:
    late = "2025-06-15T13:00:00Z"
    serve(
        raw,
        entry(9, "old", ok=False, at=late),
        entry(8, "new", ok=False, at="2025-06-15T12:30:00Z"),
        entry(7, "old", ok=False),
    )
    old, new = GithubDeliveries(app).failed(0)
    assert old == FailedDelivery(9, "old", AT_NOON, AT_NOON + 3600, 2)
    assert (new.guid, new.first, new.last) == ("new", AT_NOON + 1800, AT_NOON + 1800)


@pytest.mark.parametrize(
    "body", [{"data": "x"}, [{"id": 1}], [{**entry(1, "a", ok=False), "delivered_at": "noon"}]]
)
def test_a_log_that_can_not_be_read_is_infra(raw: RawServer, app: GithubApp, body: object) -> None:
    raw.on("GET", LOG, Say(200, body))
    with pytest.raises(InfraError):
        GithubDeliveries(app).failed(0)


def test_a_delivery_that_is_not_kept_any_more_is_gone(stage: Stage) -> None:
    with pytest.raises(Gone):
        stage.deliveries.redeliver(1)


def test_the_log_costs_the_app_and_no_installation(stage: Stage) -> None:
    stage.deliveries.failed(0)
    assert stage.github.limits.peak(f"installation {stage.installation.id}") == 0
    assert stage.github.limits.peak(f"app {stage.registered.id}") == 1
