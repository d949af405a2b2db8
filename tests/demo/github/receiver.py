"""A webhook receiver: takes what comes, answers as told, and lets a test wait."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Hook:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        return self.headers["X-GitHub-Event"]

    @property
    def guid(self) -> str:
        return self.headers["X-GitHub-Delivery"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.status = 202
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        cast(Any, self._server).receiver = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, hook: Hook) -> int:
        with self._changed:
            self.hooks.append(hook)
            self._changed.notify_all()
            return self.status

    def wait(self, event: str, action: str | None = None, count: int = 1) -> list[Hook]:
        """The first `count` hooks of an event, once they are there."""

        def found() -> list[Hook]:
            return [
                hook
                for hook in self.hooks
                if hook.event == event and action in (None, hook.json.get("action"))
            ]

        with self._changed:
            arrived = self._changed.wait_for(lambda: len(found()) >= count, 10)
            assert arrived, f"{event} {action}: {[hook.event for hook in self.hooks]}"
            return found()[:count]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver = cast(Receiver, cast(Any, self.server).receiver)
        status = receiver.take(Hook(dict(self.headers.items()), body))
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """The test says what went wrong."""
