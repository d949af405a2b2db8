"""One real Django project with PostgreSQL, by each format's own rules, as people run it.

The project is the article's large CMS site in small, its circle.yml the article's file. What is no
longer there is replaced: the version of Node, and the two tools of the deployment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

OWN = frozenset({"python", "restore dependencies", "save dependencies"})
"""Phases of what the runner itself does."""
PROJECTS = "DISHWASHER_TEST_PROJECTS"
"""Set by `make test-projects`."""


def run(root: Path, config: str, name: str, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, results and output of `dishwasher run` with one of the configurations."""
    shutil.copyfile(HERE / config, root / name)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c")
    for command in (("init", "-q", "-b", "master"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run((*git, *command), cwd=root, check=True, capture_output=True)
    told = root.parent / "told.json"
    kept = root.parent / "kept"
    pip = f"PIP_CACHE_DIR={(root.parent / 'pip').resolve()}"
    dishwasher = (sys.executable, "-m", "dishwasher", "run", "--env", pip)
    done = subprocess.run(
        (*dishwasher, "--artifacts", str(kept), "--json", str(told), *words),
        cwd=root,
        env={**os.environ, "STAGING_ROOT": str(root.parent / "staging")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(told.read_text()), done.stdout


def kept(root: Path) -> list[str]:
    folder = root.parent / "kept"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def steps(told: dict[str, Any], job: str) -> dict[str, list[int]]:
    """Exit codes by phase, those of what the runner itself does aside."""
    (found,) = [one for one in told["jobs"] if one["name"] == job]
    return {
        phase["name"]: [step["exit_code"] for step in phase["steps"]]
        for phase in found["phases"]
        if phase["steps"] and phase["name"] not in OWN
    }


def restores(told: dict[str, Any], job: str) -> bool:
    """Whether it got its dependencies from another job of the build."""
    (found,) = [one for one in told["jobs"] if one["name"] == job]
    return "restore dependencies" in [phase["name"] for phase in found["phases"]]
