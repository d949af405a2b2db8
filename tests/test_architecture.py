"""The house rules that a program can check; each failure says which rule it is and why.

CONTRIBUTING.md shows the same import table to people.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "layers" / "app" / "dishwasher"
SAMPLE = PACKAGE / "demo" / "sample"
MODULE_LINES = 400
FUNCTION_LINES = 60
HANDLER_LINES = 30
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}

PURE = frozenset(
    """
    __future__ abc base64 bisect collections configparser dataclasses difflib enum fnmatch functools
    hashlib hmac html ipaddress itertools json math operator re string struct textwrap tomllib types
    typing unicodedata zlib
    """.split()  # noqa: SIM905
)
"""Of the standard library, what can be used without touching the world.

Of `configparser` and `tomllib` only what parses texts: other people's settings are TOML and INI.
"""
WORLD = {
    "now": "reads the clock",
    "today": "reads the clock",
    "utcnow": "reads the clock",
    "open": "opens a file",
    "print": "writes",
    "input": "reads",
    "import_module": "hides an import from this test",
    "__import__": "hides an import from this test",
    "eval": "hides what runs",
    "exec": "hides what runs",
}
"""Calls that would bring the world in without an import."""


@dataclass(frozen=True)
class Rule:
    """What a room may import besides itself: other rooms, libraries, and which standard library."""

    rooms: frozenset[str]
    why: str
    libraries: frozenset[str] = frozenset()
    pure: bool = False


def rule(rooms: str, why: str, libraries: str = "", *, pure: bool = False) -> Rule:
    return Rule(frozenset(rooms.split()), why, frozenset(libraries.split()), pure)


ADAPTER = "an adapter knows its one technology, so that another one can take its place"
TABLE = {
    "errors": rule("", "the faults are the words that all rooms share", pure=True),
    "core": rule("errors", "what decides must be testable without a world", "regex", pure=True),
    "ports": rule("core errors", "they name what flows need, in the core's words", pure=True),
    "formats": rule(
        "core errors", "reading a file must not depend on us", "yaml cronsim", pure=True
    ),
    "checks": rule("core errors", "they also run in a runner, which holds nothing but its ticket"),
    "flow": rule(
        "core formats checks ports errors",
        "a use case that knows no adapter runs anywhere, and can be simulated",
        pure=True,
    ),
    "runner": rule(
        "core checks errors",
        "a runner holds nothing but its ticket, and must start fast",
        "zstandard",
    ),
    "local": rule("core ports errors", ADAPTER, "cryptography"),
    "github": rule("core ports errors", ADAPTER, "github jwt requests urllib3"),
    "aws": rule("core ports errors", ADAPTER, "botocore"),
    "web": rule(
        "core ports", "a page shows what is stored and changes nothing", "jinja2 markupsafe"
    ),
    "http": rule("flow web core ports errors", "routes serve Lambda and the embedded server alike"),
    "probes": rule("core errors", "they look at a site from outside", "playwright"),
    "notify": rule("core errors", "they only send"),
}
FREE = frozenset({"wiring", "daemon", "cli", "demo", "__init__", "__main__"})
"""They put the others together, so they may import everything."""


def sources() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if SAMPLE not in path.parents]


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported, wherever in the file: in functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def violations(room: str, source: str) -> list[str]:
    """Every import or call in this source that its room may not have, and why not."""
    allowed = TABLE.get(room)
    if allowed is None:
        return [] if room in FREE else [f"the room {room} has no row in the import table"]
    tree = ast.parse(source)
    found = []
    for line, name in imports(tree):
        top, _, rest = name.partition(".")
        if what := _forbidden(allowed, room, name, top, rest.partition(".")[0]):
            found.append(f"line {line}: {what}; {room}/: {allowed.why}")
    if allowed.pure:
        found += [f"{call}; {room}/: {allowed.why}" for call in _world(tree)]
    return found


def _forbidden(allowed: Rule, room: str, name: str, top: str, second: str) -> str:
    if not top:
        return f"relative import {name}: write it from the root, so that this test can read it"
    if top == "dishwasher":
        inside = {"", room, "__version__", *allowed.rooms}
        return "" if second in inside else f"{room}/ may not import {second}/"
    if top in sys.stdlib_module_names:
        is_pure = top in PURE or name.startswith("urllib.parse")
        return "" if is_pure or not allowed.pure else f"{name} is no part of a pure room"
    # The types of botocore's clients, which are nowhere when the program runs.
    library = "botocore" if top.startswith("types_boto3_") else top
    return "" if library in allowed.libraries else f"{room}/ may not import the library {top}"


def _world(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        *receiver, name = ast.unparse(node.func).split(".")
        # The port is how the world is asked.
        if name in WORLD and receiver[-1:] != ["clock"]:
            yield f"line {node.lineno}: {name}() {WORLD[name]}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_the_table_allows(path: Path) -> None:
    found = violations(room_of(path), path.read_text())
    assert not found, f"{path.relative_to(ROOT)}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("core", "import os"),
        ("core", "import pathlib, re"),
        ("core", "import datetime"),
        ("core", "from random import choice"),
        ("core", "def f():\n    import socket"),
        ("core", "if TYPE_CHECKING:\n    from dishwasher.ports import Clock"),
        ("core", "from dishwasher import ports"),
        ("core", "from .. import ports"),
        ("core", "import yaml"),
        ("core", "open('x')"),
        ("core", "now = when.now()"),
        ("core", "import importlib"),
        ("core", "__import__('os')"),
        ("errors", "from dishwasher.core.event import Event"),
        ("formats", "from dishwasher.flow.plan import Plan"),
        ("flow", "from dishwasher.local.store import SqliteStore"),
        ("flow", "import logging"),
        ("flow", "import time"),
        ("runner", "def f():\n    import boto3"),
        ("runner", "from dishwasher.ports import Clock"),
        ("local", "from dishwasher.github.app import GithubApp"),
        ("github", "from dishwasher.flow.plan import Plan"),
        ("aws", "import dishwasher.local.store"),
        ("web", "from dishwasher.errors import Fault"),
        ("http", "import waitress"),
        ("attic", "import re"),
    ],
)
def test_the_checker_sees_what_is_not_allowed(room: str, source: str) -> None:
    (found,) = violations(room, source)
    assert TABLE.get(room, Rule(frozenset(), "no row in the import table")).why in found


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("core", "from collections.abc import Mapping\nimport re"),
        ("core", "from dishwasher.core import job\nfrom dishwasher.errors import Fault"),
        ("flow", "def f(self):\n    return self.clock.now()"),
        ("web", "import os\nfrom urllib.parse import quote"),
        ("github", "from dishwasher import __version__\nimport github"),
        ("wiring", "import anything\nfrom dishwasher.local import store"),
    ],
)
def test_the_checker_lets_through_what_is_allowed(room: str, source: str) -> None:
    assert violations(room, source) == []


@pytest.mark.parametrize("room", ["core", "flow"])
def test_every_module_that_decides_or_does_has_a_mirror_test(room: str) -> None:
    missing = [
        f"tests/{room}/test_{path.stem}.py"
        for path in sorted((PACKAGE / room).glob("*.py"))
        if path.stem != "__init__" and not (ROOT / f"tests/{room}/test_{path.stem}.py").exists()
    ]
    assert not missing, f"write {', '.join(missing)}: a reader looks for the tests of X in test_X"


def test_no_module_is_larger_than_a_reader_can_hold() -> None:
    large = {path: len(path.read_text().splitlines()) for path in sources()}
    large = {path: lines for path, lines in large.items() if lines > MODULE_LINES}
    assert not large, f"more than {MODULE_LINES} lines, split by noun: {large}"


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} ({lines} lines)"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert not long, f"longer than {FUNCTION_LINES} lines: {long}"


def test_a_handler_unwraps_calls_and_wraps() -> None:
    long = [
        path
        for path in ROOT.glob("functions/*/handler.py")
        if len(path.read_text().splitlines()) > HANDLER_LINES
    ]
    assert not long, f"handlers of more than {HANDLER_LINES} lines decide something: {long}"


def test_a_module_is_named_for_what_it_is() -> None:
    vague = [path for path in sources() if path.stem in VAGUE or path.parent.name in VAGUE]
    assert not vague, f"names that could hold anything do: {vague}"


# What is written down twice


def project() -> dict[str, list[str]]:
    """The requirements of pyproject.toml by group; "" is the product."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"": data["dependencies"], **data["optional-dependencies"]}


def package(requirement: str) -> str:
    return re.split(r"[\[<>=~ ]", requirement)[0]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under this heading of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert lines, f"CONTRIBUTING.md has no table under {heading!r}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


NOT_ON_LAMBDA = {"waitress"}
"""What only the embedded mode uses: on AWS, API Gateway is the server."""


def test_the_layer_holds_what_lambda_needs_of_the_dependencies() -> None:
    lines = (ROOT / "layers/deps/requirements.txt").read_text().splitlines()
    layer = [line for line in lines if line and not line.startswith("#")]
    wanted = [*project()[""], *project()["aws"]]
    assert {package(one) for one in wanted} >= NOT_ON_LAMBDA, "remove from it what is gone"
    assert layer == [one for one in wanted if package(one) not in NOT_ON_LAMBDA], (
        "copy pyproject.toml's dependencies and its extra `aws` to layers/deps"
    )


def test_contributing_shows_the_same_import_table() -> None:
    shown = {}
    for folders, allowed, why in rows("Who may import whom"):
        for folder in re.findall(r"`([\w./]+)`", folders):
            name = folder.removesuffix("/").removesuffix(".py")
            shown[name] = (set(re.findall(r"`(\w+)`", allowed)), "no I/O" in allowed, why)
    everything = (set[str](), False)
    wanted = {
        name: (set(rule.rooms | rule.libraries), rule.pure, rule.why)
        for name, rule in TABLE.items()
    }
    free = FREE - {"__init__", "__main__"}
    assert {name: row for name, row in shown.items() if name not in free} == wanted
    assert {name: shown[name][:2] for name in free} == dict.fromkeys(free, everything)


def test_contributing_says_why_each_dependency_and_not_another() -> None:
    wanted = {package(one) for group in project().values() for one in group}
    shown = {name.strip("`"): why for name, why in rows("Dependencies")}
    assert set(shown) == wanted, "one row for each dependency, and none for what is gone"
    assert all(len(why) > 40 for why in shown.values())
