"""What infra/runner/install.sh asks for, and of whom: `sudo` notes it here and does nothing.

`make test-image` runs it for real.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
INSTALL = INFRA / "runner" / "install.sh"
TOOLS = ("bash", "cat", "cut", "dirname", "grep")
NAME = re.compile(r"[A-Za-z0-9.+_-]+")


class Machine:
    """A user's PATH with few programs, and packages that are there."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self._bin, self._calls, self._there = folder / "bin", folder / "calls", folder / "there"
        self._bin.mkdir()
        self._calls.touch()
        self._there.touch()
        for tool in TOOLS:
            (self._bin / tool).symlink_to(shutil.which(tool) or tool)
        # Whoever runs the tests: nothing is ever done by root.
        self.program("id", "echo 1000")
        for name in programs:
            self.program(name, f'echo "{name} $*" >> {self._calls}')

    def program(self, name: str, body: str) -> None:
        path = self._bin / name
        # Exclusive: what is there may be a link to the machine's own.
        with path.open("x") as file:
            file.write(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def has(self, *packages: str) -> None:
        """By dpkg's and rpm's word."""
        self._there.write_text("".join(f"{package}\n" for package in packages))
        if (self._bin / "rpm").exists():
            return
        look = f'grep -qx -- "{{}}" {self._there}'
        self.program("dpkg-query", f'{look.format("$3")} && echo "install ok installed"')
        self.program("rpm", look.format("$3"))

    def install(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("bash", str(INSTALL), *words),
            env={"PATH": str(self._bin), **environment},
            capture_output=True,
            text=True,
        )

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()


def listed() -> dict[str, tuple[list[str], list[str]]]:
    """The packages of apt and of dnf by purpose."""
    rows = [
        [column.split() for column in line.split("|")]
        for line in (INFRA / "runner" / "packages").read_text().splitlines()
        if not line.startswith("#")
    ]
    return {row[0][0]: (row[1], row[2]) for row in rows}


@pytest.fixture
def debian(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path, "apt-get", "sudo")
    machine.has()
    return machine


@pytest.fixture
def amazon(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path, "dnf", "sudo")
    machine.has()
    return machine


def test_apt_is_asked_once_for_all_that_is_missing(debian: Machine) -> None:
    debian.has("git", "memcached")
    done = debian.install("packages", "git", "memcached", "sandbox", "postgresql")
    assert done.returncode == 0, done.stderr
    (call,) = [call for call in debian.calls if "apt-get install" in call]
    assert call.startswith("sudo ")
    assert call.endswith(" openssh-client bubblewrap postgresql")


def test_where_all_is_there_nothing_is_asked(debian: Machine) -> None:
    apt = [package for packages, _ in listed().values() for package in packages]
    debian.has(*apt)
    done = debian.install("packages", *listed())
    assert (done.returncode, debian.calls, done.stderr) == (0, [], "")


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ("docker-cli docker-buildx docker-compose", "docker-cli docker-buildx"),
        ("docker-buildx docker-compose-v2", "docker-buildx"),
        ("docker-compose", ""),
    ],
    ids=["Debian 13", "Ubuntu 24.04", "Debian 12"],
)
def test_of_dockers_clients_those_are_taken_that_a_system_has_apart(
    debian: Machine, offered: str, taken: str
) -> None:
    debian.program("apt-cache", f'case " {offered} " in *" $2 "*) ;; *) exit 100 ;; esac')
    debian.has("docker.io", "iptables")
    done = debian.install("packages", "docker")
    assert done.returncode == 0, done.stderr
    calls = [call.partition("recommends ")[2] for call in debian.calls if "install" in call]
    assert calls == ([taken] if taken else [])


def test_dnf_takes_the_packages_of_the_release_that_is_named(amazon: Machine) -> None:
    done = amazon.install("packages", "redis", "mysql", RELEASE="2023.12.20260918")
    assert done.returncode == 0, done.stderr
    call = amazon.calls[-1]
    assert call.startswith("sudo dnf install -y")
    assert "--releasever=2023.12.20260918" in call
    assert call.endswith(" valkey mariadb1011-server")


def test_the_node_of_somebody_else_is_left(debian: Machine) -> None:
    debian.program("npm", "exit 0")
    assert debian.install("packages", "node").returncode == 0
    assert debian.calls == []


def test_a_machine_without_apt_and_dnf_is_told_what_to_do(tmp_path: Path) -> None:
    done = Machine(tmp_path).install("packages")
    assert done.returncode == 1
    assert "neither apt-get nor dnf" in done.stderr and "infra/runner/packages" in done.stderr


def test_what_a_system_has_no_package_for_is_said(amazon: Machine) -> None:
    done = amazon.install("packages", "git", "github")
    assert (done.returncode, amazon.calls) == (1, [])
    assert "dnf has no package for github" in done.stderr


def test_a_user_without_sudo_is_told_to_be_root(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "dnf")
    machine.has()
    done = machine.install("packages", "git")
    assert (done.returncode, machine.calls) == (1, [])
    assert "run it as root, or install sudo" in done.stderr


@pytest.mark.parametrize("words", [(), ("everything",)])
def test_a_wrong_word_is_answered_with_the_right_ones(
    amazon: Machine, words: tuple[str, ...]
) -> None:
    done = amazon.install(*words)
    assert done.returncode == 1
    assert "packages [NAME…], pythons [VERSION…] or runner" in done.stderr


def test_every_purpose_has_packages_of_both_or_a_minus() -> None:
    for name, (apt, dnf) in listed().items():
        assert apt and dnf, name
        assert all(map(NAME.fullmatch, apt + dnf)), name


def test_what_the_tests_need_is_listed() -> None:
    (call,) = re.findall(r"packages \\\n +(.+)", (INFRA / "ci-packages").read_text())
    assert set(call.split()) <= set(listed())


def test_the_images_versions_are_those_that_the_product_takes() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (INFRA / "runner" / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in pinned.items()}
    extra = [
        line for line in project["optional-dependencies"]["aws"] if line.startswith("aws-lambda")
    ]
    for line in (*project["dependencies"], *extra):
        wanted = Requirement(line)
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), line


@pytest.mark.real("shellcheck")
def test_shellcheck_finds_nothing() -> None:
    scripts = [
        path
        for path in (*INFRA.iterdir(), *(INFRA / "runner").iterdir(), ROOT / ".ci" / "run")
        if path.is_file() and re.match(rb"#!.*\b(ba)?sh\n", path.read_bytes()[:40])
    ]
    assert {"install.sh", "entrypoint", "ci-packages", "run"} <= {path.name for path in scripts}
    done = subprocess.run(("shellcheck", *map(str, scripts)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
