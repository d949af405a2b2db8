"""What must hold whatever bytes a parser is given; a target fails by raising AssertionError."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dishwasher.cli.excerpt import Source, excerpt
from dishwasher.cli.terminal import Paint
from dishwasher.core import codec, glob
from dishwasher.core.config import Config
from dishwasher.core.event import Event, EventKind
from dishwasher.core.pattern import LENGTH, Pattern, Syntax, check_regex
from dishwasher.core.selection import select
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import choose, compose, recognise
from dishwasher.formats.problems import KEPT, Problems
from dishwasher.formats.repository import Repository
from dishwasher.formats.source import SIZE

from tests.samples import pull_request, push

Target = Callable[[bytes], None]

SECONDS = 1.0
"""Of processor time, for one file of at most a megabyte."""
MESSAGE = 4000
"""Characters of one message: a list of known keys is the longest."""
EVENTS: tuple[Event, ...] = (
    push(),
    push(branch="master", message="Fix it [skip ci]"),
    push(branch="", tag="v1.2.0"),
    pull_request(),
    push(kind=EventKind.MERGE_GROUP, branch=""),
    push(kind=EventKind.SCHEDULE, schedule="nightly"),
    push(kind=EventKind.MANUAL, inputs=(("level", "3"),)),
)
CHANGED = ("app/views.py", "docs/index.rst", "README.md")

_FILES = re.compile(r"^# files: (.+)$", re.MULTILINE)
_FILE = re.compile(r"^(?:# file|===) ([^\s:]+):? ?(.*(?:\n(?!===).*)*)", re.MULTILINE)


def repository(data: bytes, *paths: str) -> Repository:
    """What the corpus' comments say: `# files: a b`, `# file NAME: text`, or `=== NAME` blocks."""
    text = data.decode("utf-8", "replace")
    contents = {found[1]: found[2].replace("\\n", "\n") for found in _FILE.finditer(text)}
    listed = [name for found in _FILES.finditer(text) for name in found[1].split()]
    return Repository(frozenset({*paths, *listed, *contents}), contents.get)


def of_format(name: str) -> Target:
    """A file of one of the formats, and all that is done with it until its jobs are known."""
    path = next(path for path, its in choose.FILES if its == name)

    def target(data: bytes) -> None:
        look = repository(data, path)
        _file(path, data, lambda: choose.parse(path, data, lambda: look, name))

    return target


def implied(data: bytes) -> None:
    """A repository without a configuration."""
    look = repository(data)
    config = _file("", data, lambda: choose.load(lambda path: None, lambda: look))
    assert config is None or config.jobs or config.notes


def yaml(data: bytes) -> None:
    """YAML to a tree, and its format guessed."""
    problems = Problems()
    with _in_time(data):
        root = compose.parse(data, problems)
        found = recognise.by_content(data)
    assert bool(found.format) != bool(found.foreign)
    _problems(problems.in_file_order(), data)
    again = Problems()
    assert compose.parse(data, again) == root
    assert again.in_file_order() == problems.in_file_order()


def pattern(data: bytes) -> None:
    """Names, a line each; the first is the filter."""
    text, *names = data.decode("utf-8", "replace").split("\n")
    with _in_time(data):
        glob.check(text)
        for name in names[:5]:
            Pattern(text, Syntax.GLOB).matches(name)
    wrong = check_regex(text)
    assert len(text) <= LENGTH or wrong
    if not wrong:
        # A name more may take MATCH_SECONDS each.
        Pattern(text, Syntax.REGEX).matches("".join(names[:1])[:200])


TARGETS: dict[str, Target] = {
    **{name: of_format(name) for name in recognise.FORMATS},
    "implied": implied,
    "yaml": yaml,
    "pattern": pattern,
}


@contextmanager
def _in_time(data: bytes) -> Iterator[None]:
    started = time.process_time()
    yield
    took = time.process_time() - started
    allowed = SECONDS * (1 + len(data) // SIZE)
    assert took < allowed, f"{took:.1f} s for {len(data):,} bytes"


def _file(path: str, data: bytes, parse: Callable[[], Config]) -> Config | None:
    try:
        with _in_time(data):
            config = parse()
    except ConfigError as error:
        _problems(error.problems, data)
        assert any(problem.severity == "error" for problem in error.problems)
        _again(parse, error.problems)
        return None
    _problems(config.warnings, data)
    assert all(problem.severity == "warning" for problem in config.warnings)
    _again(parse, config)
    _jobs(config)
    stored = json.dumps(codec.encode(config))
    assert codec.decode(Config, json.loads(stored)) == config
    for event in EVENTS:
        _selection(config, event, None)
    _selection(config, EVENTS[0], CHANGED)
    _selection(config, EVENTS[3], ())
    return config


def _again(parse: Callable[[], Config], expected: object) -> None:
    try:
        found: object = parse()
    except ConfigError as error:
        found = error.problems
    assert found == expected, "the same bytes were read differently"


def _problems(problems: tuple[Problem, ...], data: bytes) -> None:
    """Few, in file order, each at a place of the file, and printable in a terminal."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # What follows the last line end is no line: nobody could be shown it.
    lines = text.removesuffix("\n").split("\n")
    assert len(problems) <= KEPT + 1
    places = [(problem.line, problem.column) for problem in problems]
    assert places == sorted(places)
    for problem in problems:
        assert 1 <= problem.line <= len(lines), problem
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
        said = problem.message + problem.suggestion
        assert problem.message and problem.code and said.isprintable(), problem
        assert len(said) <= MESSAGE, problem
        for line in excerpt(problem, Source(data), "file", Paint()):
            assert line.isprintable() or not line, line


def _jobs(config: Config) -> None:
    """What everything after the formats takes for granted."""
    names = [spec.name for spec in config.jobs]
    assert len(names) == len(set(names)) and all(names)
    before: set[str] = set()
    for spec in config.jobs:
        assert set(spec.needs) <= set(names), spec.needs
        assert "\0" not in "".join(step.command for step in spec.steps)
        assert spec.line >= 0 and all(step.line >= 0 for step in spec.steps)
    left = {spec.name: set(spec.needs) for spec in config.jobs}
    while ready := [name for name, needs in left.items() if needs <= before]:
        before.update(ready)
        left = {name: needs for name, needs in left.items() if name not in before}
    assert not left, f"these wait for each other: {left}"


def _selection(config: Config, event: Event, changed: tuple[str, ...] | None) -> None:
    selection = select(config, event, changed)
    assert len(selection.planned) == len(config.jobs)
    running = {spec.name for spec in selection.running}
    for one in selection.planned:
        assert one.runs or one.left_out.strip()
        assert not one.runs or set(one.spec.needs) <= running
