"""`POST /_control/VERB` with JSON arguments: the stand-in's Python API over HTTP.

A verb of a repository takes its name as `repo`; apps and installations are given by their ids.
`files` is {path: text or null}, or `folder` a path on the stand-in's machine.

    add_user add_repo add_app set_webhook install suspend uninstall sign_in
    commit move delete_branch tag open_pull merge close reopen comment rerun rename delete fork
    rerun_all press retarget enqueue dequeue dispatch
    collaborate head pull check_runs comments deployments statuses
    fail clear_faults hold release drop duplicate redeliver advance exhaust
    requests deliveries violations wait_concluded wait_idle
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dishwasher.demo.github.faults import Fault
from dishwasher.demo.github.gitdir import GitFailed
from dishwasher.demo.github.repo import Repo
from dishwasher.demo.github.wire import Request, Response

if TYPE_CHECKING:
    from dishwasher.demo.github.standin import StandIn

__all__ = ["Control"]

Json = dict[str, Any]

PREFIX = "/_control/"
ON_REPO = frozenset(
    {
        *("commit", "move", "delete_branch", "tag", "open_pull", "merge", "close", "reopen"),
        *("comment", "delete_comment", "lock", "rerun", "rename", "transfer", "fork"),
        *("delete", "collaborate"),
        *("rerun_all", "press", "retarget", "enqueue", "dequeue", "dispatch"),
        *("head", "pull", "check_runs", "comments", "deployments", "statuses"),
    }
)
ON_STANDIN = frozenset(
    {
        *("add_user", "add_repo", "add_app", "set_webhook", "install", "suspend", "uninstall"),
        "sign_in",
        *("requests", "deliveries", "wait_concluded", "wait_idle"),
    }
)


class Control:
    """Maps verbs to methods; a wrong verb or argument is answered 400 with the reason."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin
        hooks, faults = standin.hooks, standin.faults
        self._others: dict[str, Callable[..., Any]] = {
            "fail": lambda **document: faults.add(Fault.parse(document)),
            "clear_faults": faults.clear,
            "hold": hooks.hold,
            "release": hooks.release,
            "drop": hooks.drop,
            "duplicate": hooks.duplicate,
            "advance": standin.clock.advance,
            "redeliver": self._redeliver,
            "exhaust": self._exhaust,
            "violations": lambda: standin.violations,
        }

    def handles(self, request: Request) -> bool:
        return request.path.startswith(PREFIX)

    def serve(self, request: Request) -> Response:
        if request.headers.get("origin", self._standin.url) != self._standin.url:
            return Response(403, b'{"error": "not from another site"}')
        try:
            arguments = json.loads(request.body or b"{}")
            status, answer = 200, self._do(request.path[len(PREFIX) :], arguments)
        except TimeoutError as problem:
            status, answer = 504, {"error": str(problem)}
        except (GitFailed, KeyError, TypeError, ValueError) as problem:
            status, answer = 400, {"error": f"{type(problem).__name__}: {problem}"}
        body = json.dumps(plain(answer)).encode()
        return Response(status, body, (("Content-Type", "application/json"),))

    def _do(self, verb: str, arguments: Json) -> object:
        if "folder" in arguments:
            arguments["files"] = Path(arguments.pop("folder"))
        if verb in ON_REPO:
            repo = self._standin.repo(arguments.pop("repo"))
            if arguments.get("fork"):
                arguments["fork"] = self._standin.repo(arguments["fork"])
            return getattr(repo, verb)(**arguments)
        if verb in ON_STANDIN:
            return getattr(self._standin, verb)(**self._looked_up(arguments))
        if verb in self._others:
            return self._others[verb](**arguments)
        known = sorted(ON_REPO | ON_STANDIN | self._others.keys())
        raise ValueError(f"no verb {verb!r}; there are {', '.join(known)}")

    def _looked_up(self, arguments: Json) -> Json:
        world = self._standin.world
        found = dict(arguments)
        if "app" in found:
            found["app"] = world.apps[found["app"]]
        if "installation" in found:
            found["installation"] = world.installations[found["installation"]]
        if found.get("repositories") is not None:
            found["repositories"] = [self._standin.repo(name) for name in found["repositories"]]
        return found

    def _redeliver(self, id: int) -> object:
        found = self._standin.hooks.get(id)
        if found is None:
            raise KeyError(f"no delivery {id}")
        return self._standin.redeliver(found)

    def _exhaust(self, installation: int) -> None:
        self._standin.limits.exhaust(f"installation {installation}", self._standin.clock.now())


def plain(value: object) -> Any:
    """As JSON: dataclasses as objects, sets as sorted lists, a repository as its addresses."""
    if isinstance(value, Repo):
        addresses = {"clone_url": value.clone_url, "html_url": value.html_url}
        return {"id": value.id, "full_name": value.full_name, **addresses, "refs": value.git.refs}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value)]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
