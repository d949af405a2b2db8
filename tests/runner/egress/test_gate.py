"""The runner's side: what a job's programs are told, and a process that is gone with the job."""

from __future__ import annotations

import socket

import pytest
from dishwasher.core.network import Network, Scope
from dishwasher.runner.egress.gate import PORT, Gate, Way
from dishwasher.runner.egress.machine import Machine

from tests.runner.egress.ground import Origin, echo, exactly, read_all, read_head

HOST = {
    "HTTP_PROXY": "http://me:word@proxy.example:3128",
    "NPM_CONFIG_PROXY": "http://proxy.example:3128",
    "PIP_INDEX_URL": "http://localhost:3141/simple",
    "PATH": "/usr/bin",
}


@pytest.mark.parametrize("scope", [Scope.PUBLIC, Scope.LISTED])
def test_programs_find_the_proxy_and_not_that_of_the_machine(scope: Scope) -> None:
    way = Way(Network(scope), HOST)
    url = f"http://127.0.0.1:{PORT}"
    told = way.environment
    assert way.ports == (PORT, 3141)
    assert {name for name, value in told.items() if value == url} == {
        *("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NPM_CONFIG_PROXY"),
    }
    assert told["no_proxy"] == told["NO_PROXY"] == "localhost,127.0.0.1,::1,0.0.0.0,.localhost"
    assert len(told) == 11


def test_without_a_network_there_is_none_to_find() -> None:
    way = Way(Network(Scope.NONE), HOST)
    assert way.ports == ()
    assert way.environment == {"HTTP_PROXY": "", "NPM_CONFIG_PROXY": ""}


def listening() -> tuple[int, int]:
    """A port and the descriptor of who listens there."""
    listener = socket.create_server(("127.0.0.1", 0))
    return int(listener.getsockname()[1]), listener.detach()


def test_a_process_serves_the_proxy_and_the_doors_until_the_end() -> None:
    origin = Origin(echo)
    (proxy, first), (door, second) = listening(), listening()
    said: list[str] = []
    machine = Machine(indexes=(("127.0.0.1", origin.port),), doors=(origin.port,))
    gate = Gate(Network(Scope.LISTED), machine, {PORT: first, origin.port: second}, said.append)
    with socket.create_connection(("127.0.0.1", door), 20) as wire:
        wire.sendall(b"raw")
        assert exactly(wire, 3) == b"raw"
    with socket.create_connection(("127.0.0.1", proxy), 20) as wire:
        wire.sendall(f"CONNECT 127.0.0.1:{origin.port} HTTP/1.1\r\n\r\n".encode())
        assert read_head(wire).startswith(b"HTTP/1.1 200 ")
        wire.sendall(b"through")
        assert exactly(wire, 7) == b"through"
        with socket.create_connection(("127.0.0.1", proxy), 20) as other:
            other.sendall(b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
            assert b"403 Forbidden" in read_all(other)
        gate.close()
        assert read_all(wire) == b""
    assert said == [
        "evil.example:443 is not in this job's network list; add it under `network:` in "
        ".dishwasher.yml."
    ]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy), 20)
    origin.close()


def test_a_job_that_is_over_at_once_waits_for_nobody() -> None:
    port, descriptor = listening()
    Gate(Network(Scope.PUBLIC), Machine(), {PORT: descriptor}, print).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 20)


def test_a_proxy_of_the_machines_that_is_not_used_is_said_once() -> None:
    _, descriptor = listening()
    said: list[str] = []
    done: list[bool] = []
    way = Way(Network(Scope.PUBLIC), {"https_proxy": "socks5://proxy.example:1080"})
    close = way.open({PORT: descriptor}, said.append, lambda: done.append(True))
    close()
    assert done == [True]
    (line,) = said
    assert line.startswith("The machine's proxy is one of socks5: ")
