"""What README.md shows of `dishwasher` on a checkout is what it prints there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("\n## Try it on a checkout\n")[1].split("\n## ")[0]
BLOCKS = [dedent(block) for block in re.findall(r"(?:^(?: {4}.*)?\n)+", SECTION, re.MULTILINE)]
SHOWN = {
    block.split("\n")[0].removeprefix("$ "): block.split("\n", 1)[1].strip("\n")
    for block in (block.strip("\n") for block in BLOCKS)
    if block.startswith("$ ")
}
YAML = next(
    block.strip("\n") + "\n" for block in BLOCKS if block.lstrip("\n").startswith("checks:")
)
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
FILES = {
    ".flake8": "[flake8]\nmax-line-length = 100\n",
    "bakery/__init__.py": "",
    "bakery/prices.py": "import decimal\n\n\ndef total(prices):\n    return sum(prices)\n",
    "bakery/tests.py": dedent(
        """
        import unittest

        from bakery.prices import total


        class Prices(unittest.TestCase):
            def test_total(self):
                self.assertEqual(total([1, 2]), 3)
        """
    ).lstrip(),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *names, *words), cwd=folder, check=True, timeout=30)


def commit(folder: Path, config: str) -> None:
    (folder / ".dishwasher.yml").write_text(config, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Sell bread")


def printed(folder: Path, command: str) -> str:
    """What a `dishwasher` command prints, without what no two runs have in common."""
    done = subprocess.run(
        (sys.executable, "-m", "dishwasher", *command.split()[1:]),
        cwd=folder,
        env={**os.environ, "PATH": PATH, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "80"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return steady(done.stdout.decode())


def steady(text: str) -> str:
    """Commits, times, and what a step used of the machine."""
    text = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", text)
    text = re.sub(r"(after \S+ s) \(.*\)", r"\1", text)
    return re.sub(r"\d+\.\d s", "0.0 s", text).strip("\n")


def test_init_says_what_is_shown(project: Path) -> None:
    command = "dishwasher init"
    assert printed(project, command) == SHOWN[command]


def test_validate_says_what_is_shown(project: Path) -> None:
    command = "dishwasher validate"
    commit(project, YAML.replace("needs: lint", "needs: lnt"))
    assert printed(project, command) == SHOWN[command]


@pytest.mark.parametrize("command", [one for one in SHOWN if one.startswith("dishwasher plan")])
def test_plan_says_what_is_shown(project: Path, command: str) -> None:
    commit(project, YAML)
    git(project, "switch", "-q", "-c", "rye")
    assert printed(project, command) == SHOWN[command]


@pytest.mark.skipif(find_spec("flake8") is None, reason="flake8 is not installed")
def test_run_says_what_is_shown(project: Path) -> None:
    command = "dishwasher run"
    commit(project, YAML)
    assert printed(project, command) == steady(SHOWN[command])


def test_schema_prints_what_is_shown(project: Path) -> None:
    command, cut = "dishwasher schema", " | head -3"
    lines = printed(project, command).split("\n")[:3]
    assert lines == SHOWN[command + cut].split("\n")


def test_every_command_that_needs_no_server_is_shown() -> None:
    shown = {command.split()[1] for command in SHOWN}
    assert shown == {"init", "validate", "plan", "run", "schema"}
