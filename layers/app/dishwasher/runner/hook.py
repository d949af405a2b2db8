"""`python -m dishwasher.runner.hook [PORT] [FOLDER]`: the program of a Lambda MicroVM's image.

Lambda takes a snapshot of it while it waits, and each MicroVM goes on from there. It hears of its
job by the hook `/run`, answers at once, runs the job in a process of its own, and ends with it.
What is to be random in each MicroVM is so, because that process is new.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dishwasher.core.codec import decode, encode
from dishwasher.core.environment import SINGLE_USE
from dishwasher.core.ticket import Bootstrap

PREFIX = "/aws/lambda-microvms/runtime/v1"
"""Before the name of a hook: `references/lifecycle-model.md` of the skill aws-lambda-microvms in
https://github.com/aws/agent-toolkit-for-aws"""
ENVELOPE = "runHookPayload"
"""Of the body of `/run`, with what RunMicrovm was given as text, says `references/iam-and-security`
there; the page on hooks says that it is the body."""
PORT = 9000
"""The one that AWS's examples have; an image may name another."""
MOST = 64 * 1024
"""Bytes of a body: 4,096 of them are what RunMicrovm was given."""


class Hooks(ThreadingHTTPServer):
    """`told` is set once `job` is there."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        # Not on the loopback alone: Lambda calls from without, says AWS.
        super().__init__(("0.0.0.0", port), _Handler)
        self.job: Bootstrap | None = None
        self.told = threading.Event()
        self._lock = threading.Lock()

    def run(self, body: bytes) -> HTTPStatus:
        """One job, however often it is said; what a job says itself comes too late."""
        try:
            asked = _bootstrap(body)
        except ValueError as error:
            print(f"/run brought no bootstrap: {error}", file=sys.stderr, flush=True)
            return HTTPStatus.BAD_REQUEST
        with self._lock:
            self.job = self.job or asked
        self.told.set()
        return HTTPStatus.OK if self.job == asked else HTTPStatus.CONFLICT


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hooks

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MOST:
            self.close_connection = True
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(size)
        match self.path.removeprefix(PREFIX):
            case "/ready" | "/validate":
                self._answer(HTTPStatus.OK)
            case "/run":
                self._answer(self.server.run(body))
            case _:
                self._answer(HTTPStatus.NOT_FOUND)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """What matters of a job is in its own log."""


def _bootstrap(body: bytes) -> Bootstrap:
    """Raises ValueError."""
    said = json.loads(body)
    if isinstance(said, dict) and isinstance(said.get(ENVELOPE), str):
        said = json.loads(said[ENVELOPE])
    return decode(Bootstrap, said)


def main() -> int:
    """The exit code of the runner."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.gettempdir()
    with Hooks(port) as hooks:
        listening = threading.Thread(target=hooks.serve_forever, daemon=True)
        listening.start()
        hooks.told.wait()
        code = _run(hooks.job, folder)
        hooks.shutdown()
        listening.join()
    return code


def _run(job: Bootstrap | None, folder: str) -> int:
    argv = (sys.executable, "-m", "dishwasher.runner", folder)
    # Whoever knows of a MicroVM that it was made for one job is who has made it: we.
    own = {**os.environ, SINGLE_USE: "1"}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, env=own) as runner:
        signal.signal(signal.SIGTERM, lambda *_: runner.terminate())
        runner.communicate(json.dumps(encode(job)).encode())
        return runner.returncode


if __name__ == "__main__":
    sys.exit(main())
