"""`.dishwasher.yml`, Dishwasher's own format, to a Config; docs/config.md describes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dishwasher.core.config import JOBS, Config
from dishwasher.core.event import Happening
from dishwasher.errors import ConfigError
from dishwasher.formats import compose, jobs
from dishwasher.formats.native import addresses, groups, keys, machine, matrices, reach, schedules
from dishwasher.formats.native.jobs import Jobs, Read
from dishwasher.formats.native.machine import Setup
from dishwasher.formats.problems import Problems, show
from dishwasher.formats.reader import Reader
from dishwasher.formats.repository import Repository
from dishwasher.formats.schema import Json
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar

NO_FILES = Repository()
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def parse(path: str, data: bytes, repository: Repository = NO_FILES) -> Config:
    """The Config of the file's bytes; raises ConfigError with every mistake, in file order.

    All of it is in the file: the other files of the repository imply nothing.
    """
    problems = Problems()
    root = compose.parse(data, problems)
    config = None
    # Where the YAML itself is broken there is no tree, and nothing more to say.
    if root is not None:
        config = _Native(Reader(problems)).document(path, root)
    if config is None and not problems:
        problems.add(1, 1, "empty", "the file is empty", "Write at least one check.")
    if problems or config is None:
        raise ConfigError(path, problems.in_file_order())
    return replace(config, warnings=problems.in_file_order())


def schema() -> Json:
    """The format as JSON Schema, which editors use."""
    return {
        "$schema": DRAFT,
        "title": ".dishwasher.yml",
        "description": "What Dishwasher checks and deploys: docs/config.md.",
        **keys.FILE.schema(),
    }


class _Native:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def document(self, path: str, root: Node) -> Config | None:
        """None for an empty file; what is wrong in others is noted."""
        if isinstance(root, Scalar) and root.is_null:
            return None
        if not isinstance(root, Mapping):
            message = "the file must be a mapping with `checks` and `deployments`"
            self._reader.note(root, "wrong-type", message)
            return Config(path, ())
        top = keys.FILE.read(Entry(Scalar("the file", 1, 1), root), self._reader)
        if top is None:
            return None
        setup = machine.read(top, self._reader)
        reads = list(Jobs(setup, self._reader).all(top))
        if not reads and not self._reader.problems:
            self._reader.note(root, "empty", "the file has no check and no deployment")
        jobs.check([read.draft for read in reads], self._reader.problems)
        if len(reads) <= JOBS:
            groups.check(reads, self._reader)
        if not self._reader.problems:
            reach.check([read.draft for read in reads], self._reader)
        specs, names = matrices.expand(reads, self._reader)
        planned = schedules.schedules(top, names, self._reader)
        self._check_scheduled(reads, has_schedules=keys.SCHEDULES in top)
        inputs = schedules.inputs(top, _variables(setup, reads), self._reader)
        addresses.check(reads, inputs, self._reader)
        return Config(path, specs, planned, inputs)

    def _check_scheduled(self, reads: Sequence[Read], *, has_schedules: bool) -> None:
        for read in reads:
            if has_schedules or read.draft.spec.when.events != (Happening.SCHEDULE,):
                continue
            name = read.draft.name
            message = f"{show(name.text)} runs on schedules alone, and the file has no `schedules`"
            suggestion = 'Add `schedules: {nightly: "30 4 * * *"}`.'
            self._reader.note(name, "conflict", message, suggestion)


def _variables(setup: Setup, reads: Sequence[Read]) -> dict[str, Scalar]:
    """All that the file sets, each with the first place where it does."""
    found: dict[str, Scalar] = {}
    for name, _ in setup.written:
        found.setdefault(name.text, name)
    for read in reads:
        for name in (*read.variables, *(read.matrix.axes if read.matrix is not None else ())):
            found.setdefault(name.text, name)
    return found
