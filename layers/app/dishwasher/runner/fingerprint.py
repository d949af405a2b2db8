"""All that the outcome of installing dependencies follows from, as one key.

What is left out of it would make one job run with what another has installed from something else,
so everything is in it that an installer is known to read.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.step import Installs, Phase
from dishwasher.core.ticket import Ticket
from dishwasher.runner import files, requirements
from dishwasher.runner.artifacts import open_regular

SETTINGS = (
    *("/etc/os-release", "/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/uv/uv.toml"),
    *("/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc"),
)
"""Of the machine: what installers read, and which system libraries they compile against."""
OF_HOME = (".pip/pip.conf", ".config/pip/pip.conf", ".config/uv/uv.toml", ".npmrc", ".netrc")
"""Of the job's HOME, which a cache may have filled."""
INCLUDED = 100
"""Requirement files that may include each other."""
TEXT = 1024 * 1024
"""Bytes of one such file."""
READ = 1024 * 1024
TREE_FILES, TREE_BYTES = 20_000, 200 * 1000 * 1000
"""Of a checkout that is read whole."""
OWNED = frozenset({"node_modules", ".venv"})
"""Folders that belong to installers, whatever is in them."""

_NAMES = re.compile(r"\$\{?([A-Za-z_]\w*)")
LOCKS = frozenset(
    {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"}
    | {"poetry.lock", "Pipfile.lock", "uv.lock"}
)

_SCRIPTS = re.compile(
    r'"(?:(?:pre|post)?install|(?:pre|post)?prepare|prepublish|workspaces|patchedDependencies)"'
    r'\s*:|"(?:file|link|portal|workspace|patch|[.~]{0,2}/)'
)
"""In package.json: what makes an installer run, or install, something of the project itself."""
_PATHS = re.compile(
    r"\bpath\s*=|\bworkspace\b|\beditable\s*=|\bdynamic\s*=|@\s*file:", re.IGNORECASE
)
"""The same in a Pipfile or pyproject.toml."""
_WORKSPACE = re.compile(r"^packages\s*:", re.MULTILINE)
_MANIFESTS = frozenset({"package.json", "Pipfile", "pyproject.toml", "pnpm-workspace.yaml"})
_OURS = re.compile(r"DISHWASHER(?:_.*)?|HOME|PATH|CI|npm_config_prefix|VIRTUAL_ENV")
_INSTALLERS = re.compile(r"(?:PIP|UV|POETRY|PIPENV|NPM|YARN|PNPM|NODE|GIT|NETRC)_.*", re.IGNORECASE)
_PLAIN = frozenset({"NODE_ENV", "npm_config_prefix"})
"""Of these, those whose values are no paths, or ours."""
_ELSEWHERE = re.compile(r".*\$|file:", re.IGNORECASE | re.DOTALL)
"""Only an installer knows where that is."""
_GIVEN = re.compile(r"""(?:^|(?<=[\s;&]))([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s;&]*)""")
"""A variable that a command sets."""
_FOLDERS = re.compile(r"\bcd\s+([\w@+./-]+)")


class Unknown(Exception):
    """Why nobody can say what the outcome follows from."""


@dataclass(frozen=True, slots=True)
class Key:
    """`slot` is of the job alone, `text` begins with it and goes on with what it reads."""

    slot: str
    text: str
    is_brief: bool
    """Every file of the checkout counts: the next commit has another key."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one phase of one job, before it has run."""

    ticket: Ticket
    phase: Phase
    installs: Installs
    root: Path
    """The job's folder, whose name is another one each time."""
    checkout: Path
    home: Path
    tree_files: int = TREE_FILES

    def key(self, environment: Mapping[str, str], programs: Iterable[str], today: str) -> Key:
        """`programs`: the interpreters that are used, each in words; `today`: YYYY-MM-DD.

        Raises Unknown, OSError.
        """
        texts = self._texts()
        used = {name for text in (*self._commands(), *texts.values()) for name in _names(text)}
        self._check_secrets(used)
        job = {
            "commands": list(self._commands()),
            "directory": self.ticket.spec.directory,
            "machine": [platform.machine(), *platform.libc_ver(), *programs],
            "settings": {path: _digest(Path(os.path.realpath(path))) for path in SETTINGS},
            "variables": self._variables(environment, used),
        }
        whole = self.installs.whole or any(_is_whole(*one) for one in texts.items())
        whole = whole or self._is_named(environment)
        locked = self.installs.locked and self._has_locks()
        read = {
            "files": {path: self._digest(path) for path in self._files(texts)},
            "home": {path: _digest(self.home / path) for path in OF_HOME},
            "tree": self._tree() if whole else "",
            # Of setuptools-scm and the like: the project's version comes from git.
            "commit": (self.ticket.source.sha, self.ticket.spec.history) if whole else None,
            "day": "" if locked else today,
        }
        slot = f"prepared-{_hash(job)[:32]}-"
        return Key(slot, slot + _hash(read), whole)

    def _commands(self) -> Iterator[str]:
        for step in self.phase.steps:
            yield step.command
            yield from (f"{name}={value}" for name, value in step.environment)

    def _check_secrets(self, used: set[str]) -> None:
        for name, _ in self.ticket.secrets:
            if name in used or _INSTALLERS.fullmatch(name):
                raise Unknown(f"the secret {name} says what is installed")

    def _variables(self, environment: Mapping[str, str], used: set[str]) -> dict[str, str]:
        """All that the job is given, for a package that is compiled may go by any of them.

        Left out is what differs from build to build, unless a command asks for it.
        """
        told = {name for name, _ in (*self.ticket.spec.facts, *self.ticket.secrets)}
        return {
            name: value.replace(str(self.root), "~")
            for name, value in sorted(environment.items())
            if name in used or (name not in told and not _OURS.fullmatch(name))
        }

    def _is_named(self, environment: Mapping[str, str]) -> bool:
        """Whether a variable of an installer leads into the checkout: PIP_CONSTRAINT, say."""
        given = [pair for text in self._commands() for pair in _GIVEN.findall(text)]
        base = self.checkout / self.ticket.spec.directory
        bases = [base, *(base / folder for folder in self._folders())]
        return any(
            (base / word).exists()
            for name, value in (*environment.items(), *given)
            if _INSTALLERS.fullmatch(name) and name not in _PLAIN
            for word in value.strip("\"'").split()
            if not word.startswith("/") or word.startswith(f"{self.root}/")
            for base in bases
        )

    def _folders(self) -> Iterator[str]:
        """Those that commands go to."""
        for step in self.phase.steps:
            folder = ""
            for name in _FOLDERS.findall(step.command):
                folder = os.path.join(folder, name)
                yield folder

    def _texts(self) -> dict[str, str]:
        """Files that may name others, by their paths in the checkout."""
        found: dict[str, str] = {}
        waiting = [self._path("", path) for path in self.installs.requirements]
        while waiting:
            path = waiting.pop()
            if path in found:
                continue
            if len(found) >= INCLUDED:
                raise Unknown(f"more than {INCLUDED} requirement files include each other")
            found[path] = text = self._text(path)
            folder = os.path.dirname(path)
            for name in requirements.includes(text):
                if not name.lower().startswith(("http:", "https:")):
                    waiting.append(self._path(folder, name, self.checkout))
        for name in self.installs.files:
            if os.path.basename(name) in _MANIFESTS:
                path = self._path("", name)
                found[path] = self._text(path)
        return found

    def _path(self, folder: str, name: str, base: Path | None = None) -> str:
        """Relative to the checkout; raises Unknown for what is not in it."""
        begin = "" if base else self.ticket.spec.directory
        path = os.path.normpath(os.path.join(begin, folder, name))
        if _ELSEWHERE.match(name) or os.path.isabs(path) or path.startswith(".."):
            raise Unknown(f"{name} is not in the checkout")
        return path

    def _text(self, path: str) -> str:
        try:
            data = files.content(self._real(path), TEXT + 1)
        except FileNotFoundError:
            return ""
        if len(data) > TEXT:
            raise Unknown(f"{path} has more than {TEXT} bytes")
        return data.decode("utf-8", "replace")

    def _digest(self, path: str) -> str:
        """Of a file of the checkout, by whatever links."""
        return _digest(self._real(path))

    def _real(self, path: str) -> Path:
        """Installers follow links; raises Unknown for one that leads out of the checkout."""
        real = (self.checkout / path).resolve()
        if not real.is_relative_to(self.checkout.resolve()):
            raise Unknown(f"{path} is a link that leads out of the checkout")
        return real

    def _files(self, texts: Mapping[str, str]) -> list[str]:
        named = {self._path("", name) for name in self.installs.files if "*" not in name}
        for pattern in self.installs.files:
            if "*" in pattern:
                path = self._path("", pattern)
                named.update(one for one, _ in files.found(self.checkout, path))
        named.update(self._path("", name) for name in self.installs.settings)
        return sorted(named | set(texts))

    def _has_locks(self) -> bool:
        """Whether each tool finds the lock file that it would keep to."""
        folders: dict[str, bool] = {}
        for name in self.installs.files:
            folder, base = os.path.split(name)
            there = base in LOCKS and (self.checkout / self._path("", name)).is_file()
            folders[folder] = folders.get(folder, False) or there
        return all(folders.values())

    def _tree(self) -> str:
        """Of every file of the checkout as it is, uncommitted changes included."""
        digest, count, size = hashlib.sha256(), 0, 0
        for path, place in walk(self.checkout):
            state = os.lstat(place)
            count, size = count + 1, size + state.st_size
            if count > self.tree_files or size > TREE_BYTES:
                raise Unknown("the project itself is installed, and is too large to compare")
            told = f"{path}\0{state.st_mode}\0{_digest(Path(place))}\0"
            digest.update(told.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def walk(folder: Path) -> Iterator[tuple[str, str]]:
    """Paths of a checkout, and where they are; not of git's folder and of what was installed."""
    waiting = [(str(folder), "")]
    while waiting:
        parent, prefix = waiting.pop()
        with os.scandir(parent) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            path = f"{prefix}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                yield path, entry.path
            elif path != ".git" and entry.name not in OWNED:
                waiting.append((entry.path, f"{path}/"))


def _names(text: str) -> list[str]:
    return _NAMES.findall(text)


def _is_whole(path: str, text: str) -> bool:
    """Whether what this file asks for is in the checkout too."""
    match os.path.basename(path):
        case "package.json":
            return bool(_SCRIPTS.search(text))
        case "Pipfile" | "pyproject.toml":
            return bool(_PATHS.search(text))
        case "pnpm-workspace.yaml":
            return bool(_WORKSPACE.search(text))
    return not requirements.is_remote(text)


def _digest(place: Path) -> str:
    """SHA-256 of a regular file, the target of a link, or empty for what is not there."""
    try:
        if place.is_symlink():
            return f"-> {os.readlink(place)}"
        digest = hashlib.sha256()
        with open_regular(str(place)) as file:
            while data := file.read(READ):
                digest.update(data)
        return digest.hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
