"""POST /webhook: a delivery from GitHub, handed to `flow/accept` as the bytes that were signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from dishwasher.core.delivery import MAX_BODY
from dishwasher.http.message import Request, Response, text
from dishwasher.http.router import Route


class Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def text(self) -> str: ...


class Accept(Protocol):
    """`flow.accept`, as this route sees it."""

    def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Webhook:
    accept: Accept

    def routes(self) -> Iterator[Route]:
        yield Route("POST", "/webhook", self.post)

    def post(self, request: Request) -> Response:
        answer = self.accept(request.headers, request.body(MAX_BODY))
        return text(answer.status, answer.text)
