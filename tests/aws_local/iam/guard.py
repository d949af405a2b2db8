"""The one address of AWS that functions know: lets through what is signed and allowed."""

from __future__ import annotations

import json
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.aws_local.iam.rights import Statement, allowed, wanted
from tests.aws_local.iam.signature import Call, Denied, Key, verify

HOP = frozenset({"connection", "content-length", "transfer-encoding", "expect"})
PATIENCE = 60.0
REGION = "us-east-1"


class Guard:
    """`servers`: URLs by service, "" for all others."""

    def __init__(self, servers: Mapping[str, str]) -> None:
        self._servers = servers
        self._keys: dict[str, Key] = {}
        self._rights: dict[str, Sequence[Statement]] = {}
        self._lock = threading.Lock()
        self.refused: Counter[str] = Counter()
        """By `role action resource`, or the word of AWS where nobody had signed."""
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="IAM", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def keys(self) -> list[Key]:
        with self._lock:
            return list(self._keys.values())

    def admit(self, role: str, statements: Sequence[Statement]) -> Key:
        """New credentials for who takes this role."""
        key = Key(f"ASIA{secrets.token_hex(8).upper()}", *_secrets(), role)
        with self._lock:
            self._keys[key.id], self._rights[role] = key, statements
        return key

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def look(self, call: Call) -> str:
        """The URL of the server that may be asked; raises Denied, which is counted."""
        try:
            signed = verify(call, self._keys.get, time.time())
        except Denied as error:
            self._count(str(error))
            raise
        for action, resource in wanted(call, signed.service, REGION):
            if not allowed(self._rights[signed.key.role], action, resource):
                self._count(f"{signed.key.role} {action} {resource}")
                raise Denied("AccessDenied")
        return self._servers.get(signed.service, self._servers[""])

    def _count(self, what: str) -> None:
        with self._lock:
            self.refused[what] += 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        guard = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self._far: dict[str, HTTPConnection] = {}

            def finish(self) -> None:
                for connection in self._far.values():
                    connection.close()
                super().finish()

            def handle_any(self) -> None:
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                call = Call(self.command, path, query, headers, body)
                try:
                    status, answered, data = self._relay(guard.look(call), call)
                except Denied as error:
                    status, answered, data = _refusal(call, str(error))
                with suppress(ConnectionError):
                    self.send_response(status)
                    length = str(len(data))
                    for name, value in answered:
                        if name.lower() == "content-length" and self.command == "HEAD":
                            length = value
                        elif name.lower() not in HOP:
                            self.send_header(name, value)
                    self.send_header("Content-Length", length)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any

            def _relay(self, url: str, call: Call) -> tuple[int, list[tuple[str, str]], bytes]:
                if url not in self._far:
                    place = urlsplit(url).netloc
                    self._far[url] = HTTPConnection(place, timeout=PATIENCE)
                headers = {name: value for name, value in call.headers.items() if name not in HOP}
                self._far[url].request(call.method, self.path, call.body, headers)
                answer = self._far[url].getresponse()
                return answer.status, answer.getheaders(), answer.read()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        return Handler


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        # Functions are killed with their connections.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _secrets() -> tuple[str, str]:
    return secrets.token_urlsafe(30), secrets.token_urlsafe(60)


def _refusal(call: Call, word: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """As services of each protocol say it."""
    if "x-amz-target" in call.headers:
        kind = "application/x-amz-json-1.0"
        return 400, [("content-type", kind)], json.dumps({"__type": word}).encode()
    text = f"<Error><Code>{word}</Code></Error>"
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        text = f"<ErrorResponse>{text}</ErrorResponse>"
    return 403, [("content-type", "application/xml"), ("x-amzn-errortype", word)], text.encode()
