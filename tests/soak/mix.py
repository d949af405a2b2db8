"""What is sent: what happens on GitHub, the same again, other events, and garbage."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dishwasher.demo.github import App, Delivery
from dishwasher.demo.github.hooks import signed_headers

from tests.core import examples


class Sort(StrEnum):
    REAL = "of the stand-in's repositories"
    AGAIN = "the same once more"
    ANEW = "the same under a new GUID"
    OTHER = "GitHub's examples, of places unknown"
    UNSIGNED = "with a wrong signature"
    BROKEN = "no JSON, or not of GitHub's shape"


ACCEPTED = frozenset({Sort.REAL, Sort.AGAIN, Sort.ANEW, Sort.OTHER})
"""Sorts that are answered with 202; an example may lack what GitHub always sends, and is not."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One POST: headers as they go out, and the body."""

    sort: Sort
    guid: str
    headers: dict[str, str]
    body: bytes


class Mix:
    """The same seed sends the same; `real` are those that the stand-in would have sent."""

    def __init__(self, app: App, chance: random.Random) -> None:
        self._app, self._chance = app, chance
        self._sent: list[Sending] = []
        self._examples = examples.every()

    def wave(self, real: list[Delivery]) -> list[Sending]:
        """These with the others between them, in any order."""
        made = [self._real(one) for one in real]
        some = len(made)
        made += [self._again() for _ in range(some // 5) if self._sent]
        made += [self._anew() for _ in range(some // 10) if self._sent]
        made += [self._other() for _ in range(some // 3)]
        made += [self._unsigned() for _ in range(some // 10)]
        made += [self._broken() for _ in range(some // 8)]
        self._sent += made[:some]
        self._chance.shuffle(made)
        return made

    def _guid(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _signed(self, sort: Sort, guid: str, event: str, body: bytes) -> Sending:
        envelope = Delivery(0, guid, self._app.id, event, None, None, None, {}, 0.0)
        return Sending(sort, guid, signed_headers(self._app, envelope, body), body)

    def _real(self, one: Delivery) -> Sending:
        body = json.dumps(one.payload, separators=(",", ":")).encode()
        return self._signed(Sort.REAL, one.guid, one.event, body)

    def _again(self) -> Sending:
        first = self._chance.choice(self._sent)
        return Sending(Sort.AGAIN, first.guid, first.headers, first.body)

    def _anew(self) -> Sending:
        first = self._chance.choice(self._sent)
        event = first.headers["X-GitHub-Event"]
        return self._signed(Sort.ANEW, self._guid(), event, first.body)

    def _other(self) -> Sending:
        name, payload = self._chance.choice(self._examples)
        return self._signed(Sort.OTHER, self._guid(), name, json.dumps(payload).encode())

    def _unsigned(self) -> Sending:
        sent = self._signed(Sort.UNSIGNED, self._guid(), "push", b'{"ref": "refs/heads/x"}')
        wrong = hmac.new(b"another secret", sent.body, hashlib.sha256).hexdigest()
        return Sending(
            *(sent.sort, sent.guid, {**sent.headers, "X-Hub-Signature-256": f"sha256={wrong}"}),
            sent.body,
        )

    def _broken(self) -> Sending:
        body = self._chance.choice(list(self._garbage()))
        return self._signed(Sort.BROKEN, self._guid(), "push", body)

    def _garbage(self) -> Iterator[bytes]:
        yield self._chance.randbytes(self._chance.randrange(4096))
        yield b""
        yield b"[" * 20_000
        yield b'{"ref": "refs/heads/x", "ref": 1}'
        yield b'{"ref": ' + b"9" * 6_000 + b"}"
        yield json.dumps({"ref": "refs/heads/x", "repository": None, "after": 5}).encode()
        yield json.dumps({"ref": "x" * 100_000, "after": "0", "before": {}}).encode()
        if self._sent:
            real = self._chance.choice(self._sent).body
            yield real[: self._chance.randrange(len(real))]
