"""The Node that a job asks for, among those that there are, or fetched by npm."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from dishwasher.errors import UserError
from dishwasher.runner import node

from tests.runner.registry import NODE, registry

PACKAGE = f"node-linux-{node.ARCHITECTURES.get(platform.machine(), 'x64')}"


def run(argv: tuple[str, ...]) -> int:
    raise AssertionError(f"nothing should be run, and not {argv}")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with Node 20.9.0 on PATH, and 18.2.0 and 22.1.0 of nvm's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    program(tmp_path / "bin", "20.9.0")
    for version in ("18.2.0", "22.1.0"):
        program(tmp_path / ".nvm" / "versions" / "node" / f"v{version}" / "bin", version)
    return {"PATH": f"{tmp_path}/bin:/bin:/usr/bin"}


def program(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    (folder / "node").write_text(NODE.format(version=version))
    (folder / "node").chmod(0o755)


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("20.9.0", "20.9.0"),
        ("20", "20.9.0"),
        ("v18.x", "18.2.0"),
        ("18.2", "18.2.0"),
        ("latest", "22.1.0"),
        ("lts/*", "22.1.0"),
        ("", "22.1.0"),
    ],
)
def test_the_newest_that_fits(
    host: dict[str, str], tmp_path: Path, wanted: str, version: str
) -> None:
    chosen, bin = node.provide(wanted, host, tmp_path / "job", run)
    assert chosen.name == version
    asked = subprocess.run((bin / "node", "--version"), capture_output=True, text=True, check=True)
    assert asked.stdout == f"v{version}\n"


def test_fnm_is_looked_at_too(host: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / ".local" / "share" / "fnm" / "node-versions" / "v16.4.0" / "installation"
    program(place / "bin", "16.4.0")
    assert node.provide("16", host, tmp_path / "job", run)[0].name == "16.4.0"


@pytest.mark.parametrize("wanted", ["iojs", "twenty", "$(id)", "20.9.0.1", "-g"])
def test_what_is_no_version_is_said(host: dict[str, str], tmp_path: Path, wanted: str) -> None:
    with pytest.raises(UserError, match="is no version of Node"):
        node.provide(wanted, host, tmp_path / "job", run)


def test_without_npm_the_error_lists_what_there_is(host: dict[str, str], tmp_path: Path) -> None:
    lonely = {"PATH": f"{tmp_path}/bin"}
    with pytest.raises(UserError, match=r"It has 18\.2\.0, 20\.9\.0, 22\.1\.0\. Ask for one"):
        node.provide("6.1.0", lonely, tmp_path / "job", run)


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed; it comes with nodejs")
def test_others_are_fetched_by_npm_and_kept(host: dict[str, str], tmp_path: Path) -> None:
    real = os.environ["PATH"]
    with registry(PACKAGE, "6.1.0", "6.9.4") as url:
        environment = {"PATH": real, "HOME": str(tmp_path), "npm_config_registry": url}

        def install(argv: tuple[str, ...]) -> int:
            return subprocess.run(argv, env=environment, cwd=tmp_path, check=False).returncode

        fetched, bin = node.provide("6.1", {"PATH": real}, tmp_path / "job", install)
        assert fetched.name == "6.1.0"
        again, _ = node.provide("6.1.0", {"PATH": real}, tmp_path / "next", run)
        assert again == fetched
        with pytest.raises(UserError, match=rf"npm has no {PACKAGE}@5\. It has "):
            node.provide("5", {"PATH": real}, tmp_path / "third", install)
    shown = {"PATH": f"{bin}:{real}", "HOME": str(tmp_path)}
    version = subprocess.run(("npm", "--version"), env=shown, capture_output=True, check=True)
    assert version.stdout.strip(), "npm runs on its own Node, which the old one could not carry"
    said = subprocess.run(("node", "--version"), env=shown, capture_output=True, check=True)
    assert said.stdout == b"v6.1.0\n"
