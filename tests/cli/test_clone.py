"""Which commit is deployed, and which is here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from dishwasher.cli import clone

TEMPLATE = """\
Parameters:
  Architecture:
    Type: String
    Default: arm64
  # Of the functions.
  Runtime:
    Description: Python
    Default: python3.13
  Version:
    Default: unknown

Conditions:
  OwnUrl: x
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    for words in (("init", "-q"), ("add", "."), *(("commit",),) * 3):
        more = ("-qm", "x", "--allow-empty") if words == ("commit",) else ()
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(("git", "-C", str(tmp_path), *identity, *words, *more), check=True)
    return tmp_path


def commit(root: Path, name: str) -> str:
    words = ("git", "-C", str(root), "rev-parse", "--short=12", name)
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_a_clone_knows_its_commit_and_whether_it_was_changed(root: Path) -> None:
    assert clone.version(root) == commit(root, "HEAD")
    (root / "template.yaml").write_text("Parameters:\n")
    assert clone.version(root) == f"{commit(root, 'HEAD')}+"


def test_an_older_commit_is_told_by_how_much(root: Path) -> None:
    assert clone.behind(commit(root, "HEAD~2"), root) == 2
    assert clone.behind(f"{commit(root, 'HEAD')}+", root) == 0


@pytest.mark.parametrize("deployed", ["0123456789ab", "unknown", "--output=x", ""])
def test_of_another_commit_nothing_is_said(root: Path, deployed: str) -> None:
    assert clone.behind(deployed, root) is None


def test_what_is_no_clone_has_no_version(tmp_path: Path) -> None:
    assert clone.version(tmp_path) == clone.runtime(tmp_path) == ""
    assert clone.parameters(tmp_path) == ()
    assert clone.behind("0123456789ab", tmp_path) is None


def test_the_templates_parameters_are_known(root: Path) -> None:
    assert clone.parameters(root) == ("Architecture", "Runtime")
    assert clone.runtime(root) == "python3.13"
    assert {"AlarmEmail", "Settings", "GithubUrl"} <= set(clone.parameters())
    assert clone.runtime().startswith("python3.")
