"""What an endpoint answers, and how GitHub says no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dishwasher.demo.github.wire import Response

__all__ = ["Answer", "Refusal", "invalid", "not_found"]

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is a JSON document, or bytes as they are, or None for no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, more: Mapping[str, str]) -> Response:
        headers = {**more, **self.headers}
        if isinstance(self.body, bytes):
            content = self.body
        elif self.body is None:
            content = b""
        else:
            content = json.dumps(self.body, separators=(",", ":")).encode()
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        return Response(self.status, content, tuple(headers.items()))


class Refusal(Exception):
    """GitHub says no, in its own shape."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        violation: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})
        self.violation = violation  # the request itself was wrong, whatever the state

    def answer(self) -> Answer:
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        body |= {"documentation_url": DOCS, "status": str(self.status)}
        return Answer(self.status, body, self.headers)


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def invalid(resource: str, name: str, message: str) -> Refusal:
    """https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed"""
    errors = [{"resource": resource, "field": name, "code": "custom", "message": message}]
    return Refusal(422, "Validation Failed", errors, violation=True)
