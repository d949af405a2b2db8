"""The app's log of webhook deliveries, and the way to have one sent again."""

from __future__ import annotations

import base64

from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.hooks import KEPT_SECONDS, Delivery
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import deployment as shape

DELIVERIES = "/app/hook/deliveries"
DEFAULT, LARGEST = 30, 100


@route("GET", DELIVERIES, "app")
def list_deliveries(call: Call) -> Answer:
    """Newest first; `cursor` goes on where a page ended."""
    wanted = call.query.get("status")
    rows = [
        row
        for row in reversed(_kept(call))
        if row.done and (wanted is None or (row.status == "OK") == (wanted == "success"))
    ]
    start = 0
    if "cursor" in call.query:
        last = _decoded(call.query["cursor"])
        start = next((at for at, row in enumerate(rows) if row.id < last), len(rows))
    size = min(max(int(call.query.get("per_page", DEFAULT)), 1), LARGEST)
    shown = rows[start : start + size]
    headers = {}
    if start + size < len(rows):
        cursor = base64.urlsafe_b64encode(f"v1_{shown[-1].id}".encode()).decode().rstrip("=")
        base = f"{call.world.api_url}{DELIVERIES}?per_page={size}&cursor={cursor}"
        headers["Link"] = f'<{base}>; rel="next"'
    return Answer(200, [shape.delivery_item(row) for row in shown], headers)


@route("GET", DELIVERIES + "/{delivery_id}", "app")
def get(call: Call) -> Answer:
    return Answer(200, shape.delivery(_delivery(call)))


@route("POST", DELIVERIES + "/{delivery_id}/attempts", "app")
def redeliver(call: Call) -> Answer:
    assert call.caller.app is not None
    call.world.hooks.redeliver(call.caller.app, _delivery(call), call.world.new_id())
    return Answer(202, {})


def _kept(call: Call) -> list[Delivery]:
    """Those of this app that are not older than GitHub keeps them."""
    assert call.caller.app is not None
    oldest = call.world.clock.now() - KEPT_SECONDS
    mine = call.caller.app.id
    return [r for r in call.world.hooks.log() if r.app_id == mine and r.created_at >= oldest]


def _delivery(call: Call) -> Delivery:
    wanted = int(call.params["delivery_id"])
    found = next((row for row in _kept(call) if row.id == wanted), None)
    if found is None:
        raise not_found()
    return found


def _decoded(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return int(text.removeprefix("v1_"))
    except ValueError as problem:
        raise Refusal(422, "Invalid cursor", violation=True) from problem
