"""A job's proxy: what it passes on, whom it refuses, and that nobody keeps it from the others."""

from __future__ import annotations

import hashlib
import socket
import threading
import time

import pytest
from dishwasher.core.network import Network, Scope
from dishwasher.runner.egress.machine import Upstream
from dishwasher.runner.egress.proxy import TOLD
from dishwasher.runner.egress.wire import Times

from tests.runner.egress.ground import Origin, echo, exactly, proxied, read_all, read_head

HASTE = Times(head=0.6, connect=0.6, idle=0.6, half=0.6, leave=0.6)


def hello(wire: socket.socket) -> None:
    read_head(wire)
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


def test_a_tunnel_passes_bytes_in_both_directions_at_once() -> None:
    sent = bytes(range(256)) * 40_000
    origin = Origin(echo)
    with proxied(origin) as ground, ground.tunnel(origin) as wire:
        writer = threading.Thread(target=wire.sendall, args=(sent,))
        writer.start()
        got = b""
        while len(got) < len(sent):
            got += wire.recv(1 << 20)
        writer.join()
    assert hashlib.sha256(got).digest() == hashlib.sha256(sent).digest()


def test_what_comes_with_the_head_is_not_lost() -> None:
    origin = Origin(echo)
    with proxied(origin) as ground, ground.connect() as wire:
        wire.sendall(b"CONNECT origin.example:%d HTTP/1.1\r\n\r\nearly" % origin.port)
        assert read_head(wire).startswith(b"HTTP/1.1 200 ")
        assert exactly(wire, 5) == b"early"


def test_who_has_said_all_still_hears_the_answer() -> None:
    def count(wire: socket.socket) -> None:
        wire.sendall(b"%d bytes" % len(read_all(wire)))

    origin = Origin(count)
    with proxied(origin) as ground, ground.tunnel(origin) as wire:
        wire.sendall(b"x" * 1_000_000)
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"1000000 bytes"


def test_a_request_of_http_reaches_the_server_as_if_it_came_directly() -> None:
    heard = []

    def answer(wire: socket.socket) -> None:
        heard.append(read_head(wire) + exactly(wire, 4))
        wire.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")

    origin = Origin(answer)
    with proxied(origin) as ground:
        host = f"origin.example:{origin.port}"
        with ground.connect() as wire:
            head = f"POST http://{host}/a HTTP/1.1\r\nContent-Length: 4\r\nProxy-X: 1\r\n\r\n"
            wire.sendall(head.encode())
            wire.sendall(b"bodyGET http://origin.example/second HTTP/1.1\r\n\r\n")
            assert read_all(wire) == b"HTTP/1.1 200 OK\r\n\r\nhello"
    assert heard == [
        f"POST /a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nProxy-X: 1\r\n"
        "Connection: close\r\n\r\nbody".encode()
    ]


def test_a_second_request_on_one_connection_reaches_nobody() -> None:
    after = []

    def answer(wire: socket.socket) -> None:
        hello(wire)
        wire.settimeout(0.3)
        try:
            after.append(wire.recv(100))
        except TimeoutError:
            after.append(b"")

    origin = Origin(answer)
    with proxied(origin) as ground, ground.connect() as wire:
        one = f"GET http://origin.example:{origin.port}/ HTTP/1.1\r\n\r\n".encode()
        wire.sendall(one + one)
        assert read_all(wire).endswith(b"hello")
    assert after == [b""]


def test_an_origin_of_version_6_is_reached_after_an_address_that_answers_nothing() -> None:
    try:
        origin = Origin(echo, socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with proxied(origin) as ground:
        ground.names["origin.example"] = ["127.0.0.1", "::1"]
        with ground.tunnel(origin) as wire:
            wire.sendall(b"six")
            assert exactly(wire, 3) == b"six"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("evil.example:443", "is not in this job's network list; add it under `network:`"),
        ("listed.example:22", "is not in this job's network list"),
        ("listed.example:443", "is at 127.0.0.1, which is an address of this machine"),
    ],
)
def test_a_refused_host_is_answered_and_told_once(target: str, why: str) -> None:
    with proxied() as ground:
        ground.names["listed.example"] = ["127.0.0.1"]
        for _ in range(3):
            wire, said = ground.ask(f"CONNECT {target} HTTP/1.1")
            with wire:
                assert said.startswith(b"HTTP/1.1 403 Forbidden")
                assert why.encode() in read_all(wire)
        (told,) = ground.told
        assert told.startswith(f"{target} {why}")


def test_a_name_that_changes_its_mind_is_looked_at_each_time() -> None:
    with proxied(network=Network(Scope.PUBLIC), times=HASTE) as ground:
        ground.names["rebind.example"] = ["203.0.113.1"]
        wire, said = ground.ask("CONNECT rebind.example:9 HTTP/1.1")
        wire.close()
        assert b" 403 " not in said
        ground.names["rebind.example"] = ["::ffff:169.254.169.254"]
        wire, said = ground.ask("CONNECT rebind.example:9 HTTP/1.1")
        wire.close()
        assert said.startswith(b"HTTP/1.1 403 ")
        assert "machines of a cloud keep their keys" in ground.told[0]


def test_a_scan_is_told_in_so_many_lines() -> None:
    with proxied() as ground:
        for number in range(TOLD + 5):
            wire, said = ground.ask(f"CONNECT h{number}.example:443 HTTP/1.1")
            wire.close()
            assert b" 403 " in said
        assert len(ground.told) == TOLD + 1
        assert ground.told[-1].startswith(f"More than {TOLD} hosts")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1", b"400 Bad Request"),
        ("hello", b"400 Bad Request"),
        ("CONNECT nobody.example:443 HTTP/1.1", b"403 Forbidden"),
        ("GET http://a.example/ HTTP/1.1\nX: " + "y" * 70_000, b"431 "),
    ],
)
def test_what_is_no_request_is_answered(head: str, status: bytes) -> None:
    with proxied() as ground:
        wire, said = ground.ask(head)
        wire.close()
        assert said.startswith(b"HTTP/1.1 " + status)


def test_what_can_not_be_reached_is_said() -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    origin = Origin(hello)
    with proxied(origin) as ground:
        ground.names.pop("origin.example")
        wire, said = ground.ask(f"CONNECT origin.example:{origin.port} HTTP/1.1")
        with wire:
            assert b" 502 " in said
            assert b"has no address: Name or service not known" in read_all(wire)
        ground.names["origin.example"] = []
        wire, said = ground.ask(f"CONNECT origin.example:{origin.port} HTTP/1.1")
        with wire:
            assert b"can not be reached" in read_all(wire)
    closed.close()


def test_a_server_that_is_not_there_is_said() -> None:
    origin = Origin(hello)
    with proxied(origin) as ground:
        ground.names["origin.example"] = ["::1", "127.0.0.2"]
        wire, said = ground.ask(f"GET http://origin.example:{origin.port}/ HTTP/1.1")
        with wire:
            assert b" 502 " in said
            assert b"Connection refused" in read_all(wire)


def test_slow_heads_and_silent_clients_do_not_keep_others_waiting() -> None:
    origin = Origin(hello)
    with proxied(origin, times=HASTE, most=4) as ground:
        slow = [ground.connect() for _ in range(4)]
        slow[0].sendall(b"GET http://origin.ex")
        began = time.monotonic()
        # All places are taken: this one is served when theirs are over.
        wire, said = ground.ask(f"GET http://origin.example:{origin.port}/ HTTP/1.1")
        with wire:
            assert b" 200 " in said
        assert time.monotonic() - began < 5
        assert read_all(slow[0]).startswith(b"HTTP/1.1 408 ")
        for one in slow:
            one.close()


def test_a_tunnel_that_nobody_uses_is_closed() -> None:
    origin = Origin(echo)
    with proxied(origin, times=HASTE) as ground, ground.tunnel(origin) as wire:
        wire.sendall(b"x")
        assert wire.recv(1) == b"x"
        assert read_all(wire) == b""
        assert origin.gone.wait(5)


def test_a_client_that_reads_nothing_holds_up_its_server_and_nobody_else() -> None:
    sent = []

    def flood(wire: socket.socket) -> None:
        read_head(wire)
        wire.settimeout(0.5)
        try:
            while True:
                sent.append(wire.send(b"x" * 65536))
        except TimeoutError:
            stuck.set()
            wire.settimeout(10)
            read_all(wire)

    stuck = threading.Event()
    origin, other = Origin(flood), Origin(echo)
    with proxied(origin, other) as ground:
        lazy = ground.connect()
        lazy.sendall(f"GET http://origin.example:{origin.port}/ HTTP/1.1\r\n\r\n".encode())
        assert stuck.wait(10)
        with ground.tunnel(other) as wire:
            wire.sendall(b"well")
            assert exactly(wire, 4) == b"well"
        lazy.close()
        assert origin.gone.wait(5)
    # What the kernel takes on two connections, and one chunk of ours.
    assert sum(sent) < 32 * 1024 * 1024


def test_a_client_that_is_cut_takes_its_server_with_it() -> None:
    origin = Origin(echo)
    with proxied(origin) as ground:
        wire = ground.tunnel(origin)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wire.close()
        assert origin.gone.wait(5)


def test_names_that_take_long_keep_only_their_own_client_waiting() -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow(list[str]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            begun.set()
            go.wait(10)
            return super().__iter__()

    origin = Origin(hello)
    with proxied(origin, network=Network(Scope.PUBLIC)) as ground:
        ground.names["slow.example"] = Slow(["127.0.0.1"])
        slow = ground.connect()
        slow.sendall(b"CONNECT slow.example:443 HTTP/1.1\r\n\r\n")
        assert begun.wait(5)
        wire, said = ground.ask(f"GET http://origin.example:{origin.port}/ HTTP/1.1")
        wire.close()
        assert b" 200 " in said
        go.set()
        assert b" 403 " in read_head(slow)
        slow.close()


def test_hundreds_at_once_are_served_in_turn() -> None:
    origin = Origin(hello)
    with proxied(origin, most=16) as ground:
        wires = [ground.connect() for _ in range(300)]
        for wire in wires:
            wire.sendall(f"GET http://origin.example:{origin.port}/ HTTP/1.1\r\n\r\n".encode())
        for wire in wires:
            with wire:
                assert read_all(wire).endswith(b"hello")


def test_a_door_leads_to_its_one_place_whatever_is_said() -> None:
    origin = Origin(echo)
    with proxied(door=origin.port) as ground, ground.connect() as wire:
        wire.sendall(b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        assert read_head(wire) == b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n"
    origin.close()
    with proxied(door=origin.port) as ground, ground.connect() as wire:
        assert read_all(wire) == b""


def upstream_of(said: list[bytes], answer: bytes) -> Origin:
    def serve(wire: socket.socket) -> None:
        said.append(read_head(wire))
        wire.sendall(answer)
        if b" 200 " in answer:
            echo(wire)

    return Origin(serve)


def test_the_machines_own_proxy_is_used_where_it_has_one() -> None:
    said: list[bytes] = []
    proxy = upstream_of(said, b"HTTP/1.1 200 fine\r\nVia: it\r\n\r\nfirst")
    upstream = Upstream("proxy.example", proxy.port, "Basic eDp5")
    with proxied(upstream=upstream) as ground:
        wire, got = ground.ask("CONNECT listed.example:443 HTTP/1.1")
        with wire:
            assert got == b"HTTP/1.1 200 Connection established\r\n\r\n"
            wire.sendall(b"second")
            assert exactly(wire, 11) == b"firstsecond"
        wire, got = ground.ask("GET http://listed.example/a HTTP/1.1\nProxy-Authorization: mine")
        wire.close()
    proxy.close()
    assert said == [
        b"CONNECT listed.example:443 HTTP/1.1\r\nHost: listed.example:443\r\n"
        b"Proxy-Authorization: Basic eDp5\r\n\r\n",
        b"GET http://listed.example:80/a HTTP/1.1\r\nHost: listed.example\r\n"
        b"Proxy-Authorization: Basic eDp5\r\nConnection: close\r\n\r\n",
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", b"The machine's own proxy answered 407."),
        (b"nonsense\r\n\r\n", b"The machine's own proxy answered nothing."),
        (b"", b"does not answer as one"),
        (b"HTTP/1.1 200 " + b"x" * 70_000, b"does not answer as one"),
    ],
)
def test_a_proxy_of_the_machines_that_refuses_is_said(answer: bytes, words: bytes) -> None:
    proxy = Origin(lambda wire: (read_head(wire), wire.sendall(answer))[1])
    with proxied(upstream=Upstream("proxy.example", proxy.port)) as ground:
        wire, said = ground.ask("CONNECT listed.example:443 HTTP/1.1")
        with wire:
            assert b" 502 " in said
            assert words in read_all(wire)
    proxy.close()


def test_a_proxy_of_the_machines_that_says_nothing_is_given_up() -> None:
    def silent(wire: socket.socket) -> None:
        read_all(wire)

    proxy = Origin(silent)
    with proxied(upstream=Upstream("proxy.example", proxy.port), times=HASTE) as ground:
        wire, said = ground.ask("CONNECT listed.example:443 HTTP/1.1")
        wire.close()
        assert b" 504 " in said
    proxy.close()
