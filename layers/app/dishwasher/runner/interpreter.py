"""The Python that a job asks for, among those that this machine has."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.environment import LIBRARIES
from dishwasher.errors import UserError

OLDEST = (3, 3)
"""The first Python with `venv`: https://docs.python.org/3/library/venv.html."""
ANSWER_SECONDS = 10.0
_PROGRAM = re.compile(r"python(\d(\.\d+)?)?")
_WANTED = re.compile(r"(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?")
_ASK = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
ANY = ("", "latest", "system")
NAMES = ("python", "python3")
NEEDED = frozenset({"PATH", LIBRARIES})
"""Without which some do not start."""


@dataclass(frozen=True, slots=True, order=True)
class Python:
    """One that can be started."""

    version: tuple[int, ...]
    place: str

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def choose(wanted: str, path: str, kept: Iterable[str] = ()) -> Python:
    """The newest that fits the version; raises UserError, which lists what there is.

    `kept` are programs beside those on `path`, as `kept_by_tools` finds them.
    Any version will do where none is asked for, and then the first on PATH is taken.
    """
    there = list(_there(path, kept))
    usable = [python for python in there if python.version >= OLDEST]
    if wanted in ANY and usable:
        return max(usable) if wanted == "latest" else usable[0]
    prefix = _prefix(wanted)
    fitting = [python for python in usable if python.version[: len(prefix)] == prefix]
    if prefix and fitting:
        # The first of the newest: what PATH shows wins over what tools keep.
        newest = max(python.version for python in fitting)
        return next(python for python in fitting if python.version == newest)
    names = sorted({python.version: python.name for python in usable}.values(), key=_numbers)
    listed = f"It has {', '.join(names)}." if names else "It has none from 3.3 on."
    raise UserError(
        f"Python {wanted or '3'} is asked for and is not on this machine. {listed} "
        "Ask for one of these, or install it with pyenv or `uv python install`."
    )


def _prefix(wanted: str) -> tuple[int, ...]:
    """(3, 12) of `3.12`, `3.12.x` and `python3.12`; empty for what is no version."""
    found = _WANTED.fullmatch(wanted.strip().removeprefix("python").strip("- "))
    return tuple(int(part) for part in found.groups() if part and part.isdigit()) if found else ()


def _numbers(name: str) -> list[int]:
    return [int(part) for part in name.split(".")]


def _there(path: str, kept: Iterable[str]) -> Iterator[Python]:
    """On PATH in its order, then the others; each real file once."""
    seen: set[str] = set()
    for place in (*_on_path(path), *kept):
        real = os.path.realpath(place)
        # pyenv's shims are one script under many names, and each answers for another version.
        key = place if Path(place).parent.name == "shims" else real
        version = _version(place) if key not in seen else None
        seen.add(key)
        if version:
            yield Python(version, place)


def _on_path(path: str) -> Iterator[str]:
    for folder in path.split(os.pathsep):
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        yield from (os.path.join(folder, name) for name in names if _PROGRAM.fullmatch(name))


def kept_by_tools(host: Mapping[str, str]) -> Iterator[str]:
    """Programs in the folders of pyenv and uv, by these tools' own rules of where they are.

    https://docs.astral.sh/uv/reference/storage/#python-versions
    """
    pyenv = Path(host.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"))
    data = host.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    uv = Path(host.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python")
    for folder in (*sorted(pyenv.glob("versions/*/bin")), *sorted(uv.glob("*/bin"))):
        program = next((folder / name for name in NAMES if (folder / name).exists()), None)
        if program is not None:
            yield str(program)


def _version(place: str) -> tuple[int, ...] | None:
    """None for what does not start, such as pyenv's shim of a version that is not selected."""
    needed = {name: os.environ[name] for name in NEEDED & os.environ.keys()}
    try:
        said = subprocess.run(
            (place, "-I", "-S", "-c", _ASK),
            env={"PATH": os.defpath, **needed},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(_numbers(said.decode().strip()))
