"""An HTTP API of API Gateway: the template's routes, payload format 2.0 there and back."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from tests.aws.listener import Handler, Listener
from tests.aws_local.function import Outcome
from tests.aws_local.stack import Route

EVENT_BYTES = 6 * 1024 * 1024
"""Of what Lambda takes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
TEXT = re.compile(r"text/|application/(json|javascript|xml|x-www-form-urlencoded)")

Invoke = Callable[[str, bytes], Outcome]


class Gateway:
    """Listens from the start, serves once `open` has told it the routes."""

    def __init__(self) -> None:
        self._listener = Listener("API Gateway", self._handler())
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []
        self._invoke: Invoke = _nobody

    @property
    def url(self) -> str:
        return self._listener.url

    def open(self, routes: Iterable[Route], invoke: Invoke) -> None:
        # The most exact first: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
        ordered = sorted(routes, key=lambda one: ("+}" in one.path, "{" in one.path))
        self._routes = [(one.method, _pattern(one.path), one) for one in ordered]
        self._invoke = invoke
        self._listener.start()

    def close(self) -> None:
        self._listener.close()

    def answer(self, event: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        http = event["requestContext"]["http"]
        for method, pattern, route in self._routes:
            found = pattern.fullmatch(event["rawPath"])
            # API Gateway has no HEAD of its own for a GET.
            if found is None or method != http["method"]:
                continue
            event |= {"routeKey": f"{method} {route.path}", "pathParameters": found.groupdict()}
            payload = json.dumps(event).encode()
            if len(payload) > EVENT_BYTES:
                return 413, [], b'{"message":"Request Too Long"}'
            return _response(self._invoke(route.function, payload))
        return 404, [("content-type", "application/json")], b'{"message":"Not Found"}'

    def _handler(self) -> type[Handler]:
        gateway = self

        class Api(Handler):
            def handle_any(self) -> None:
                self.tell(*gateway.answer(_event(self, self.body())))

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any

        return Api


def _event(handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    path, _, query = handler.path.partition("?")
    headers = {name.lower(): value for name, value in handler.headers.items()}
    cookies = headers.pop("cookie", "")
    is_text = bool(TEXT.match(headers.get("content-type", "text/")))
    host = headers.get("host", "")
    return {
        "version": "2.0",
        "rawPath": unquote(path),
        "rawQueryString": query,
        **({"cookies": cookies.split("; ")} if cookies else {}),
        "headers": {**headers, "x-forwarded-proto": "http"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": host,
            "http": {
                "method": handler.command,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex,
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        **({"body": body.decode() if is_text else base64.b64encode(body).decode()} if body else {}),
        "isBase64Encoded": bool(body) and not is_text,
    }


def _response(outcome: Outcome) -> tuple[int, list[tuple[str, str]], bytes]:
    said = outcome.payload
    if outcome.error or not isinstance(said, dict):
        # What API Gateway says of a function that failed.
        return 500, [("content-type", "application/json")], b'{"message":"Internal Server Error"}'
    body = said.get("body", "")
    data = base64.b64decode(body) if said.get("isBase64Encoded") else body.encode()
    headers = [*said.get("headers", {}).items()]
    headers += [("set-cookie", cookie) for cookie in said.get("cookies", ())]
    return said["statusCode"], headers, data


def _pattern(path: str) -> re.Pattern[str]:
    """`{name}` is a segment, `{name+}` the rest of the path."""
    parts = re.split(r"(\{\w+\+?\})", path)
    made = [
        re.escape(part)
        if not part.startswith("{")
        else f"(?P<{part[1:-2]}>.+)"
        if part.endswith("+}")
        else f"(?P<{part[1:-1]}>[^/]+)"
        for part in parts
    ]
    return re.compile("".join(made), re.DOTALL)


def _nobody(function: str, payload: bytes) -> Outcome:
    raise RuntimeError(f"{function} is called before it is there")
