"""Dependencies installed by each job beside dependencies that another job has installed.

`python -m bench.prepared` runs the jobs of two projects with `dishwasher run`: one that needs what
the sample site of `dishwasher demo` does, and one that needs a single small package. It prints
what the stages of a job that installs took, what storing added to them, and what a job that
restores took instead. Exit code 1 when restoring the site's dependencies takes more than half the
time of installing them, or storing more than a quarter of it. Installing needs a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import dishwasher

from bench.webhook import Table

TIMES = 3
PACKAGES = Path(dishwasher.__file__).parents[1]
SITE = "Django\nflake8\nSphinx\n"
"""What the sample site of `dishwasher demo` needs."""
CONFIG = """\
machine: {python: "%d.%d"}
dependencies: pip install -q -r requirements.txt
checks: {one: "true", two: "true"}
"""
RESTORED, STORED = 0.5, 0.25
"""Of the time to install."""
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")

Seconds = dict[str, float]


def main() -> int:
    argparse.ArgumentParser(prog="bench.prepared", description=__doc__).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        site = project(folder / "site", SITE)
        least = project(folder / "least", "sqlparse\n")
        for what, place, bounds in (
            ("the sample site", site, (RESTORED, STORED)),
            ("one small package", least, (None, None)),
        ):
            measure(what, place, table, *bounds)
    return 0 if table.kept else 1


def project(folder: Path, requirements: str) -> Path:
    folder.mkdir()
    (folder / "requirements.txt").write_text(requirements)
    (folder / ".dishwasher.yml").write_text(CONFIG % sys.version_info[:2])
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "bench")):
        subprocess.run((*GIT, *words), cwd=folder, check=True)
    return folder


def measure(
    what: str, folder: Path, table: Table, restored: float | None, stored: float | None
) -> None:
    install, save, restore = [], [], []
    for _ in range(TIMES):
        cache = folder.parent / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        first, second = run(folder, cache)
        install.append(first["python"] + first["dependencies"])
        save.append(first["save dependencies"])
        restore.append(second["restore dependencies"])
        size = sum(one.stat().st_size for one in cache.rglob("*") if one.is_file())
    table.row(f"{what}: installed", median(install), "s")
    table.row(f"{what}: stored, {size / 1e6:.1f} MB", median(save), "s")
    table.row(f"{what}: restored", median(restore), "s")
    table.row(f"{what}: restored / installed", median(restore) / median(install), "", restored)
    table.row(f"{what}: stored / installed", median(save) / median(install), "", stored)


def run(folder: Path, cache: Path) -> tuple[Seconds, Seconds]:
    """Seconds of each stage, of the job that installs and of the next."""
    report = folder.parent / "report.json"
    environment = {
        **os.environ,
        "PYTHONPATH": str(PACKAGES),
        "XDG_CACHE_HOME": str(cache),
        "DISHWASHER_INSTALL_SECONDS": "0",
    }
    words = ("run", str(folder), "--json", str(report))
    subprocess.run(
        (sys.executable, "-m", "dishwasher", *words),
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    one, two = json.loads(report.read_text())["jobs"]
    return stages(one), stages(two)


def stages(job: dict[str, object]) -> Seconds:
    found = {}
    phases = job["phases"]
    assert isinstance(phases, list)
    for phase in phases:
        found[phase["name"]] = sum(step["seconds"] for step in phase["steps"])
    return found


if __name__ == "__main__":
    sys.exit(main())
