"""The bakery's oven, which a check of the sample site asks for a test bake, by HTTP."""

from __future__ import annotations

import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class State(StrEnum):
    """What it says to who asks; while it is busy, nobody is answered."""

    COLD = "cold"
    BUSY = "busy"
    HOT = "hot"


class Oven:
    """`GET /<commit>` is answered with the state: what a check waits for without a clock."""

    def __init__(self) -> None:
        self._state = State.HOT
        self._asked: list[str] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="oven", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.turn(State.COLD)
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def turn(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def wait_for(self, sha: str, seconds: float) -> bool:
        """Whether a job has asked for this commit, within so many seconds."""
        end = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(
                lambda: sha in self._asked, max(end - time.monotonic(), 0.0)
            )

    def answer(self, sha: str) -> State:
        """Wait until it is not busy."""
        with self._changed:
            self._asked.append(sha)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._state is not State.BUSY)
            return self._state

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        oven = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = oven.answer(self.path.strip("/")).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:
                    # Whoever asked was cancelled while it was busy.
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """The terminal is the story's."""

        return Handler
