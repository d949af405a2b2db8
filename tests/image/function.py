"""The image as the Lambda function `run`: AWS's emulator of its runtime in the container."""

from __future__ import annotations

import http.client
import json
import platform
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import samcli
from dishwasher.core.job import Reason
from dishwasher.core.ticket import Source

from tests.image.docker import Docker
from tests.runner.forge import Forge
from tests.runner.server import Server, ticket

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
EMULATOR = Path(samcli.__file__).with_name("local") / "rapid"
INVOKE = "/2015-03-31/functions/function/invocations"
SECONDS = 120.0
STRANGER = "1051:1051"
"""Lambda's own is nobody in particular either, and may write in /tmp alone."""
FIRST = ("git log --oneline", "python3 --version", "node --version", "touch /tmp/left")
SECOND = ("test ! -e /tmp/left",)


def jobs(docker: Docker, image: str) -> tuple[float, float]:
    """Seconds of two jobs in one environment: cold, and after a job. Raises RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="dishwasher-image-") as folder:
        place = Path(folder, "forge")
        place.mkdir()
        forge = Forge(place)
        try:
            sha = forge.commit({"README": "hello\n"})
            source = Source(forge.url, sha)
            with environment(docker, image) as port:
                return job(port, source, *FIRST), job(port, source, *SECOND)
        finally:
            forge.close()


def job(port: int, source: Source, *steps: str) -> float:
    server = Server(ticket(source, *steps))
    begun = time.monotonic()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request("POST", INVOKE, json.dumps(asdict(server.bootstrap)))
        # Its process ends with the job, and that is all that the emulator has to say.
        with suppress(http.client.HTTPException, OSError):
            connection.getresponse().read()
        connection.close()
        log = server.log.decode(errors="replace")
        if not server.results or server.results[-1].reason is not Reason.OK:
            raise RuntimeError(f"the job of the function did not succeed:\n{log}")
        return time.monotonic() - begun
    finally:
        server.stop()


@contextmanager
def environment(docker: Docker, image: str) -> Iterator[int]:
    """An execution environment, as read-only and as nameless as Lambda's; its port."""
    emulator = EMULATOR / f"aws-lambda-rie-{ARCHITECTURES[platform.machine()]}"
    port, api = free_port(), free_port()
    name = f"dishwasher-image-{port}"
    words = (
        *("run", "--rm", "--name", name, "--network", "host", "--read-only"),
        *("--tmpfs", "/tmp:exec,mode=1777", "--user", STRANGER),
        *("-v", f"{emulator}:/emulator:ro", "--entrypoint", "/emulator"),
        *("-e", "DISHWASHER_SANDBOX=plain", "-e", "AWS_LAMBDA_FUNCTION_TIMEOUT=900"),
        *("-e", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=3538", image),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address"),
        *(f"127.0.0.1:{api}", "--log-level", "error", "/usr/local/bin/dishwasher-entrypoint"),
    )
    process = docker.process(*words, stdin=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port
    finally:
        with suppress(RuntimeError):
            docker.ask("kill", name)
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    raise RuntimeError("the emulator did not start in the container; its words stand above")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
