"""A runner is an asynchronous invocation with the bootstrap and nothing else, for one tenant."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError

from tests.aws.emulator import ENVIRONMENT, REGION, require

BOOTSTRAP = Bootstrap("https://bot.example", "b-0.1", "code")


@dataclass
class Lambda:
    """Its API, as far as it is called; `status` is what it answers."""

    port: int = 0
    status: int = 202
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    require()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    known = Lambda()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            known.asked.append((self.path, headers, json.loads(body)))
            self.send_response(known.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield known
        server.shutdown()
        thread.join()


def fleet(api: Lambda) -> Any:
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.fleet import LambdaFleet

    return LambdaFleet(Clients(REGION, f"http://127.0.0.1:{api.port}"), "runner")


def test_a_runner_is_invoked_for_its_tenant_and_not_waited_for(api: Lambda) -> None:
    fleet(api).start(BOOTSTRAP, "7/strangers")
    ((path, headers, body),) = api.asked
    assert path == "/2015-03-31/functions/runner/invocations"
    assert headers["x-amz-invocation-type"] == "Event"
    # Nobody else ever gets its environment, not even the same repository.
    assert headers["x-amz-tenant-id"] == "7/strangers/b-0.1"
    assert body == {"url": "https://bot.example", "attempt": "b-0.1", "code": "code"}


def test_a_refusal_is_ours(api: Lambda) -> None:
    api.status = 403
    with pytest.raises(InfraError, match=r"can not start a runner for b-0\.1"):
        fleet(api).start(BOOTSTRAP, "7")


def test_nobody_is_asked_to_stop_what_stops_itself(api: Lambda) -> None:
    fleet(api).stop("b-0.1")
    assert api.asked == []
