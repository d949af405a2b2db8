"""What API Gateway hands over is the request that was sent, and what it gets back the answer."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from dishwasher.errors import Lost, Refused
from dishwasher.http.gateway import BODY, answer, origin, request, served
from dishwasher.http.message import Request, Response, text
from dishwasher.http.span import Span


def event(method: str = "GET", path: str = "/", **more: Any) -> dict[str, Any]:
    """As in AWS's documentation of payload format 2.0, as far as we read it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "bot.example", "x-forwarded-proto": "https"},
        "requestContext": {
            "domainName": "bot.example",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
        },
        "isBase64Encoded": False,
        **more,
    }


def shown(response: dict[str, Any]) -> bytes:
    assert response["isBase64Encoded"] is True
    return base64.b64decode(response["body"])


def test_text_comes_as_the_bytes_that_were_signed() -> None:
    found = request(event("POST", "/webhook", body='{"who": "Müller"}'))
    assert found.body(100) == '{"who": "Müller"}'.encode()
    assert (found.method, found.path, found.length) == ("POST", "/webhook", 18)


def test_bytes_come_as_base64() -> None:
    data = bytes(range(256))
    body = base64.b64encode(data).decode()
    assert request(event("PUT", body=body, isBase64Encoded=True)).body(300) == data


def test_path_query_headers_and_cookies_are_those_of_the_request() -> None:
    found = request(
        event(
            *("GET", "/jobs/b-0/artifacts/a b"),
            rawQueryString="start=5&start=6&q=%C3%A4",
            headers={"X-Thing": "1"},
            cookies=["a=1", "b=2"],
        )
    )
    assert found.path == "/jobs/b-0/artifacts/a b"
    assert dict(found.query) == {"start": "5", "q": "ä"}
    assert dict(found.headers) == {"x-thing": "1", "cookie": "a=1; b=2"}


def test_a_path_is_decoded_once() -> None:
    # Sent as /jobs/b-0/artifacts/100%2525.txt, for a file whose name holds a code of its own.
    assert request(event("GET", "/jobs/b-0/artifacts/100%25.txt")).path.endswith("/100%25.txt")


def test_where_we_are_is_the_word_of_api_gateway() -> None:
    found = event(headers={"host": "evil.example", "x-forwarded-proto": "https"})
    assert origin(found) == "https://bot.example"


def test_an_answer_keeps_its_status_headers_cookies_and_bytes() -> None:
    headers = (("Content-Type", "image/png"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))
    found = answer(Response(201, (*headers, ("content-length", "3")), b"\x89PN"))
    assert (found["statusCode"], found["headers"]) == (201, {"content-type": "image/png"})
    assert (found["cookies"], shown(found)) == (["a=1", "b=2"], b"\x89PN")


def test_a_stream_is_read_to_its_end() -> None:
    data = b"0123456789" * 1000
    body = Span(lambda start, end: data[start:end], 10, len(data))
    assert shown(answer(Response(200, (("content-length", "9990"),), body))) == data[10:]


@pytest.mark.parametrize("as_stream", [False, True])
def test_what_does_not_fit_is_said_and_not_read(as_stream: bool) -> None:
    size = BODY + 1
    body = Span(lambda start, end: pytest.fail("read"), 0, size) if as_stream else b"x" * size
    found = answer(Response(200, (("content-length", str(size)),), body))
    assert found["statusCode"] == 413
    assert b"ask for a part" in shown(found)


def test_the_largest_body_fits_into_an_answer_of_lambda() -> None:
    whole = answer(Response(200, (), b"x" * BODY))
    assert len(whole["body"]) < 6 * 1024 * 1024


def test_the_routes_answer_and_their_faults_too() -> None:
    assert shown(served(lambda one: text(200, one.path), event(path="/x"))) == b"/x\n"

    def refuse(one: Request) -> Response:
        raise Refused("not you")

    assert served(refuse, event())["statusCode"] == 403


@pytest.mark.parametrize("bug", [Lost("unknown"), KeyError("x")])
def test_a_bug_is_logged_and_tells_nothing(bug: Exception, caplog: Any) -> None:
    def broken(one: Request) -> Response:
        raise bug

    with caplog.at_level(logging.ERROR):
        found = served(broken, event("POST", "/webhook"))
    assert (found["statusCode"], "POST /webhook failed" in caplog.text) == (500, True)
    assert b"unknown" not in shown(found)


def test_a_query_of_an_attack_is_the_senders_fault() -> None:
    query = "&".join(f"a{n}=1" for n in range(100))
    assert served(lambda one: text(200, ""), event(rawQueryString=query))["statusCode"] == 400
