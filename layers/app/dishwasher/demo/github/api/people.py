"""Users, and what they may do in a repository."""

from __future__ import annotations

from dishwasher.demo.github.accounts import User
from dishwasher.demo.github.answer import Answer, not_found
from dishwasher.demo.github.auth import ROLES
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import account as shape


@route("GET", "/user", "user")
def get_self(call: Call) -> Answer:
    assert call.caller.user is not None
    return Answer(200, shape.full_user(call.world, call.caller.user))


@route("GET", "/users/{username}", "anyone")
def get(call: Call) -> Answer:
    return Answer(200, shape.full_user(call.world, _user(call)))


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}", "metadata:read")
def check(call: Call) -> Answer:
    if _role(call, _user(call)) == "none":
        raise not_found()
    return Answer(204)


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
def permission(call: Call) -> Answer:
    """The old four levels, and the role by its own name."""
    user = _user(call)
    role = _role(call, user)
    level = ROLES.get(role, "none")
    if level == "none" and not call.repository.private:
        level = role = "read"
    told = shape.user(call.world, user) | {
        "permissions": {
            "pull": level != "none",
            "triage": role in ("triage", "write", "maintain", "admin"),
            "push": level in ("write", "admin"),
            "maintain": role in ("maintain", "admin"),
            "admin": level == "admin",
        },
        "role_name": role,
    }
    return Answer(200, {"permission": level, "role_name": role, "user": told})


def _user(call: Call) -> User:
    found = call.world.user(call.params["username"])
    if found is None:
        raise not_found()
    return found


def _role(call: Call, user: User) -> str:
    if user.id == call.repository.owner_id:
        return "admin"
    return call.repository.collaborators.get(user.id, "none")
