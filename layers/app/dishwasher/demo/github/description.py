"""Checks requests against GitHub's own OpenAPI description."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema_rs import Validator, validator_for

__all__ = ["Description", "load"]

Json = dict[str, Any]


class Description:
    """One validator for each operation's body and parameters, compiled when first needed."""

    def __init__(self, operations: Mapping[str, Json]) -> None:
        self._operations = operations
        self._validators: dict[tuple[str, str], Validator] = {}
        self._lock = threading.Lock()

    def operations(self) -> dict[str, str]:
        """`METHOD /template` -> GitHub's name for it."""
        return {operation: entry["id"] for operation, entry in self._operations.items()}

    def parameters(self, operation: str, where: str, values: Mapping[str, str]) -> list[str]:
        """Problems with `path` or `query` parameters; GitHub ignores those it does not know."""
        schemas = self._operations[operation]["parameters"][where]
        problems = []
        for name, text in values.items():
            if name not in schemas:
                continue
            validator = self._validator(operation, f"{where} {name}", schemas[name])
            value = coerced(text, schemas[name])
            if not validator.is_valid(value):
                problems.append(f'For "{name}", {json.dumps(value)} is not valid.')
        return problems

    def unknown(self, operation: str, query: Mapping[str, str]) -> list[str]:
        return [
            name for name in query if name not in self._operations[operation]["parameters"]["query"]
        ]

    def body(self, operation: str, document: Json | None) -> list[str]:
        entry = self._operations[operation]
        if document is None:
            return ["A JSON body is required."] if entry.get("body_required") else []
        if "body" not in entry:
            return []
        errors = self._validator(operation, "body", entry["body"]).iter_errors(document)
        return [_told(list(error.instance_path), error.message) for error in errors]

    def _validator(self, operation: str, part: str, schema: Json) -> Validator:
        found = self._validators.get((operation, part))
        if found is None:
            with self._lock:
                found = validator_for(schema, validate_formats=True)
                self._validators[operation, part] = found
        return found


def coerced(text: str, schema: Json) -> object:
    """A parameter arrives as text; the description says what it means."""
    if schema.get("type") == "integer":
        return int(text) if text.lstrip("-").isdigit() else text
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def _told(path: list[Any], message: str) -> str:
    place = "/".join(str(part) for part in path)
    # A validator quotes what it refuses, which may be 64 KB of it.
    short = message if len(message) < 500 else f"{message[:240]} ... {message[-240:]}"
    return f"For '{place}', {short}" if place else short


@cache
def load() -> Description:
    text = files("dishwasher.demo.github.openapi").joinpath("requests.json").read_text("utf-8")
    return Description(json.loads(text)["operations"])
