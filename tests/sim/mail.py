"""GitHub's side of webhooks: signs, sends, keeps the log that `redeliver` reads."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dishwasher.flow.accept import Accept, Answer
from dishwasher.ports import Content, FailedDelivery

from tests.sim.web import ANSWER_SECONDS, Request, Web
from tests.sim.world import World

SECRET = b"the webhook's secret"
LATEST = 600.0
"""Seconds that a late delivery is late."""


@dataclass(slots=True)
class Sent:
    """One delivery, however often it was tried."""

    guid: str
    headers: dict[str, str]
    body: bytes
    at: float
    forged: bool
    """Not from GitHub at all, so that GitHub's log does not have it."""
    unsent: bool = False
    """GitHub has failed to, and its log does not have it either."""
    answers: list[int] = field(default_factory=list)
    tried: float = 0.0
    """When it was last."""

    @property
    def arrived(self) -> bool:
        return 202 in self.answers


class Mail:
    """Deliveries as a port of the bot, and as what GitHub does by itself."""

    def __init__(self, world: World, web: Web) -> None:
        self._world, self._web = world, web
        self.accept: Accept | None = None
        self.sent: list[Sent] = []
        self.reaches: Callable[[int], bool] = _everything
        """Whether the App is told of what happens in a repository."""

    def send(self, event: str, payload: dict[str, Any], *, secret: bytes = SECRET) -> Sent:
        world, faults = self._world, self._world.faults
        body = json.dumps(payload).encode()
        guid = f"{world.random.getrandbits(128):032x}"
        signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        headers = {
            "x-github-delivery": guid,
            "x-github-event": event,
            "x-hub-signature-256": signature,
            "content-type": "application/json",
        }
        sent = Sent(guid, headers, body, world.now, secret != SECRET)
        self.sent.append(sent)
        world.tell("GitHub sends", event, guid[:6])
        if not self.reaches(payload.get("repository", {}).get("id", 0)):
            sent.unsent = True
            return sent
        if world.chance(faults.delivery_unsent):
            world.sometimes("GitHub never sent a delivery")
            sent.unsent = True
            return sent
        if world.chance(faults.delivery_lost):
            world.sometimes("a delivery was lost")
            return sent
        delay = world.random.uniform(0.0, 0.3)
        if world.chance(faults.delivery_late):
            delay = world.random.uniform(0.0, LATEST)
            world.expect(delay)
        self._post(sent, delay)
        if world.chance(faults.delivery_twice):
            world.sometimes("a delivery came twice")
            self._post(sent, delay + world.random.choice((0.0, 0.01, 5.0, 300.0)))
        return sent

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        self._world.point("failed deliveries")
        ended = self._world.now - ANSWER_SECONDS
        return tuple(
            FailedDelivery(number, sent.guid, sent.at, sent.tried, max(1, len(sent.answers)))
            for number, sent in enumerate(self.sent)
            if since <= sent.at <= ended and not (sent.arrived or sent.forged or sent.unsent)
        )

    def redeliver(self, id: int) -> None:
        self._world.point("redeliver", id)
        self._world.sometimes("a delivery was asked for again")
        self._post(self.sent[id], 1.0)

    def content(self, id: int) -> Content:
        self._world.point("content of a delivery", id)
        return Content(self.sent[id].headers["x-github-event"], self.sent[id].body)

    def _post(self, sent: Sent, delay: float) -> None:
        sent.tried = self._world.now + delay

        def work() -> Answer:
            assert self.accept is not None
            answer = self.accept(sent.headers, sent.body)
            if not self._world.chance(self._world.faults.http_answer_lost):
                sent.answers.append(answer.status)
            return answer

        self._web.send(Request(work, None), delay)


def _everything(repository: int) -> bool:
    return True
