"""A repository, and the limits of whoever asks."""

from __future__ import annotations

from dishwasher.demo.github.answer import Answer
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import repository as shape


@route("GET", "/repos/{owner}/{repo}", "metadata:read")
def get(call: Call) -> Answer:
    return Answer(200, shape.full(call.world, call.repository))


@route("GET", "/rate_limit", "anyone", free=True)
def rate_limit(call: Call) -> Answer:
    now = call.world.clock.now()
    standing = call.limits.standing(call.caller.bucket, now)
    told = {
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.remaining,
        "reset": standing.reset,
    }
    empty = {"limit": 0, "used": 0, "remaining": 0, "reset": standing.reset}
    return Answer(200, {"resources": {"core": told, "search": empty}, "rate": told})
