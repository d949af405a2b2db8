"""docker on this machine: the one that answers, or else a daemon of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60.0
ADVICE = "docker does not answer. Start it, or install its daemon for root (Debian: docker.io)."


@dataclass(frozen=True, slots=True)
class Docker:
    """Its commands."""

    environment: dict[str, str] = field(default_factory=dict)

    def process(self, *words: object, **options: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ("docker", *map(str, words)), env={**os.environ, **self.environment}, **options
        )

    def ask(self, *words: object, input: bytes | None = None) -> str:
        """What it says; raises RuntimeError with its words where it fails."""
        done = subprocess.run(
            ("docker", *map(str, words)),
            env={**os.environ, **self.environment},
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
        )
        said = done.stdout.decode()
        if done.returncode:
            raise RuntimeError(f"docker {words[0]} failed:\n{said}{done.stderr.decode()}")
        return said.strip()

    def run(self, image: str, *command: object, options: Sequence[object] = ()) -> str:
        """What a command in a new container says."""
        return self.ask("run", "--rm", *options, image, *command)

    def build(self, image: str, folder: Path, arguments: dict[str, str]) -> None:
        """Raises RuntimeError with the end of its log."""
        words = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        file = folder / "infra" / "runner" / "Dockerfile"
        self.ask("build", "--network", "host", "-f", file, "-t", image, *words, folder)

    def megabytes(self, image: str) -> int:
        return int(self.ask("image", "inspect", "-f", "{{.Size}}", image)) // 1_000_000


@contextmanager
def started(folder: Path) -> Iterator[Docker]:
    """A daemon of our own keeps its layers in the folder, and changes nothing of the network."""
    if _answers(Docker()):
        yield Docker()
        return
    program = shutil.which("dockerd")
    if program is None or os.geteuid():
        raise SystemExit(ADVICE)
    folder.mkdir(parents=True, exist_ok=True)
    # A socket's path may have a hundred characters, and this one is of a folder of anybody's.
    socket = Path(f"/run/dishwasher-docker-{os.getpid()}.sock")
    # The old builder is in docker itself; the other one is a plugin that may not be there.
    ours = Docker({"DOCKER_HOST": f"unix://{socket}", "DOCKER_BUILDKIT": "0"})
    words = (
        *(program, "--data-root", folder / "data", "--exec-root", folder / "exec"),
        *("-H", f"unix://{socket}", "--pidfile", folder / "pid"),
        *("--bridge", "none", "--iptables=false", "--ip-forward=false"),
    )
    with open(folder / "log", "wb") as log:
        daemon = subprocess.Popen(
            tuple(map(str, words)), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait(ours, daemon, folder / "log")
        yield ours
    finally:
        daemon.terminate()
        daemon.wait()
        socket.unlink(missing_ok=True)
        # The daemon leaves its network mounted there, so that the folder could not be removed.
        left = folder / "exec" / "netns" / "default"
        subprocess.run(("umount", "--quiet", str(left)), capture_output=True)


def _answers(docker: Docker) -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        docker.ask("version")
    except RuntimeError:
        return False
    return True


def _wait(docker: Docker, daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not _answers(docker):
        if daemon.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"dockerd did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)
