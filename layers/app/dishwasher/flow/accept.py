"""accept: raw body and headers → the delivery stored once, its bell rung, 202 in milliseconds."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from dishwasher.core import payload
from dishwasher.core.access import Change
from dishwasher.core.delivery import MAX_BODY, REPLAN_AFTER, Delivery, Stage
from dishwasher.core.event import Ignored
from dishwasher.errors import Conflict, UserError
from dishwasher.ports import Bells, Clock, Store, Topic

GUID = re.compile(r"[0-9A-Za-z-]{8,64}")
EVENT = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender of a delivery is told; never a part of what it sent."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Accept:
    store: Store
    bells: Bells
    clock: Clock
    secret: bytes
    """The webhook secret; wiring refuses to start without one."""

    def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Headers with names in lower case, values as the wire had them (Latin-1)."""
        if len(body) > MAX_BODY:
            return Answer(413, "GitHub sends at most 25 MB")
        if not signed(self.secret, headers.get("x-hub-signature-256", ""), body):
            return Answer(401, "the signature is missing or does not fit the body and our secret")
        try:
            delivery = self._read(headers, body)
        except UserError as error:
            return Answer(400, str(error))
        return self._keep(delivery)

    def _read(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        guid, name = headers.get("x-github-delivery", ""), headers.get("x-github-event", "")
        if not GUID.fullmatch(guid) or not EVENT.fullmatch(name):
            raise UserError("X-GitHub-Delivery or X-GitHub-Event is missing or malformed")
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise UserError("set the webhook's content type to application/json")
        return meant(guid, name, body, self.clock.now())

    def _keep(self, delivery: Delivery) -> Answer:
        try:
            self.store.save(delivery)
        except Conflict:
            return Answer(202, f"{delivery.id} is known")
        if delivery.stage is Stage.IGNORED:
            return Answer(202, f"{delivery.id} ignored: {delivery.reason}")
        self.bells.ring(Topic.DELIVERIES, delivery.id)
        return Answer(202, delivery.id)


def meant(guid: str, name: str, body: bytes, now: float) -> Delivery:
    """What GitHub tells by that, of the event of this name; raises UserError."""
    meaning = payload.read(name, guid, parse(body))
    if isinstance(meaning, Ignored):
        return Delivery(guid, name, now, None, Stage.IGNORED, reason=meaning.reason)
    due = now + REPLAN_AFTER
    if isinstance(meaning, Change):
        return Delivery(guid, name, now, None, due=due, change=meaning)
    return Delivery(guid, name, now, meaning, due=due)


def signed(secret: bytes, header: str, body: bytes) -> bool:
    """Whether the header holds the body's HMAC-SHA256, compared in constant time.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    # Bytes, because compare_digest raises TypeError on text that is not ASCII.
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in the body, strictly; raises UserError for everything else."""
    try:
        data = json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    # RecursionError for deep nesting, ValueError for syntax, encoding and 5,000-digit numbers.
    except (ValueError, RecursionError) as error:
        raise UserError("the body is not well-formed JSON") from error
    if not isinstance(data, dict):
        raise UserError("the body is not a JSON object")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice")
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
