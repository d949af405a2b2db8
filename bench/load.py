"""Sending requests and measuring: latencies, a bare server, a bare git loop, memory."""

from __future__ import annotations

import http.client
import http.server
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.stage import Push

SAMPLE_EVERY = 0.1
SYNCS = 100
SYNCED = 8192
"""Bytes that are new each time: two pages of a database, as a delivery takes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """When a request left (seconds since the epoch) and how long its answer took (seconds)."""

    at: float
    seconds: float
    status: int


def send(url: str, push: Push) -> Sent:
    """One delivery on a connection of its own, as GitHub sends it."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    at, start = time.time(), time.perf_counter()
    connection.request("POST", "/webhook", push.body, push.headers)
    status = connection.getresponse().status
    seconds = time.perf_counter() - start
    connection.close()
    return Sent(at, seconds, status)


def send_at_once(url: str, pushes: list[Push]) -> list[Sent]:
    """All of them from as many threads, begun together."""
    gate, sent = threading.Barrier(len(pushes)), list[Sent]()

    def one(push: Push) -> None:
        gate.wait()
        sent.append(send(url, push))

    threads = [threading.Thread(target=one, args=(push,)) for push in pushes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def checkout(push: Push) -> float:
    """Seconds of what any runner must do with git for this commit."""
    folder = tempfile.mkdtemp(prefix="bare-")
    start = time.perf_counter()
    for command in (
        ["git", "init", "-q", folder],
        ["git", "-C", folder, "fetch", "-q", "--depth", "1", push.clone_url, push.sha],
        ["git", "-C", folder, "checkout", "-q", "FETCH_HEAD"],
    ):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    shutil.rmtree(folder)
    return seconds


def syncs(folder: Path) -> list[float]:
    """Seconds for which the disk keeps who stores a delivery waiting, each of many times."""
    found = []
    with open(folder / "synced", "wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(SYNCED))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - start)
    return found


class Bare(http.server.BaseHTTPRequestHandler):
    """Stores the body in a file and answers: what no webhook receiver can do without."""

    folder = Path(tempfile.gettempdir())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        (self.folder / self.headers["x-github-delivery"]).write_bytes(body)
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet: it is measured."""


class BareServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    request_queue_size = 1024
    daemon_threads = True


class Memory:
    """Samples the proportional set size of a process and all its descendants."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.peak = 0
        """Bytes."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(SAMPLE_EVERY):
            self.peak = max(self.peak, sum(map(_pss, descendants(self._pid))))


def descendants(pid: int) -> Iterable[int]:
    """The process and everything below it."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from descendants(int(child))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def serve_bare() -> None:
    """For a process of its own: prints where it listens."""
    with tempfile.TemporaryDirectory() as folder:
        Bare.folder = Path(folder)
        server = BareServer(("127.0.0.1", 0), Bare)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(serve_bare())
