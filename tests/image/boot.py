"""What is in the image, asked in a container of it, and a job as CodeBuild starts one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from dishwasher.core.job import Reason
from dishwasher.core.ticket import Source

from tests.image.docker import Docker
from tests.runner.forge import Forge
from tests.runner.server import Server, ticket

PROGRAMS = (
    *("git", "node", "npm", "psql", "redis-server", "redis-cli", "memcached", "mariadbd"),
    *("chromium", "bwrap", "typos", "shellcheck", "dishwasher", "gcc", "python", "python3"),
    *("docker", "dockerd"),
)
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
    with tempfile.TemporaryDirectory(prefix="dishwasher-image-") as folder:
        place = Path(folder, "forge")
        place.mkdir()
        forge = Forge(place)
        server = Server(
            ticket(Source(forge.url, forge.commit({"README": "hello\n"})), "cat README")
        )
        try:
            said = docker.ask(
                *("run", "--rm", "-i", "--network", "host", image, "dishwasher-runner"),
                input=json.dumps(asdict(server.bootstrap)).encode(),
            )
            if not server.results or server.results[-1].reason is not Reason.OK:
                raise RuntimeError(f"the job did not succeed:\n{said}\n{server.log.decode()}")
        finally:
            server.stop()
            forge.close()
