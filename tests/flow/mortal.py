"""A process that dies before or after its n-th write, in a world that stays."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from tests.flow.house import House


class Death(BaseException):
    """The process ends here; nothing in it can hear of it."""


class Life:
    """How many moments are left."""

    def __init__(self, moments: int) -> None:
        self.left = moments

    def spend(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Death


class Mortal:
    """A port whose writing verbs cost a moment before and another after their effect."""

    def __init__(self, inner: object, life: Life, *verbs: str) -> None:
        self._inner, self._life, self._verbs = inner, life, verbs

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in self._verbs:
            return method

        def dying(*arguments: object, **options: object) -> object:
            self._life.spend()
            answer = method(*arguments, **options)
            self._life.spend()
            return answer

        return dying


def mortal(house: House, life: Life) -> House:
    """The same tables, queues and GitHub in the hands of a process that will die."""
    hands = House()
    shared = ("clock", "store", "queue", "blobs", "forge", "fleet", "there", "effects", "vault")
    for name in (*shared, "talk", "stages"):
        setattr(hands, name, getattr(house, name))
    forge = Mortal(house.forge, life, "create", "update", "clone_token", "revoke")
    ports: dict[str, object] = {
        "store": Mortal(house.store, life, "save"),
        "bells": Mortal(house.queue, life, "ring"),
        "blobs": Mortal(house.blobs, life, "put"),
        "fleet": Mortal(house.fleet, life, "start"),
        "source": forge,
        "checks": forge,
        "comments": house.talk,
        "members": house.talk,
        "deployments": Mortal(house.stages, life, "announce", "tell"),
        "clock": house.clock,
        "vault": house.vault,
    }
    for name in ("verdicts", "plan", "dispatch", "attempts", "settle", "reports", "reap"):
        flow = getattr(hands, name)
        own = {field.name for field in fields(flow)}
        ports[name] = replace(flow, **{port: ports[port] for port in own & set(ports)})
        setattr(hands, name, ports[name])
    return hands
