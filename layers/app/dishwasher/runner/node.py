"""The Node that a job asks for: on PATH, from nvm or fnm, or else from npm's own package of it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.errors import InfraError, UserError

ANSWER_SECONDS = 10.0
ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64", "armv7l": "armv7l"}
"""`node-linux-*` packages by the machine's name: https://www.npmjs.com/package/node"""
NEWEST = ("latest", "stable", "node", "lts", "lts/*", "current")
_WANTED = re.compile(r"v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")

Run = Callable[[tuple[str, ...]], int]
"""Runs a command whose output people see; its exit code."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One that is there."""

    version: tuple[int, ...]
    folder: Path
    """That holds `node`."""

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def provide(wanted: str, host: Mapping[str, str], folder: Path, run: Run) -> tuple[Node, Path]:
    """The Node, and a folder with `node`, `npm` and `npx` to put first on PATH.

    `folder` is the job's own. Raises UserError, which lists what there is.
    """
    prefix = _prefix(wanted)
    there = sorted(_there(host))
    fitting = [node for node in there if node.version[: len(prefix)] == prefix]
    node = fitting[-1] if fitting else _installed(wanted, prefix, there, host, run)
    bin = folder / "bin"
    bin.mkdir(parents=True)
    (bin / "node").symlink_to(node.folder / "node")
    own = shutil.which("node", path=host["PATH"])
    for name in ("npm", "npx"):
        beside = node.folder / name
        elsewhere = shutil.which(name, path=host["PATH"])
        if beside.exists():
            (bin / name).symlink_to(beside)
        elif elsewhere and own:
            # An npm of today does not run on a Node of long ago: it keeps its own, while what it
            # starts finds the one that was asked for.
            real = os.path.realpath(elsewhere)
            (bin / name).write_text(f'#!/bin/sh\nexec "{own}" "{real}" "$@"\n')
            (bin / name).chmod(0o755)
    return node, bin


def _prefix(wanted: str) -> tuple[int, ...]:
    """(18,) of `18`, `v18.x`; empty for the newest that there is."""
    if wanted in ("", *NEWEST):
        return ()
    found = _WANTED.fullmatch(wanted.strip())
    if found is None:
        raise UserError(f"`{wanted}` is no version of Node. Write a number such as 22 or 22.11.0.")
    return tuple(int(part) for part in found.groups() if part and part.isdigit())


def _there(host: Mapping[str, str]) -> Iterator[Node]:
    on_path = shutil.which("node", path=host["PATH"])
    version = _asked(on_path) if on_path else None
    if on_path and version:
        yield Node(version, Path(on_path).parent)
    home = Path(os.path.expanduser("~"))
    nvm = Path(host.get("NVM_DIR") or home / ".nvm")
    fnm = Path(host.get("FNM_DIR") or home / ".local" / "share" / "fnm")
    for place in (*nvm.glob("versions/node/v*/bin"), *_cache().glob("*/node_modules/*/bin")):
        yield from _in(place, place.parts[-2] if place.parent.parent.name == "node" else "")
    for place in fnm.glob("node-versions/v*/installation/bin"):
        yield from _in(place, place.parts[-3])


def _in(folder: Path, name: str) -> Iterator[Node]:
    """What a version manager's folder is named after, it holds; others are asked."""
    if not (folder / "node").exists():
        return
    found = _VERSION.fullmatch(name)
    version = tuple(map(int, found.groups())) if found else _asked(str(folder / "node"))
    if version:
        yield Node(version, folder)


def _asked(program: str) -> tuple[int, ...] | None:
    try:
        said = subprocess.run(
            (program, "--version"),
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=True,
            text=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.match(said)
    return tuple(map(int, found.groups())) if found else None


def _installed(
    wanted: str, prefix: tuple[int, ...], there: list[Node], host: Mapping[str, str], run: Run
) -> Node:
    """From npm, kept for later jobs of this user."""
    names = ", ".join(dict.fromkeys(node.name for node in there))
    listed = f"It has {names}." if names else "It has none."
    npm = shutil.which("npm", path=host["PATH"])
    machine = ARCHITECTURES.get(platform.machine())
    if npm is None or machine is None:
        raise UserError(
            f"Node {wanted or 'of any version'} is asked for and is not on this machine. {listed} "
            "Ask for one of these, or install npm, by which others are fetched."
        )
    version = ".".join(map(str, prefix))
    place = _cache() / version
    package = f"node-linux-{machine}@{version}"
    _cache().mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=_cache(), prefix=".new-"))
    try:
        quiet = ("--no-save", "--no-audit", "--no-fund", "--loglevel=error")
        if run((npm, "install", *quiet, "--prefix", str(fresh), package)):
            raise UserError(
                f"Node {wanted} is not on this machine, and npm has no {package}. {listed}"
            )
        # Another job may have been quicker; its folder is as good as ours.
        if not place.exists():
            fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    found = [node for bin in place.glob("node_modules/*/bin") for node in _in(bin, "")]
    if not found:
        raise InfraError(f"npm's {package} does not start on this machine.")
    return found[0]


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "dishwasher" / "node"
