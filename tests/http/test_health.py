from __future__ import annotations

import io

from dishwasher.http.health import Health
from dishwasher.http.message import Request, Response, text
from dishwasher.http.router import Router


def ask(ready: bool) -> Response:
    router = Router(Health(lambda: ready).routes(), lambda request: text(404, "none"))
    return router(Request("GET", "/healthz", io.BytesIO()))


def test_ready() -> None:
    answer = ask(True)
    assert (answer.status, answer.body) == (200, b'{"status":"ready"}')


def test_not_ready() -> None:
    assert ask(False).status == 503
