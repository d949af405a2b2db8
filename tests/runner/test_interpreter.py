"""Which Python a job gets, from PATH, pyenv and uv, and what is said when there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.machine import Machine
from dishwasher.errors import UserError
from dishwasher.runner.interpreter import choose, kept_by_tools

from tests.runner.job import Jobs, phase

Place = Callable[..., str]
THIS = "{}.{}.{}".format(*sys.version_info[:3])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """place(name, version) → a folder with a program that says this version."""

    def make(name: str, version: str) -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n[ -n '{version}' ] && echo {version}\n")
        file.chmod(0o755)
        return str(file.parent)

    return make


def chosen(wanted: str, tmp_path: Path, *folders: str) -> str:
    path = os.pathsep.join((*folders, "/nowhere"))
    tools = {"PYENV_ROOT": f"{tmp_path}/pyenv", "UV_PYTHON_INSTALL_DIR": f"{tmp_path}/uv"}
    return str(Path(choose(wanted, path, kept_by_tools(tools)).place).relative_to(tmp_path))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("3.11", "b/python3.11"),
        ("3.12", "a/python3"),
        ("3.12.1", "pyenv/versions/3.12.1/bin/python"),
        ("3.12.x", "a/python3"),
        ("python3.11", "b/python3.11"),
        ("3", "a/python3"),
        ("", "a/python3"),
        ("3.10", "pyenv/versions/3.10.4/bin/python"),
        ("3.8", "uv/cpython-3.8.2-linux-x86_64-gnu/bin/python3"),
        ("3.10.3", "uv/cpython-3.10.3-linux-x86_64-gnu/bin/python3"),
        ("latest", "a/python3"),
    ],
)
def test_the_newest_that_fits_is_chosen(
    place: Place, tmp_path: Path, wanted: str, found: str
) -> None:
    folders = place("a/python3", "3.12.7"), place("b/python3.11", "3.11.2")
    place("a/python", "2.7.18")
    place("a/python3.13", "")
    place("a/python3-config", "3.14.0")
    place("pyenv/versions/3.12.1/bin/python", "3.12.1")
    place("pyenv/versions/3.10.4/bin/python", "3.10.4")
    place("uv/cpython-3.8.2-linux-x86_64-gnu/bin/python3", "3.8.2")
    place("uv/cpython-3.10.3-linux-x86_64-gnu/bin/python3", "3.10.3")
    assert chosen(wanted, tmp_path, *folders) == found


def test_a_python_that_needs_its_libraries_path_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of AWS's runtime for functions, whose library is beside it and nowhere looked for."""
    program = tmp_path / "lang" / "python3.13"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$LD_LIBRARY_PATH" = /var/lang/lib ] && echo 3.13.1\n')
    program.chmod(0o755)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    with pytest.raises(UserError):
        chosen("3.13", tmp_path, str(program.parent))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/var/lang/lib")
    assert chosen("3.13", tmp_path, str(program.parent)) == "lang/python3.13"


def test_what_is_missing_is_said_with_what_is_there(place: Place, tmp_path: Path) -> None:
    folder = place("a/python3", "3.9.2")
    place("pyenv/versions/3.10.4/bin/python", "3.10.4")
    for wanted in ("3.12", "3.1", "pypy-3"):
        with pytest.raises(UserError) as error:
            chosen(wanted, tmp_path, folder)
        text = f"Python {wanted} is asked for and is not on this machine. It has 3.9.2, 3.10.4. "
        assert str(error.value).startswith(text)
    with pytest.raises(UserError, match=re.escape("It has none from 3.3 on")):
        choose("3", "/nowhere")


def test_a_python_without_venv_is_not_counted(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape("Python 2.7 is asked for")):
        chosen("2.7", tmp_path, place("a/python2.7", "2.7.18"))


def test_tools_keep_their_versions_where_they_say(place: Place, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    own = [
        f"{place('home/.pyenv/versions/3.12.1/bin/python', '3.12.1')}/python",
        f"{place('home/.local/share/uv/python/cpython-3.13.2/bin/python3', '3.13.2')}/python3",
    ]
    elsewhere = f"{place('data/uv/python/cpython-3.9.1/bin/python3', '3.9.1')}/python3"
    script = (
        "import sys; from dishwasher.runner.interpreter import kept_by_tools; "
        "print(*kept_by_tools(dict(one.split('=') for one in sys.argv[1:])), sep=chr(10))"
    )

    def found(*variables: str) -> list[str]:
        command = (sys.executable, "-c", script, *variables)
        done = subprocess.run(command, env={"HOME": home}, capture_output=True, text=True)
        return done.stdout.split()

    assert found() == own
    assert found(f"XDG_DATA_HOME={tmp_path}/data") == [own[0], elsewhere]
    assert found("PYENV_ROOT=/x", f"UV_PYTHON_INSTALL_DIR={tmp_path}/data/uv/python") == [elsewhere]


@pytest.fixture
def this(job: Jobs) -> Jobs:
    """Jobs on a machine that has the Python of the tests and no other."""
    job.host = {
        "PATH": f"{Path(sys.base_exec_prefix)}/bin:/usr/bin:/bin",
        "PYENV_ROOT": "/nowhere",
        "UV_PYTHON_INSTALL_DIR": "/nowhere",
    }
    return job


def test_a_job_runs_in_a_virtual_environment_of_its_own(this: Jobs) -> None:
    minor = "{}.{}".format(*sys.version_info[:2])
    done = this(
        phase("build", "command -v python; python -V; echo $VIRTUAL_ENV; command -v pip"),
        machine=Machine(python=minor, virtualenv=True),
    )
    root = done.workspace.root
    assert done.verdict.reason is Reason.OK
    assert [one.name for one in done.phases] == ["python", "build"]
    assert done.printed == [
        f"{root}/virtualenv/bin/python",
        f"Python {THIS}",
        f"{root}/virtualenv",
        f"{root}/virtualenv/bin/pip",
    ]


def test_a_version_that_is_not_there_fails_before_any_step(this: Jobs) -> None:
    done = this(phase("build", "echo no"), machine=Machine(python="3.99"))
    assert done.verdict.reason is Reason.FAILED
    assert THIS in done.verdict.detail
    assert done.ran == ["python"]
    assert done.log.endswith(f"[dishwasher] {done.verdict.detail}\n")


def test_a_python_that_can_not_make_one_says_what_it_may_lack(job: Jobs, place: Place) -> None:
    job.host = {"PATH": f"{place('a/python3', '3.12.7; [ $# = 4 ]')}:/usr/bin:/bin"}
    done = job(phase("build", "echo no"), machine=Machine(python="3.12.7", virtualenv=True))
    assert done.verdict.reason is Reason.FAILED
    assert "it may lack `venv`" in done.verdict.detail
    assert done.ran == ["python 1"]
