from __future__ import annotations

import pytest
from dishwasher.errors import UserError
from dishwasher.runner.egress.request import Asked, read


def asked(*lines: str) -> Asked:
    return read("\r\n".join((*lines, "", "")).encode("latin-1"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CONNECT PyPI.org:443 HTTP/1.1", Asked("pypi.org", 443)),
        ("CONNECT pypi.org.:443 HTTP/1.0", Asked("pypi.org", 443)),
        ("CONNECT [2001:DB8:0::1]:8080 HTTP/1.1", Asked("2001:db8::1", 8080)),
        ("CONNECT 2130706433:80 HTTP/1.1", Asked("2130706433", 80)),
    ],
)
def test_a_tunnel_names_its_host(line: str, expected: Asked) -> None:
    assert asked(line, "Host: other.example") == expected


def test_an_address_of_version_6_is_written_in_brackets() -> None:
    assert Asked("2001:db8::1", 80).authority == "[2001:db8::1]:80"


def test_a_request_goes_on_without_what_is_between_client_and_proxy() -> None:
    found = asked(
        "GET http://me:secret@Example.org:8080/a?b=c#d HTTP/1.1",
        *("Host: other.example", "Proxy-Authorization: Basic eDp5", "Proxy-Connection: close"),
        *("Connection: keep-alive, X-Mine", "X-Mine: 1", "Accept: */*", "Cookie:  a=\xe4  "),
    )
    assert (found.name, found.port, found.body) == ("example.org", 8080, 0)
    assert found.head() == (
        b"GET /a?b=c HTTP/1.1\r\nHost: Example.org:8080\r\nAccept: */*\r\n"
        b"Cookie: a=\xe4\r\nConnection: close\r\n\r\n"
    )
    assert found.head("203.0.113.7:8080", b"X: y\r\n").startswith(
        b"GET http://203.0.113.7:8080/a?b=c HTTP/1.1\r\nHost: Example.org:8080\r\n"
    )


@pytest.mark.parametrize(
    ("url", "path"), [("http://a.org", b"/"), ("HTTP://a.org?b", b"/?b"), ("http://a.org/", b"/")]
)
def test_a_url_without_a_path_has_the_first_one(url: str, path: bytes) -> None:
    assert asked(f"GET {url} HTTP/1.1").path == path


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ((), 0),
        (("Content-Length: 12",), 12),
        (("Content-Length: 12", "content-length: 12"), 12),
        (("Transfer-Encoding: chunked",), None),
    ],
)
def test_the_length_of_a_body_is_known_or_its_own(
    fields: tuple[str, ...], length: int | None
) -> None:
    assert asked("POST http://a.org/ HTTP/1.1", *fields).body == length


@pytest.mark.parametrize(
    "lines",
    [
        ("",),
        ("GET / HTTP/1.1",),
        ("GET http://a.org/ HTTP/2",),
        ("GET http://a.org/ x HTTP/1.1",),
        ("GET https://a.org/ HTTP/1.1",),
        ("GET ftp://a.org/ HTTP/1.1",),
        ("GET http:/// HTTP/1.1",),
        ("CONNECT a.org HTTP/1.1",),
        ("CONNECT a.org:0 HTTP/1.1",),
        ("CONNECT a.org:99999 HTTP/1.1",),
        ("CONNECT a_b..c:1 HTTP/1.1",),
        ("CONNECT %61.org:443 HTTP/1.1",),
        ("CONNECT [::1%eth0]:443 HTTP/1.1",),
        ("CONNECT [1:2]:443 HTTP/1.1",),
        ("CONNECT b\xfccher.example:443 HTTP/1.1",),
        (f"CONNECT {'a.' * 200}org:443 HTTP/1.1",),
        ("GET http://a.org/ HTTP/1.1", "no field"),
        ("GET http://a.org/ HTTP/1.1", " folded: x"),
        ("GET http://a.org/ HTTP/1.1", "Name : x"),
        ("GET http://a.org/ HTTP/1.1", "A: b\nC: d"),
        ("POST http://a.org/ HTTP/1.1", "Content-Length: 1", "Content-Length: 2"),
        ("POST http://a.org/ HTTP/1.1", "Content-Length: +1"),
        ("POST http://a.org/ HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: chunked"),
    ],
)
def test_what_two_could_read_differently_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(UserError):
        asked(*lines)
