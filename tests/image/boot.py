"""What is in the image, asked in a container of it, and a job as CodeBuild starts one."""

from __future__ import annotations

import http
import http.client
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from dishwasher.core.job import Reason
from dishwasher.core.ticket import Source
from dishwasher.runner.hook import ENVELOPE, PREFIX

from tests.image.docker import Docker
from tests.image.function import free_port
from tests.runner.forge import Forge
from tests.runner.server import Server, ticket

PROGRAMS = (
    *("git", "node", "npm", "psql", "redis-server", "redis-cli", "memcached", "mariadbd"),
    *("chromium", "bwrap", "typos", "shellcheck", "dishwasher", "gcc", "python", "python3"),
    *("docker", "dockerd"),
)
SECONDS = 120.0
ASK = """
for name in "$@"; do
    said=$("$name" --version 2>&1 | grep -m 1 '[0-9]') || said=
    echo "$name: $said"
done
sources=$(find /opt/dishwasher/lib /var/task -name '*.py' -size +0 | wc -l)
compiled=$(find /opt/dishwasher/lib /var/task -name '*.pyc' | wc -l)
echo "byte code: $compiled of $sources"
"""


def programs(docker: Docker, image: str, pythons: Sequence[str]) -> list[str]:
    """Those that do not answer, and how much lacks byte code; prints what does."""
    names = (*PROGRAMS, *(f"python{version}" for version in pythons))
    said = docker.run(image, "sh", "-c", ASK, "sh", *names, options=("--network", "none"))
    lacks = []
    for line in said.splitlines():
        name, _, version = line.partition(": ")
        print(f"  {name}: {version}", flush=True)
        if not version:
            lacks.append(name)
        elif name == "byte code":
            compiled, sources = map(int, version.split(" of "))
            if compiled < sources * 0.99:
                lacks.append(line)
    return lacks


def job(docker: Docker, image: str) -> None:
    """One whose bootstrap comes on stdin; raises RuntimeError unless it succeeds."""
    with served() as server:
        said = docker.ask(
            *("run", "--rm", "-i", "--network", "host", image, "dishwasher-runner"),
            input=json.dumps(asdict(server.bootstrap)).encode(),
        )
        _demand(server, said)


def microvm(docker: Docker, image: str) -> None:
    """One that a hook tells, as in a Lambda MicroVM; raises RuntimeError unless all ends well."""
    port = free_port()
    words = ("run", "--rm", "--network", "host", image, "dishwasher-microvm", port)
    with served() as server, docker.process(*words) as process:
        try:
            while process.poll() is None and not _hear(port, "/ready", b""):
                pass
            told = {"microvmId": "microvm-1", ENVELOPE: json.dumps(asdict(server.bootstrap))}
            _hear(port, "/run", json.dumps(told).encode())
            code = process.wait(SECONDS)
        finally:
            process.terminate()
        _demand(server, f"it ended with {code}")


def _hear(port: int, name: str, body: bytes) -> bool:
    """Whether it was answered with yes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("POST", f"{PREFIX}{name}", body)
        return connection.getresponse().status == http.HTTPStatus.OK
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


@contextmanager
def served() -> Iterator[Server]:
    """A server with the ticket of a small job, and a forge with its commit."""
    with tempfile.TemporaryDirectory(prefix="dishwasher-image-") as folder:
        place = Path(folder, "forge")
        place.mkdir()
        forge = Forge(place)
        server = Server(
            ticket(Source(forge.url, forge.commit({"README": "hello\n"})), "cat README")
        )
        try:
            yield server
        finally:
            server.stop()
            forge.close()


def _demand(server: Server, said: str) -> None:
    if not server.results or server.results[-1].reason is not Reason.OK:
        raise RuntimeError(f"the job did not succeed:\n{said}\n{server.log.decode()}")
