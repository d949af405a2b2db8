from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dishwasher
import pytest
from dishwasher.errors import Ambiguous, InfraError
from dishwasher.github.client import IDLE, Call, Client

from tests.github.raw import Asked, HangUp, RawServer, Say

GET = Call("GET", "/x", {"ref": "abc", "page": 2})
POST = Call("POST", "/x", body={"a": "ü"}, once=True)


@pytest.fixture
def client(raw: RawServer) -> Iterator[Client]:
    client = Client(f"{raw.url}/")
    yield client
    client.close()


def test_a_request_says_who_asks_which_version(raw: RawServer, client: Client) -> None:
    raw.on("POST", "/x", Say(201, {"id": 1}, {"X-Some": "header"}))
    answer = client.send(POST, "Bearer secret")
    assert (answer.status, answer.body) == (201, '{"id": 1}')
    assert answer.headers["x-some"] == "header"
    asked = raw.requests("POST")[0]
    assert asked.body == {"a": "ü"}
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"] == f"dishwasher/{dishwasher.__version__}"


def test_a_connection_is_kept_for_the_next_request(raw: RawServer, client: Client) -> None:
    raw.on("GET", "/x", Say())
    ports = {client.send(GET, "Bearer x").status for _ in range(3)}
    assert ports == {200}
    assert raw.connections == 1


def test_a_connection_that_was_left_alone_is_not_used_again(raw: RawServer) -> None:
    """As in a function that was frozen: the server may have ended it, and nobody heard of that."""
    raw.on("POST", "/x", Say(201))
    now = 1000.0
    client = Client(f"{raw.url}/", now=lambda: now)
    try:
        for seconds, connections in ((0.0, 1), (IDLE, 1), (IDLE + 1, 2), (1.0, 2), (-3600.0, 3)):
            now += seconds
            assert client.send(POST, "Bearer x").status == 201
            assert raw.connections == connections
    finally:
        client.close()


@pytest.mark.parametrize("status", [500, 502, 503, 429, 403, 401, 404, 422])
@pytest.mark.parametrize("call", [GET, POST])
def test_no_answer_is_acted_upon_or_asked_for_again(
    raw: RawServer, client: Client, call: Call, status: int
) -> None:
    # PyGithub by itself repeats the POST eleven times, and sleeps until the reset.
    headers = {"Retry-After": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999"}
    raw.on(call.verb, "/x", Say(status, "<html>Unicorn!</html>", headers))
    answer = client.send(call, "Bearer x")
    assert (answer.status, answer.body) == (status, "<html>Unicorn!</html>")
    assert len(raw.asked) == 1


@pytest.mark.parametrize("status", [202, 301, 302, 307])
def test_redirects_and_not_yet_come_back_to_us(raw: RawServer, client: Client, status: int) -> None:
    # PyGithub would follow a 301 without its query, and at 202 sleep and ask again for ever.
    raw.on("GET", "/x", Say(status, {"a": 1}, {"Location": f"{raw.url}/y?ref=abc"}))
    answer = client.send(GET, "Bearer x")
    assert answer.status == status
    assert answer.headers["location"].endswith("/y?ref=abc")
    assert len(raw.asked) == 1
    raw.on("GET", "/x", Say(200))
    assert client.send(GET, "Bearer x").status == 200


def test_a_connection_reset_leaves_the_effect_open(raw: RawServer, client: Client) -> None:
    raw.on("POST", "/x", HangUp)
    with pytest.raises(Ambiguous, match="POST /x"):
        client.send(POST, "Bearer x")
    assert len(raw.asked) == 1


def test_a_reset_of_a_read_is_infra(raw: RawServer, client: Client) -> None:
    raw.on("GET", "/x", HangUp)
    with pytest.raises(InfraError) as caught:
        client.send(GET, "Bearer x")
    assert not isinstance(caught.value, Ambiguous)


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://no-such-host.invalid"])
def test_what_was_never_sent_had_no_effect(address: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens: refused
        client = Client(address.format(port=taken.getsockname()[1]))
        with pytest.raises(InfraError) as caught:
            client.send(POST, "Bearer x")
        client.close()
    assert not isinstance(caught.value, Ambiguous)


def test_limit_headers_that_are_no_numbers_do_no_harm(raw: RawServer, client: Client) -> None:
    odd = {"X-RateLimit-Remaining": "many", "X-RateLimit-Limit": "5000"}
    raw.on("GET", "/x", Say(200, {}, odd))
    raw.on("POST", "/x", Say(201, {}, odd))
    with pytest.raises(InfraError):
        client.send(GET, "Bearer x")
    with pytest.raises(Ambiguous):
        client.send(POST, "Bearer x")


def test_an_answer_cut_short_leaves_the_effect_open(raw: RawServer, client: Client) -> None:
    raw.on("POST", "/x", Say(201, "{}", {"Content-Length": "500"}))
    with pytest.raises(Ambiguous):
        client.send(POST, "Bearer x")


def test_each_thread_has_a_connection_of_its_own(raw: RawServer, client: Client) -> None:
    """One PyGithub object shared by threads can hand one call's answer to another."""
    count, rounds = 8, 25
    together = threading.Barrier(count)
    wrong: list[str] = []

    def echo(asked: Asked) -> Say:
        return Say(200, {"mine": asked.query["mine"]})

    raw.on("GET", "/x", echo)

    def ask(mine: int) -> None:
        together.wait()
        for _ in range(rounds):
            answer = client.send(Call("GET", "/x", {"mine": mine}), "Bearer x")
            if answer.body != f'{{"mine": "{mine}"}}':
                wrong.append(answer.body)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    assert len(raw.asked) == count * rounds
    assert raw.connections == count


def test_nothing_paces_the_calls(raw: RawServer, client: Client) -> None:
    # PyGithub's default is a second between writes.
    raw.on("POST", "/x", Say(201))
    started = time.monotonic()
    for _ in range(20):
        client.send(POST, "Bearer x")
    assert time.monotonic() - started < 5


def test_importing_the_adapter_does_not_import_its_libraries() -> None:
    package = Path(dishwasher.__file__).parent.parent
    program = (
        f"import sys; sys.path.insert(0, {str(package)!r}); import dishwasher.github\n"
        "print([name for name in ('github', 'requests', 'jwt', 'urllib3') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
