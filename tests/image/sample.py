"""The demo's sample site, built in a container by `dishwasher run`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import dishwasher.demo

from tests.image.docker import Docker

SAMPLE = Path(dishwasher.demo.__file__).parent / "sample"
MACHINE = """\
machine:
  python: "{python}"
  services: [postgres, redis, mysql, memcached]
dependencies:
  - pip install {needs}
checks:
  programs:
    run:
      - psql -h localhost -tAc "select 'PostgreSQL ' || version()" postgres
      - redis-cli ping
      - chromium --headless --no-sandbox --dump-dom "data:text/html,<p>clean" | grep clean
"""
"""In front of the site's own checks: what the demo has from its own environment."""


SITE_NEEDS = ("Django>=5.2,<5.3", "flake8>=7.1,<8", "Sphinx>=8.1,<9")
OVEN = """
from dishwasher.demo.oven import Oven
import os, subprocess, sys
oven = Oven()
oven.start()
words = ("dishwasher", "run", "--verbose", "--env", f"OVEN_URL={oven.url}", *sys.argv[1:])
code = subprocess.run(words).returncode
oven.stop()
sys.exit(code)
"""
"""What the check `test-bake` asks, beside the build in the one container."""


def built(docker: Docker, image: str, python: str) -> Mapping[str, str]:
    """Conclusions of its checks by their names, with one more that uses servers and a browser.

    The container has no network, so that no server of this machine is taken for one of the job's.
    """
    with tempfile.TemporaryDirectory(prefix="dishwasher-sample-") as folder:
        site, out, wheels = (Path(folder, name) for name in ("site", "out", "wheels"))
        out.mkdir()
        wheels.mkdir()
        pip = (f"python{python}", "-m", "pip", "download", "-q", "-d", "/wheels", *SITE_NEEDS)
        docker.run(image, *pip, options=("--network", "host", "-v", f"{wheels}:/wheels"))
        shutil.copytree(SAMPLE, site)
        file = site / ".dishwasher.yml"
        own = file.read_text()
        begun = own.index("checks:\n") + len("checks:\n")
        needs = " ".join(map(json.dumps, SITE_NEEDS))
        file.write_text(MACHINE.format(python=python, needs=needs) + own[begun:])
        options = [
            *("--network", "none", "--tmpfs", "/tmp:exec,mode=1777", "-v", f"{site}:/work:ro"),
            *("-v", f"{out}:/out", "-v", f"{wheels}:/wheels:ro"),
            *("-e", "PIP_NO_INDEX=1", "-e", "PIP_FIND_LINKS=/wheels"),
        ]
        words = ("/opt/dishwasher/bin/python", "-c", OVEN, "--json", "/out/result.json")
        try:
            docker.run(image, *words, options=options)
        except RuntimeError as error:
            # A check that failed is told by its conclusion, and by its log why.
            print(str(error)[-8000:])
            if not (out / "result.json").exists():
                raise
        said = json.loads((out / "result.json").read_text())
    return {job["name"]: job["conclusion"] for job in said["jobs"]}
