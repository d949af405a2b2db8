"""What a job's way out costs: bytes and connections through it beside those without, in one run.

python -m bench.egress [MEGABYTES]
"""

from __future__ import annotations

import resource
import socket
import statistics
import sys
import time
from contextlib import closing
from multiprocessing import get_context

from dishwasher.core.network import Network, Scope
from dishwasher.runner.egress.gate import PORT, Gate
from dishwasher.runner.egress.machine import Machine

MEGABYTES = 2000
ROUNDS = 5
CONNECTIONS = 300
BLOCK = bytes(1 << 20)
LEAST = 0.2
"""Of the direct speed: two more processes move each byte, on two cores where there are no more."""
MOST = 5.0
"""Milliseconds that a connection may take beyond a direct one; to a server on the net it takes 20
or more."""


def serve(listener: socket.socket) -> None:
    """Sends as many megabytes as it is asked for, four bytes."""
    while True:
        wire, _ = listener.accept()
        with wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            count = int.from_bytes(wire.recv(4), "big")
            wire.sendall(b"!")
            for _ in range(count):
                wire.sendall(BLOCK)


def connect(port: int, proxy: int) -> socket.socket:
    if not proxy:
        return socket.create_connection(("127.0.0.1", port))
    wire = socket.create_connection(("127.0.0.1", proxy))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % port)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += wire.recv(1)
    assert head.startswith(b"HTTP/1.1 200 "), head
    return wire


def speed(port: int, proxy: int, megabytes: int) -> float:
    """Megabytes (1 MiB) a second."""
    buffer = bytearray(1 << 20)
    with closing(connect(port, proxy)) as wire:
        wire.sendall(megabytes.to_bytes(4, "big"))
        began = time.perf_counter()
        while wire.recv_into(buffer):
            pass
        return megabytes / (time.perf_counter() - began)


def latency(port: int, proxy: int) -> float:
    """Milliseconds from nothing to the first byte of the server."""
    began = time.perf_counter()
    with closing(connect(port, proxy)) as wire:
        wire.sendall(bytes(4))
        assert wire.recv(1) == b"!"
        return (time.perf_counter() - began) * 1000


def main() -> int:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    origin = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = get_context("fork").Process(target=serve, args=(origin,), daemon=True)
    server.start()
    port = int(origin.getsockname()[1])
    door = socket.create_server(("127.0.0.1", 0), backlog=512)
    proxy = int(door.getsockname()[1])
    began = time.perf_counter()
    machine = Machine(indexes=(("127.0.0.1", port),))
    gate = Gate(Network(Scope.LISTED), machine, {PORT: door.detach()}, print)
    asked = time.perf_counter()
    latency(port, proxy)
    ready = time.perf_counter()
    print(
        f"a job waits {(asked - began) * 1000:.1f} ms for its proxy; "
        f"the first answer comes after {(ready - began) * 1000:.0f} ms"
    )
    found = {name: [speed(port, to, megabytes) for _ in range(ROUNDS)] for name, to in ways(proxy)}
    took = {
        name: statistics.median(latency(port, to) for _ in range(CONNECTIONS))
        for name, to in ways(proxy)
    }
    for name in found:
        print(
            f"{name:8} {statistics.median(found[name]):7.0f} MB/s, "
            f"a connection {took[name]:5.2f} ms (medians of {ROUNDS} and {CONNECTIONS})"
        )
    server.terminate()
    gate.close()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"its process had {peak} MiB at most")
    more = took["proxied"] - took["direct"]
    share = statistics.median(found["proxied"]) / statistics.median(found["direct"])
    print(f"{share:.2f} of the speed, {more:+.2f} ms a connection")
    return 0 if share > LEAST and more < MOST else 1


def ways(proxy: int) -> tuple[tuple[str, int], ...]:
    return ("direct", 0), ("proxied", proxy)


if __name__ == "__main__":
    sys.exit(main())
