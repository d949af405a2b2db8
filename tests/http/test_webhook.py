from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from dishwasher.core.delivery import MAX_BODY
from dishwasher.flow.accept import Answer
from dishwasher.http.message import Request, TooLarge, text
from dishwasher.http.router import Router
from dishwasher.http.webhook import Webhook


@dataclass
class FakeAccept:
    """Remembers what it was given."""

    seen: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer:
        self.seen.append((headers, body))
        return Answer(202, "planned soon")


def test_the_flow_gets_the_bytes_as_they_came() -> None:
    accept = FakeAccept()
    body = b'{"a": "\xc3\xa9"}\r\n'
    headers = {"x-hub-signature-256": "sha256=é"}
    request = Request("POST", "/webhook", io.BytesIO(body), len(body), headers=headers)
    answer = Router(Webhook(accept).routes(), lambda request: text(404, "none"))(request)
    assert (answer.status, answer.body) == (202, b"planned soon\n")
    assert accept.seen == [(headers, body)]


def test_more_than_github_sends_is_not_read() -> None:
    accept = FakeAccept()
    with pytest.raises(TooLarge):
        Webhook(accept).post(Request("POST", "/webhook", io.BytesIO(), MAX_BODY + 1))
    assert accept.seen == []
