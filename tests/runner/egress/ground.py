"""A proxy in a thread of this process, and servers that it may lead to; all sockets are real."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from dishwasher.core.network import Network, Scope
from dishwasher.runner.egress.machine import Machine, Upstream
from dishwasher.runner.egress.proxy import Proxy
from dishwasher.runner.egress.rules import Route, Rules
from dishwasher.runner.egress.wire import Times

SECONDS = 10.0
Serve = Callable[[socket.socket], None]


def read_head(wire: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n") and (one := wire.recv(1)):
        head += one
    return head


def exactly(wire: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer at its end."""
    data = b""
    while len(data) < size and (part := wire.recv(size - len(data))):
        data += part
    return data


def echo(wire: socket.socket) -> None:
    while data := wire.recv(65536):
        wire.sendall(data)


def read_all(wire: socket.socket) -> bytes:
    return b"".join(iter(lambda: wire.recv(1 << 20), b""))


@dataclass
class Origin:
    """A server on the loopback; `serve` has each connection to itself."""

    serve: Serve
    family: socket.AddressFamily = socket.AF_INET
    heard: list[bytes] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a connection is over."""

    def __post_init__(self) -> None:
        place = "::1" if self.family is socket.AF_INET6 else "127.0.0.1"
        self._listener = socket.create_server((place, 0), family=self.family, backlog=512)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(wire,), daemon=True).start()

    def _one(self, wire: socket.socket) -> None:
        with closing(wire):
            wire.settimeout(SECONDS)
            try:
                self.serve(wire)
            except OSError as error:
                self.heard.append(repr(error).encode())
        self.gone.set()

    def close(self) -> None:
        # A thread that waits in accept() is woken by this alone.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@dataclass
class Ground:
    """`names` are what the resolver knows; `told` is what the job would be told."""

    proxy: Proxy
    port: int
    names: dict[str, list[str]]
    told: list[str]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)

    def ask(self, head: str) -> tuple[socket.socket, bytes]:
        """A connection that has said this, and the head of the answer."""
        wire = self.connect()
        wire.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return wire, read_head(wire)

    def tunnel(self, origin: Origin) -> socket.socket:
        wire, said = self.ask(f"CONNECT origin.example:{origin.port} HTTP/1.1")
        assert b" 200 " in said, said
        return wire


@contextmanager
def proxied(
    *origins: Origin,
    network: Network | None = None,
    upstream: Upstream | None = None,
    times: Times | None = None,
    most: int = 256,
    door: int = 0,
) -> Iterator[Ground]:
    """`origins` are reached as origin.example, as an index of the machine's own would be."""
    names = {"origin.example": ["127.0.0.1"], "proxy.example": ["127.0.0.1"]}
    told: list[str] = []

    def resolve(name: str, port: int) -> list[str]:
        if name not in names:
            raise OSError("Name or service not known")
        return names[name]

    indexes = tuple(("origin.example", origin.port) for origin in origins)
    machine = Machine(indexes, http=upstream, https=upstream)
    rules = Rules(network or Network(Scope.LISTED, ("listed.example",)), machine)
    proxy = Proxy(rules, resolve, told.append, times=times, most=most)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = int(listener.getsockname()[1])
    proxy.listen(listener, Route(("127.0.0.1",), door) if door else None)
    life, end = os.pipe()
    thread = threading.Thread(target=proxy.run, args=(life,), daemon=True)
    thread.start()
    try:
        yield Ground(proxy, port, names, told)
    finally:
        os.close(end)
        thread.join(SECONDS)
        os.close(life)
        for origin in origins:
            origin.close()
        assert not thread.is_alive()
