"""A whole buildspec file to a Config: one job `build`, or one for each build of its batch."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.core.config import Config
from dishwasher.errors import ConfigError
from dishwasher.formats import compose, jobs
from dishwasher.formats.buildspec import keys, recipe
from dishwasher.formats.buildspec.batch import Batch
from dishwasher.formats.buildspec.others import Others
from dishwasher.formats.problems import Problems
from dishwasher.formats.reader import Reader
from dishwasher.formats.repository import Repository
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Node, Scalar

_NOWHERE = Repository()


def parse(path: str, data: bytes, repository: Repository = _NOWHERE) -> Config:
    """The Config of the file's bytes; raises ConfigError with every mistake, in file order."""
    problems = Problems()
    reader = Reader(problems)
    root = compose.parse(data, problems)
    top = recipe.fields(root, reader) if root is not None else None
    found = list(_drafts(root, top, repository, reader)) if root and top else []
    jobs.check(found, problems)
    if not problems and not found:
        problems.add(1, 1, "empty", "the file is empty", "Write `version` and `phases`.")
    if problems:
        raise ConfigError(path, problems.in_file_order())
    return Config(
        path,
        tuple(draft.spec for draft in found),
        fail_fast=bool(top and _fails_fast(top)),
        warnings=problems.in_file_order(),
    )


def _fails_fast(top: Fields) -> bool:
    batch = top.get(keys.BATCH)
    return batch is not None and batch.or_else(keys.FAST_FAIL, False)


def _drafts(
    root: Node, top: Fields, repository: Repository, reader: Reader
) -> Iterator[jobs.Draft]:
    own = recipe.read(top, reader)
    batch = top.get(keys.BATCH)
    if batch is not None:
        yield from Batch(own, Others(repository, reader), reader).drafts(batch)
        return
    place = top.entry(keys.PHASES_KEY).key if keys.PHASES_KEY in top else root
    if not own.spec.phases:
        message = "there are no `phases` that run something"
        suggestion = "Write `phases: {build: {commands: [make test]}}`."
        if not reader.problems:
            reader.note(place, "missing-phases", message, suggestion)
        return
    name = Scalar(recipe.NAME, place.line, place.column)
    yield jobs.Draft(own.job(name, reader), name)
