"""What a package.json and the files beside it imply: packages, linters, tests, a build."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dishwasher.core.step import Step
from dishwasher.formats.implied.check import Check
from dishwasher.formats.implied.project import Project
from dishwasher.formats.implied.table import Table

NO_TEST = "no test specified"
"""What `npm init` writes as a package's test: https://docs.npmjs.com/cli/v11/using-npm/scripts"""

_LOCKS = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
}
_VERSION = re.compile(r"v?(\d{1,3})(?:\.\d+){0,2}")
_RANGE = re.compile(r"[\^~=]?\s*v?(\d{1,3})(?:\.(?:\d+|x|\*)){0,2}")
_MANAGER = re.compile(r"(npm|yarn|pnpm)@(\d+)((?:\.\d+){0,2})(?:[-+].*)?")


@dataclass(frozen=True, slots=True)
class Node:
    folder: str
    """Of its package.json; empty for the root."""
    version: str = ""
    """`22`; empty where no single one is asked for."""
    version_file: str = ""
    steps: tuple[Step, ...] = ()
    """They install its packages."""
    installed: frozenset[str] = frozenset()
    checks: tuple[Check, ...] = ()


def node(project: Project) -> Node | None:
    """The package nearest to the root; None where there is none with anything to run."""
    found = project.matching(r"(?:(?!node_modules/)[^/]+/)?package\.json")
    for path in found:
        read = _Package(project, path)
        if read.scripts or read.installed:
            return read.node()
    return None


class _Package:
    def __init__(self, project: Project, path: str) -> None:
        self._project = project
        self._path = path
        self._folder = path.rpartition("/")[0]
        self._package = project.json(path)
        self.scripts: Table = self._package.table("scripts")
        self.installed = frozenset(
            name
            for section in ("dependencies", "devDependencies", "optionalDependencies")
            for name in self._package.table(section)
        )
        self._manager = self._chosen()

    def node(self) -> Node:
        version, file = self._version()
        checks = tuple(self._checks())
        steps = tuple(Step(self._inside(command), why=why) for command, why in self._installing())
        return Node(self._folder, version, file, steps, self.installed, checks)

    def _at(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name

    def _inside(self, command: str) -> str:
        return f"cd {self._folder} && {command}" if self._folder else command

    def _has(self, *names: str) -> str:
        return self._project.first(*map(self._at, names))

    def _version(self) -> tuple[str, str]:
        for name in (".nvmrc", ".node-version"):
            for file in dict.fromkeys((self._at(name), name)):
                found = _VERSION.fullmatch(self._project.text(file).strip()[:40])
                if found:
                    return found[1], file
        volta = _VERSION.fullmatch(self._package.table("volta").text("node")[:40])
        # Of a range without an end, such as `>=18`, any will do.
        engine = _RANGE.fullmatch(self._package.table("engines").text("node").strip()[:40])
        found = volta or engine
        return (found[1], self._path) if found else ("", "")

    def _chosen(self) -> tuple[str, str, str]:
        """(package manager, its version or nothing, the file that says so)"""
        said = _MANAGER.fullmatch(self._package.text("packageManager")[:80])
        if said:
            return said[1], said[2] + said[3], self._path
        for manager, locks in _LOCKS.items():
            lock = self._has(*locks)
            if lock:
                return manager, "", lock
        return "npm", "", self._path

    def _installing(self) -> Iterable[tuple[str, str]]:
        manager, version, file = self._manager
        lock = self._has(*_LOCKS[manager])
        if manager == "npm":
            # Without packages, and without a lock file, there is nothing to install.
            if lock or self.installed:
                yield ("npm ci" if lock else "npm install"), f"`{lock or file}` is npm's"
            return
        why = f"`{lock}` is {manager}'s" if lock else f"`{file}` asks for {manager}"
        # yarn 2 and later are no packages of that name: version 1 starts them as .yarnrc.yml says.
        is_berry = manager == "yarn" and (
            bool(self._has(".yarnrc.yml")) or version[:2] not in ("", "1", "1.")
        )
        wanted = f"@{version}" if version and not is_berry else ""
        if is_berry and version and not self._has(".yarnrc.yml"):
            yield "npm install -g corepack && corepack enable", why
        else:
            yield f"npm install -g {manager}{wanted}", why
        frozen = "--immutable" if is_berry else "--frozen-lockfile"
        yield f"{manager} install{f' {frozen}' if lock else ''}", why

    def _run(self, script: str) -> str:
        manager = self._manager[0]
        if script == "test":
            return self._inside(f"{manager} test")
        return self._inside(f"{manager} run {script}")

    def _script(self, *names: str) -> str:
        return next((name for name in names if self.scripts.text(name)), "")

    def _checks(self) -> Iterable[Check]:
        yield from self._linters()
        tests = self.scripts.text("test")
        if tests and NO_TEST not in tests:
            why = f"`{self._path}` has a script `test`"
            yield Check("tests", (self._run("test"),), why)
        if self._script("build"):
            why = f"`{self._path}` has a script `build`"
            yield Check("build", (self._run("build"),), why)

    def _linters(self) -> Iterable[Check]:
        """Scripts first; a tool that no script starts is run where it is installed and set up."""
        said = []
        for name, scripts in _SCRIPTS:
            script = self._script(*scripts)
            if script:
                said.append(self.scripts.text(script))
                why = f"`{self._path}` has a script `{script}`"
                yield Check(name, (self._run(script),), why, script=said[-1], is_early=True)
        # What a script that lints calls, `npm run lint:js`, is seen too.
        words = " ".join([*said, self.scripts.text("build")])
        words += " ".join(self.scripts.text(one) for one in self.scripts if _calls(words, one))
        for tool in _TOOLS:
            file = self._has(*tool.files) or (self._path if tool.key in self._package else "")
            if file and tool.package in self.installed and tool.word not in words:
                command = self._inside(tool.command)
                why = f"`{file}` configures {tool.name}"
                yield Check(tool.name, (command,), why, is_early=True)


def _calls(words: str, script: str) -> bool:
    """Whether scripts start another: `npm run lint:js`, or `npm:lint:*` and `run-p lint:*`."""
    group = script.rpartition(":")[0]
    ways = (f"run {script}", f"npm:{script}", f"{group}:*")
    return any(way in words for way in ways if way != ":*")


_SCRIPTS = (
    ("lint", ("lint",)),
    ("format", ("format:check", "check-format", "format-check", "prettier:check")),
    ("types", ("typecheck", "type-check", "check-types", "check:types", "tsc")),
)
"""(name of the check, scripts of which the first is run)"""


@dataclass(frozen=True, slots=True)
class _Tool:
    name: str
    package: str
    word: str
    """It stands in scripts that start the tool."""
    command: str
    files: tuple[str, ...]
    key: str = "-"
    """Of package.json, that configures it too."""


def _files(name: str) -> tuple[str, ...]:
    """What a tool that looks as widely as possible takes for its settings."""
    endings = ("", ".json", ".yaml", ".yml", ".js", ".cjs", ".mjs", ".ts")
    configs = (".js", ".cjs", ".mjs", ".ts")
    rc = tuple(f".{name}rc{ending}" for ending in endings)
    return (*rc, *(f"{name}.config{ending}" for ending in configs))


_TOOLS = (
    _Tool("eslint", "eslint", "eslint", "npx eslint .", _files("eslint"), "eslintConfig"),
    _Tool(
        "prettier",
        "prettier",
        "prettier",
        "npx prettier --check .",
        _files("prettier"),
        "prettier",
    ),
    _Tool(
        "stylelint",
        "stylelint",
        "stylelint",
        "npx stylelint '**/*.{css,scss}'",
        _files("stylelint"),
        "stylelint",
    ),
    _Tool("tsc", "typescript", "tsc", "npx tsc --noEmit", ("tsconfig.json",)),
)
