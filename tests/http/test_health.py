from __future__ import annotations

import io

from dishwasher.http.health import Health
from dishwasher.http.message import Request

REQUEST = Request("GET", "/healthz", io.BytesIO())


def test_ready() -> None:
    answer = Health(lambda: True).get(REQUEST)
    assert (answer.status, answer.body) == (200, b'{"status":"ready"}')


def test_not_ready() -> None:
    assert Health(lambda: False).get(REQUEST).status == 503
