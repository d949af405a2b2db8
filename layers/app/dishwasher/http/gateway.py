"""A request and its answer as API Gateway's HTTP API hands them to a function, and takes them back.

Payload format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable, Mapping
from typing import Any

from dishwasher.errors import Fault
from dishwasher.http.message import Request, Response, query_from, text
from dishwasher.http.router import answer_to

PAYLOAD = 6 * 1024 * 1024
"""Bytes of an answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
BODY = PAYLOAD // 4 * 3 - 64 * 1024
"""Bytes of a body that fit into that as base64, with some room for headers."""
TOO_MUCH = "that is more than goes through API Gateway at once: ask for a part of it"

logger = logging.getLogger(__name__)


def served(app: Callable[[Request], Response], event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of our routes; what is not a fault is a bug, and logged."""
    try:
        return answer(app(request(event)))
    except Fault as fault:
        try:
            return answer(answer_to(fault))
        except Fault:
            return _bug(event)
    except Exception:
        return _bug(event)


def request(event: Mapping[str, Any]) -> Request:
    """Raises UserError for a query that nobody needs."""
    body: str = event.get("body") or ""
    data = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    return Request(
        method=event["requestContext"]["http"]["method"],
        # Whatever it is called, an HTTP API has decoded it; a Function URL would not have:
        # https://github.com/aws/aws-lambda-dotnet/pull/1901
        path=event["rawPath"],
        stream=io.BytesIO(data),
        length=len(data),
        query=query_from(event.get("rawQueryString", "")),
        headers=headers,
    )


def origin(event: Mapping[str, Any]) -> str:
    """Where the sender found us: API Gateway's own word, and not the sender's."""
    scheme = event.get("headers", {}).get("x-forwarded-proto", "https")
    return f"{scheme}://{event['requestContext']['domainName']}"


def answer(response: Response) -> dict[str, Any]:
    """Always as base64, which API Gateway undoes: a body may be any bytes."""
    body = response.body
    headers = [(name.lower(), value) for name, value in response.headers]
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    if max(length, len(body) if isinstance(body, bytes) else 0) > BODY:
        return answer(text(413, TOO_MUCH))
    whole = body if isinstance(body, bytes) else b"".join(body)
    return {
        "statusCode": response.status,
        "headers": {name: value for name, value in headers if name not in OWN},
        "cookies": [value for name, value in headers if name == "set-cookie"],
        "body": base64.b64encode(whole).decode(),
        "isBase64Encoded": True,
    }


OWN = frozenset({"set-cookie", "content-length"})
"""Headers that API Gateway writes itself, from the cookies and the body."""


def _bug(event: Mapping[str, Any]) -> dict[str, Any]:
    context = event["requestContext"]["http"]
    logger.exception("%s %s failed", context["method"], event["rawPath"])
    return answer(text(500, "this is a bug in Dishwasher; its log says more"))
