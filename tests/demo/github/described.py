"""Holds what the stand-in says against GitHub's OpenAPI description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dishwasher.demo.github import Delivery
from dishwasher.demo.github.answer import Answer
from jsonschema_rs import Validator, validator_for

RESPONSES = json.loads(Path(__file__).with_name("responses.json").read_text("utf-8"))
# Here the description asks for an account that is a user and an enterprise at once (`allOf`), which
# none is; `GET /app/installations/{installation_id}` has it right.
MISTAKEN = {("GET /app/installations 200", "account")}
# Its list of the events that an app may hear is older than merge queues.
UNKNOWN_EVENTS = ("merge_group",)
VALIDATORS: dict[str, Validator] = {}  # compiled once for all tests


class Described:
    """Collects, for every answer and payload, what the description holds against it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.seen: set[str] = set()

    def __call__(self, operation: str, answer: Answer) -> None:
        self.seen.add(f"{operation} {answer.status}")
        schemas = RESPONSES["answers"][operation]
        if str(answer.status) not in schemas:
            self.problems.append(f"{operation}: no answer {answer.status}")
        elif (schema := schemas[str(answer.status)]) is not None and not _raw(answer):
            self._check(f"{operation} {answer.status}", schema, answer.body)

    def delivery(self, delivery: Delivery) -> None:
        """What was sent as a webhook."""
        name = delivery.event.replace("_", "-")
        if delivery.action is not None:
            name += f"-{delivery.action.replace('_', '-')}"
        if delivery.event == "repository_dispatch":
            # Its action is whatever the caller says; the description has one for an example.
            name = "repository-dispatch-sample.collected"
        self.seen.add(name)
        schema = RESPONSES["webhooks"].get(name)
        if schema is None:
            self.problems.append(f"GitHub knows no event {name}")
        else:
            self._check(name, schema, json.loads(json.dumps(delivery.payload)))

    def _check(self, name: str, schema: Any, document: object) -> None:
        if name not in VALIDATORS:
            VALIDATORS[name] = validator_for({**schema, "$defs": RESPONSES["$defs"]})
        for error in VALIDATORS[name].iter_errors(document):
            place = "/".join(str(part) for part in error.instance_path)
            known = (name, place.rpartition("/")[2]) in MISTAKEN
            if not known and error.instance not in UNKNOWN_EVENTS:
                self.problems.append(f"{name}: {place}: {error.message[:300]}")


def _raw(answer: Answer) -> bool:
    return isinstance(answer.body, bytes)
