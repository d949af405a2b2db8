from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from dishwasher.errors import (
    Ambiguous,
    ConfigError,
    Conflict,
    Fault,
    Gone,
    InfraError,
    Lost,
    Refused,
    Throttled,
    UserError,
)
from dishwasher.http.message import Request, Response, TooLarge, Unreadable, text
from dishwasher.http.router import Route, Router


def ask(method: str, path: str) -> Request:
    return Request(method, path, io.BytesIO())


def missing(request: Request) -> Response:
    return text(404, "nothing here")


def home(request: Request) -> Response:
    return text(200, "home")


def save(request: Request) -> Response:
    return text(200, "saved")


def job(request: Request, name: str) -> Response:
    return text(200, f"job {name}")


def file(request: Request, name: str, path: str) -> Response:
    return Response(200, (("content-length", "4"),), iter([f"{name}:".encode(), path.encode()]))


ROUTES = (
    Route("GET", "/", home),
    Route("POST", "/", save),
    Route("GET", "/jobs/{name}", job),
    Route("GET", "/jobs/{name}/files/{path:path}", file),
    Route("PUT", "/only.put", save),
)


def failing(fault: Exception) -> Router:
    def handler(request: Request) -> Response:
        raise fault

    return Router([Route("GET", "/", handler)], missing)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/", 200, b"home\n"),
        ("POST", "/", 200, b"saved\n"),
        ("GET", "/jobs/a%b", 200, b"job a%b\n"),
        ("GET", "/jobs/a\nb", 200, b"job a\nb\n"),
        ("GET", "/jobs/", 404, b"nothing here\n"),
        ("GET", "/jobs/a/b", 404, b"nothing here\n"),
        ("GET", "/jobs/a/files/", 404, b"nothing here\n"),
        ("PUT", "/onlyXput", 404, b"nothing here\n"),
        ("DELETE", "/nowhere", 404, b"nothing here\n"),
    ],
)
def test_routes(method: str, path: str, status: int, body: bytes) -> None:
    answer = Router(ROUTES, missing)(ask(method, path))
    assert (answer.status, answer.body) == (status, body)


def test_the_rest_of_a_path() -> None:
    answer = Router(ROUTES, missing)(ask("GET", "/jobs/a/files/b/c.txt"))
    assert b"".join(answer.body) == b"a:b/c.txt"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/", "GET, HEAD, POST"),
        ("POST", "/jobs/a", "GET, HEAD"),
        ("GET", "/only.put", "PUT"),
    ],
)
def test_other_methods_are_told_which_are_known(method: str, path: str, allowed: str) -> None:
    answer = Router(ROUTES, missing)(ask(method, path))
    assert answer.status == 405
    assert dict(answer.headers)["allow"] == allowed


def test_one_path_may_be_served_by_two_with_their_own_names_for_its_parts() -> None:
    def put(request: Request, attempt: str) -> Response:
        return text(200, f"put {attempt}")

    router = Router([Route("PUT", "/jobs/{attempt}", put), *ROUTES], missing)
    assert router(ask("PUT", "/jobs/a")).body == b"put a\n"
    assert router(ask("GET", "/jobs/a")).body == b"job a\n"
    answer = router(ask("POST", "/jobs/a"))
    assert (answer.status, dict(answer.headers)["allow"]) == (405, "GET, HEAD, PUT")


def test_head_is_get_without_the_body() -> None:
    router = Router(ROUTES, missing)
    answer = router(ask("HEAD", "/"))
    assert (answer.status, answer.body) == (200, b"")
    assert dict(answer.headers)["content-length"] == "5"
    assert dict(router(ask("HEAD", "/jobs/a/files/b")).headers)["content-length"] == "4"
    assert router(ask("HEAD", "/only.put")).status == 405
    assert dict(router(ask("HEAD", "/nowhere")).headers)["content-length"] == "13"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (UserError("write it so"), 400),
        (ConfigError("a.yml", ()), 400),
        (TooLarge("too much"), 413),
        (Unreadable("damaged"), 422),
        (Refused("not you"), 403),
        (Gone("was here"), 410),
    ],
)
def test_faults_of_the_caller_say_what_they_are(fault: Fault, status: int) -> None:
    answer = failing(fault)(ask("GET", "/"))
    assert (answer.status, answer.body) == (status, f"{fault}\n".encode())


@pytest.mark.parametrize(
    "fault",
    [
        InfraError("disk sda is full"),
        Conflict("row sda"),
        Ambiguous("sda"),
        Throttled("sda", 2_000_000_000.0),
    ],
)
def test_our_own_faults_ask_to_come_back_and_tell_nothing(fault: Fault) -> None:
    answer = failing(fault)(ask("GET", "/"))
    assert answer.status == 503
    assert int(dict(answer.headers)["retry-after"]) > 0
    assert b"sda" not in bytes(answer.body)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [Lost("nobody knows"), KeyError("x")])
def test_bugs_are_left_to_the_server(error: Exception) -> None:
    with pytest.raises(type(error)):
        failing(error)(ask("GET", "/"))


def no_name(request: Request) -> Response:
    return text(200, "")


def other_name(request: Request, attempt: str) -> Response:
    return text(200, attempt)


@pytest.mark.parametrize("handler", [no_name, other_name])
def test_a_handler_must_fit_its_path(handler: Callable[..., Response]) -> None:
    with pytest.raises(TypeError, match=r"/jobs/\{name\}"):
        Router([Route("GET", "/jobs/{name}", handler)], missing)
