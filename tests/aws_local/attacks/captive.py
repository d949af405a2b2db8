"""Runners that are not run: who holds a bootstrap speaks to the bot as it likes."""

from __future__ import annotations

import json
import queue
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.aws_local.cloud import RUNNER, Cloud
from tests.aws_local.function import Function, Outcome

PATIENCE = 120.0


@dataclass(frozen=True)
class Runner:
    url: str
    attempt: str
    code: str

    def claim(self) -> str:
        """The token of its attempt."""
        said, status = self.say("claim", "", {"code": self.code})
        assert status == 200, said
        return str(json.loads(said)["token"])

    def say(self, verb: str, key: str, words: Any) -> tuple[str, int]:
        raw = isinstance(words, bytes)
        request = urllib.request.Request(
            f"{self.url}/jobs/{self.attempt}/{verb}",
            words if raw else json.dumps(words).encode(),
            {"Content-Type": "application/octet-stream" if raw else "application/json"},
            method="PUT" if raw else "POST",
        )
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read().decode(), answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode(), error.code

    def again(self, number: int) -> Runner:
        return replace(self, attempt=f"{self.attempt.rpartition('.')[0]}.{number}")


class Captive(Function):
    """Takes the place of the runner's function."""

    def __init__(self, other: Function) -> None:
        super().__init__(other.runtime, other.definition)
        self._events: queue.Queue[Runner] = queue.Queue()

    def invoke(self, payload: bytes, tenant: str = "") -> Outcome:
        self._events.put(Runner(**json.loads(payload)))
        return Outcome(None, "", 0.0, False)

    def next(self) -> Runner:
        return self._events.get(timeout=PATIENCE)


@contextmanager
def captured(cloud: Cloud) -> Iterator[Captive]:
    before = cloud.functions[RUNNER]
    captive = Captive(before)
    cloud.functions[RUNNER] = captive
    try:
        yield captive
    finally:
        cloud.functions[RUNNER] = before
