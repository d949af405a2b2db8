"""Lambda's own API, as far as `dispatch` calls it: asynchronous invocations, with a tenant."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from tests.aws_local.weather import CALM, Fate, Weather

INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")

Invoke = Callable[[str, bytes, str], object]
"""Function, payload, tenant."""


class Service:
    """An invocation is taken at once and runs when one of `slots` is free; it is never repeated."""

    def __init__(self, invoke: Invoke, slots: int, weather: Weather = CALM) -> None:
        self._invoke, self._weather = invoke, weather
        self._pool = ThreadPoolExecutor(slots, "invocation")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="Lambda", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, name: str, payload: bytes, tenant: str) -> None:
        fate = self._weather.fate()
        for _ in range({Fate.LOST: 0, Fate.TWICE: 2}.get(fate, 1)):
            self._pool.submit(self._invoke, unquote(name), payload, tenant)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                found = INVOKE.fullmatch(self.path)
                asked = self.headers.get("X-Amz-Invocation-Type") == "Event"
                tenant = self.headers.get("X-Amz-Tenant-Id", "")
                if found is not None and asked and tenant:
                    service._take(found[1], payload, tenant)
                self.send_response(202 if found and asked and tenant else 400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        return Handler
