"""Which links a cache may hold, and how a virtual environment gets its interpreter back.

A virtual environment holds a link to the machine's Python and the absolute path of its own folder
in each of its scripts. The link is not kept: on the way back it is made anew, to an interpreter
that is there. The paths are put right.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = "pyvenv.cfg"
PYTHON = re.compile(r"python[0-9.]*")
TEXT = 1024 * 1024
"""Bytes above which a file is no script."""


@dataclass(frozen=True, slots=True)
class Virtualenv:
    """`folder` in the archive, and its links to an interpreter: names in `bin`, and targets."""

    folder: str
    pythons: tuple[tuple[str, str], ...]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/bin/{name}" for name, _ in self.pythons)

    @property
    def told(self) -> dict[str, Any]:
        return {"folder": self.folder, "pythons": [list(pair) for pair in self.pythons]}


def stays(name: str, target: str) -> bool:
    """Whether a link with this path in the archive leads to a place below the same root.

    Only at its beginning may a target climb. Behind a name, `..` would climb from wherever that
    name leads, if it is a link itself.
    """
    parts = [part for part in target.split("/") if part not in ("", ".")]
    climbs = 0
    while climbs < len(parts) and parts[climbs] == "..":
        climbs += 1
    # The first part of the name is the root, the last one the link.
    depth = name.count("/") - 1
    return bool(target) and target[0] != "/" and climbs <= depth and ".." not in parts[climbs:]


def is_python(name: str, place: str) -> bool:
    """A link to an interpreter in the `bin` of a virtual environment."""
    folder, base = os.path.split(place)
    settings = os.path.join(os.path.dirname(folder), SETTINGS)
    return bool(
        PYTHON.fullmatch(base) and os.path.basename(folder) == "bin" and os.path.isfile(settings)
    )


def virtualenv(name: str, place: str) -> Virtualenv:
    """What has to be known of the one with these settings; raises OSError."""
    folder, bin = name.rpartition("/")[0], os.path.join(os.path.dirname(place), "bin")
    pythons = []
    for base in sorted(os.listdir(bin)) if os.path.isdir(bin) else ():
        path = os.path.join(bin, base)
        if PYTHON.fullmatch(base) and os.path.islink(path):
            target = os.readlink(path)
            if not stays(f"{folder}/bin/{base}", target):
                pythons.append((base, target))
    return Virtualenv(folder, tuple(pythons))


def restore_pythons(folder: Path, pythons: dict[str, str], own: Path) -> str:
    """Link to the interpreters that were left out; else what is missing.

    `own` is the job's folder: what a job has made there is no interpreter of the machine.
    """
    for name, target in pythons.items():
        real = os.path.realpath(target)
        fine = (
            PYTHON.fullmatch(name)
            and target.startswith("/")
            and PYTHON.fullmatch(os.path.basename(real))
            and not real.startswith(f"{os.path.realpath(own)}/")
            and os.access(real, os.X_OK)
            and stat.S_ISREG(os.stat(real).st_mode)
        )
        if not fine:
            return f"it was made with {target}, which is not on this machine"
        os.symlink(target, folder / "bin" / name)
    return ""


def move(folder: Path, moved: dict[str, str]) -> None:
    """Put the paths right in what a virtual environment writes them into: `moved` old to new."""
    places = [folder / SETTINGS, *_files(folder / "bin")]
    for site in folder.glob("lib/python*/site-packages"):
        places += [place for place in _files(site) if place.suffix in (".pth", ".egg-link")]
        # Finders of setuptools, scikit-build-core and meson-python; and what pip shows of them.
        places += site.glob("_*editable*.py")
        places += site.glob("*.dist-info/direct_url.json")
    old = {before.encode(): after.encode() for before, after in moved.items()}
    for place in places:
        state = os.lstat(place)
        if not stat.S_ISREG(state.st_mode) or state.st_size > TEXT:
            continue
        data = place.read_bytes()
        after = data
        for before, now in old.items():
            after = after.replace(before + b"/", now + b"/")
        if after != data and b"\0" not in data:
            place.write_bytes(after)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
