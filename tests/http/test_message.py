from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from dishwasher.errors import Refused, UserError
from dishwasher.http.message import (
    QUERY_FIELDS,
    Request,
    TooLarge,
    Unreadable,
    parse,
    query_from,
    reply,
    text,
)


@dataclass(frozen=True, slots=True)
class Cup:
    colour: str
    size: int = 3


def request(body: bytes = b"", **fields: object) -> Request:
    values = {"method": "POST", "path": "/", "stream": io.BytesIO(body), "length": len(body)}
    return Request(**{**values, **fields})  # type: ignore[arg-type]


def test_body_is_whole_or_an_error() -> None:
    assert request(b"hello").body(5) == b"hello"
    assert request().body(0) == b""
    with pytest.raises(TooLarge, match="6 bytes; at most 5"):
        request(b"hello!").body(5)
    with pytest.raises(Unreadable, match="after 5 of 9 bytes"):
        request(b"hello", length=9).body(100)


@pytest.mark.parametrize("value", ["Bearer abc", "bearer  abc "])
def test_bearer(value: str) -> None:
    assert request(headers={"authorization": value}).bearer() == "abc"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_no_bearer(value: str) -> None:
    with pytest.raises(Refused, match="bearer"):
        request(headers={"authorization": value}).bearer()


def test_numbers_of_the_query() -> None:
    assert request(query={"a": "007"}).number("a") == 7
    assert request().number("a", 5) == 5
    for bad in ("", "-1", "²", "1e3", "9" * 19, " 1"):
        with pytest.raises(UserError, match="'a' must be a number"):
            request(query={"a": bad}).number("a")


def test_query() -> None:
    assert query_from("") == {}
    assert query_from("a=1&b=%C3%A9&a=2&c=") == {"a": "1", "b": "é", "c": ""}
    with pytest.raises(UserError, match="more than"):
        query_from("&".join(f"f{n}=1" for n in range(QUERY_FIELDS + 1)))


def test_parse_and_reply_are_inverse() -> None:
    body = reply(Cup("blue", 5)).body
    assert isinstance(body, bytes)
    assert parse(request(body), Cup, 1000) == Cup("blue", 5)
    assert reply({"a": 1}, 202).status == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"size": 1}',
        b'{"colour": "red", "size": "1"}',
        b'{"colour": 1}',
        b"[" * 100_000,
        b'{"colour": "red", "size": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_the_json_of_the_route_is_a_user_error(body: bytes) -> None:
    with pytest.raises(UserError, match="not the JSON"):
        parse(request(body), Cup, 200_000)


def test_text_ends_with_a_newline() -> None:
    answer = text(202, "known", ("x-a", "b"))
    assert (answer.status, answer.body) == (202, b"known\n")
    assert dict(answer.headers) == {"content-type": "text/plain; charset=utf-8", "x-a": "b"}
