"""The one address of AWS that functions know: lets through what is signed and allowed."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.aws.listener import Handler, Listener
from tests.aws_local.iam.rights import Statement, allowed, wanted
from tests.aws_local.iam.signature import Call, Denied, Key, verify

HOP = frozenset({"connection", "transfer-encoding", "expect"})
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
        self._listener = Listener("IAM", self._handler())
        self._listener.start()

    @property
    def url(self) -> str:
        return self._listener.url

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
        self._listener.close()

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

    def _handler(self) -> type[Handler]:
        guard = self

        class Api(Handler):
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
                call = Call(self.command, path, query, headers, self.body())
                try:
                    status, answered, data = self._relay(guard.look(call), call)
                except Denied as error:
                    status, answered, data = _refusal(call, str(error))
                kept = [(name, value) for name, value in answered if name.lower() not in HOP]
                self.tell(status, kept, data)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any

            def _relay(self, url: str, call: Call) -> tuple[int, list[tuple[str, str]], bytes]:
                if url not in self._far:
                    place = urlsplit(url).netloc
                    self._far[url] = HTTPConnection(place, timeout=PATIENCE)
                headers = {
                    name: value
                    for name, value in call.headers.items()
                    if name not in HOP and name != "content-length"
                }
                self._far[url].request(call.method, self.path, call.body, headers)
                answer = self._far[url].getresponse()
                return answer.status, answer.getheaders(), answer.read()

        return Api


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
