"""A job that asks for Docker, as CodeBuild runs one: in a privileged container, by our buildspec.

`job` starts the container, and this module is its command. It has a network of its own, so that the
daemon in it changes nothing of the machine's, and reaches no registry: the job's image is made of
files that are there. As on CodeBuild, /var/lib/docker is a volume and no layer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from dataclasses import asdict
from pathlib import Path

from dishwasher.core.environment import SANDBOX, SINGLE_USE
from dishwasher.core.job import Reason
from dishwasher.core.machine import Machine
from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import Source

from tests.aws.builder import commands
from tests.image.docker import Docker
from tests.runner.forge import Forge
from tests.runner.server import Server, ticket

ROOT = Path(__file__).parents[2]
CHECKOUT = "/usr/src/checkout"
PYTHON = "/opt/dishwasher/bin/python"
LIBRARIES = ("dishwasher", "regex", "zstandard")
"""What CodeBuild fetches, as `aws.archive` packs it; here from the image itself."""
DOCKERFILE = """\
FROM scratch
COPY root /
RUN ["/bin/sh", "-c", "echo baked > /cake"]
CMD ["/bin/cat", "/cake"]
"""
STEPS = (
    "docker version --format 'Docker {{.Server.Version}}' && docker info -f 'on {{.Driver}}'",
    "mkdir root && for file in /bin/sh /bin/cat /bin/sleep; do ldd $file | grep -o '/[^ ]*'; echo "
    "$file; done | sort -u | xargs cp -L --parents -t root",
    "docker build -q -t cake .",
    'test "$(docker run --rm cake)" = baked',
    # One that goes on from step to step, with a network and a folder of the job's.
    'docker run -d --name oven -v "$PWD:/site:ro" cake /bin/sleep 600',
    "docker exec oven /bin/cat /proc/net/dev | grep eth0",
    "docker exec oven /bin/cat /site/Dockerfile | grep scratch",
)


def job(docker: Docker, image: str) -> str:
    """What it printed; raises RuntimeError unless it succeeds."""
    return _container(docker, image, Reason.OK, privileges(docker, image))


def refused(docker: Docker, image: str) -> None:
    """One without privileges: raises RuntimeError unless it says what it takes."""
    said = _container(docker, image, Reason.INFRA, ())
    if "privileged container" not in said or "services/docker.log" not in said:
        raise RuntimeError(f"a daemon that does not come up is not explained:\n{said}")


def privileges(docker: Docker, image: str) -> tuple[str, ...]:
    """Options by which a container gets all that this machine can give."""
    try:
        docker.run(image, "true", options=("--privileged",))
    except RuntimeError as error:
        if "unable to apply caps" not in str(error):
            raise
    else:
        return ("--privileged",)
    # This machine is a container too, whose root lacks this right alone.
    confined = (f"--security-opt={name}=unconfined" for name in ("seccomp", "apparmor"))
    return (
        *("--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--device-cgroup-rule=a *:* rwm"),
        *(*confined, "--security-opt=systempaths=unconfined", "--cgroupns=host"),
        *("-v", "/sys/fs/cgroup:/sys/fs/cgroup"),
    )


def _container(docker: Docker, image: str, reason: Reason, options: tuple[str, ...]) -> str:
    return docker.run(
        *(image, PYTHON, "-m", "tests.image.nested", reason),
        options=(
            *("--network=none", "--workdir", CHECKOUT, "-e", "PYTHONDONTWRITEBYTECODE=1"),
            *("-v", f"{ROOT / 'tests'}:{CHECKOUT}/tests:ro"),
            *("-v", f"{ROOT / 'template.yaml'}:{CHECKOUT}/template.yaml:ro"),
            *options,
        ),
    )


def main() -> int:
    """In the container: a forge, a server, and what CodeBuild would start beside them."""
    wanted = Reason(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="dishwasher-nested-") as folder:
        place = Path(folder, "forge")
        place.mkdir()
        forge = Forge(place)
        sha = forge.commit({"Dockerfile": DOCKERFILE})
        asked = ticket(Source(forge.url, sha), *STEPS, machine=Machine(docker=True))
        server = Server(asked)
        try:
            code = _build(Path(folder), server)
        finally:
            server.stop()
            forge.close()
    print(server.log.decode(errors="replace"))
    result = server.results[-1] if server.results else None
    if result is not None:
        print(result.detail, *result.notes, *(one.path for one in result.artifacts), sep="\n")
    return 0 if code == 0 and result is not None and result.reason is wanted else 1


def _build(folder: Path, server: Server) -> int:
    archive = folder / "runner.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name in LIBRARIES:
            tar.add(Path(sysconfig.get_path("platlib"), name), name)
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    given = {
        "DISHWASHER_BOOTSTRAP": json.dumps(asdict(server.bootstrap)),
        "DISHWASHER_ARCHIVE": archive.as_uri(),
        "DISHWASHER_PYTHON": sysconfig.get_python_version(),
        # As `aws.codebuild` has it for such a job.
        SINGLE_USE: "1",
        SANDBOX: Level.PLAIN,
    }
    words = ["/bin/sh", "-c", "\n".join(commands())]
    return subprocess.run(words, cwd="/", env={**own, **given}).returncode


if __name__ == "__main__":
    sys.exit(main())
