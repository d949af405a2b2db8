from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from dishwasher.errors import UserError
from dishwasher.local.machine import require, without_git


def program(folder: Path, name: str, script: str) -> None:
    place = folder / name
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path) -> str:
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "bash").symlink_to(bash)
    return str(tmp_path)


def test_this_machine_has_what_is_needed() -> None:
    require(os.environ["PATH"])
    assert without_git(os.environ["PATH"]) == ""


@pytest.mark.parametrize(
    "said", ["git version 2.38.0", "git version 2.39.3 (Apple Git-146)", "git version 3.0.rc1"]
)
def test_any_newer_git_will_do(path: str, said: str) -> None:
    program(Path(path), "git", f"echo '{said}'")
    assert without_git(path, (2, 38)) == ""


@pytest.mark.parametrize("said", ["git version 2.37.9", "git version 1.99.0", "hello", ""])
def test_an_older_git_is_named_with_the_one_that_is_needed(path: str, said: str) -> None:
    program(Path(path), "git", f"echo '{said}'")
    assert without_git(path, (2, 38)).startswith(f"git 2.38 or newer is needed, and {path}/git")


def test_a_git_that_can_not_be_run_is_named(path: str) -> None:
    program(Path(path), "git", "")
    (Path(path) / "git").write_text("#!/nowhere/sh\n")
    assert without_git(path).startswith(f"{path}/git can not be run")


def test_a_missing_program_is_named(path: str) -> None:
    require(path)
    assert without_git(path) == "git is not on PATH: install git 2.32 or newer"
    with pytest.raises(UserError, match=r"git is not on PATH: install git 2\.38 or newer"):
        require(path, (2, 38))
    (Path(path) / "bash").unlink()
    with pytest.raises(UserError, match="bash is not on PATH"):
        require(path)


def test_another_system_than_linux_is_refused() -> None:
    with pytest.raises(UserError, match="on Linux only, and this is darwin"):
        require(os.environ["PATH"], platform="darwin")
