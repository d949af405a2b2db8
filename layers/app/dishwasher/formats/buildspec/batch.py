"""`batch`: the builds of one file as jobs.

https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dishwasher.core.config import JOBS, JobSpec
from dishwasher.core.ticket import GIBIBYTE
from dishwasher.formats.buildspec import keys
from dishwasher.formats.buildspec.environment import Plain, literal
from dishwasher.formats.buildspec.matrix import COUNTED, Cell, cells
from dishwasher.formats.buildspec.others import Others
from dishwasher.formats.buildspec.recipe import NAME, Recipe
from dishwasher.formats.jobs import Draft
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, listing
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Scalar

FOREIGN = ("WINDOWS", "MAC")
"""How the types of machines begin that run no Linux."""
MEMORY = {"BUILD_GENERAL1_MEDIUM": 8 * GIBIBYTE, "BUILD_GENERAL1_LARGE": 16 * GIBIBYTE}
"""Bytes of CodeBuild's machines that are larger than what any job gets."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Makes the drafts of the jobs; `root` is what the file itself says."""

    root: Recipe | None
    others: Others
    reader: Reader

    def drafts(self, fields: Fields) -> Iterator[Draft]:
        """Of the one kind of batch that the section has."""
        kinds = [key for key in keys.KINDS if key in fields]
        if len(kinds) != 1:
            names = listing([key.name for key in keys.KINDS])
            place = fields.entry(kinds[1]).key if kinds else fields.place
            message = f"`batch` holds one of {names}, and there are {len(kinds)}"
            self.reader.note(place, "batch", message)
            return
        for key in (keys.BUILD_LIST, keys.BUILD_GRAPH):
            if key in fields:
                yield from self._entries(fields.get(key) or (), fields.entry(key).key)
        if kinds[0] is keys.BUILD_MATRIX:
            matrix = fields.get(keys.BUILD_MATRIX)
            if matrix is not None:
                yield from self._matrix(matrix)
        yield from self._fanout(fields)

    def _entries(self, entries: tuple[Fields, ...], place: Scalar) -> Iterator[Draft]:
        if self._too_many(len(entries), place):
            entries = entries[:JOBS]
        for number, entry in enumerate(entries):
            written = entry.get(keys.IDENTIFIER)
            made = Scalar(f"{NAME}{number}", entry.place.line, entry.place.column)
            draft = self._entry(entry, written or made)
            if draft is not None:
                yield draft

    def _entry(self, entry: Fields, name: Scalar) -> Draft | None:
        recipe = self._recipe(entry.get(keys.BUILDSPEC), name)
        env = entry.get(keys.ENTRY_ENV_KEY)
        if recipe is None:
            return None
        self._check_machine(env)
        image = env.get(keys.IMAGE) if env else None
        needs = entry.get(keys.DEPEND_ON) or ()
        spec = recipe.job(
            name,
            self.reader,
            self._variables(env),
            identifier=name.text,
            image=image.text if image else "",
        )
        allow = entry.or_else(keys.IGNORE, False)
        names = tuple(dict.fromkeys(need.text for need in needs))
        spec = _sized(spec, env, env.get(keys.COMPUTE) if env else None)
        return Draft(replace(spec, needs=names, allow_failure=allow), name, needs)

    def _matrix(self, fields: Fields) -> Iterator[Draft]:
        static, dynamic = fields.get(keys.STATIC_KEY), fields.get(keys.DYNAMIC_KEY)
        env = static.get(keys.ENTRY_ENV_KEY) if static else None
        self._check_machine(env)
        common = static.get(keys.BUILDSPEC) if static else None
        ignores = [one.get(keys.IGNORE) for one in (static, dynamic) if one is not None]
        made, total = cells(dynamic, fields.place)
        self._too_many(total, fields.place)
        for cell in made:
            image = self._image(cell, env)
            recipe = self._recipe(cell.buildspec or common, cell.name)
            if recipe is None:
                continue
            more = (*self._variables(env), *literal(cell.variables, self.reader))
            spec = recipe.job(cell.name, self.reader, more, identifier=cell.identifier, image=image)
            spec = _sized(spec, env, cell.compute)
            yield Draft(replace(spec, matrix=cell.axes, allow_failure=any(ignores)), cell.name)

    def _image(self, cell: Cell, env: Fields | None) -> str:
        written = cell.image or (env.get(keys.IMAGE) if env else None)
        if cell.image is not None:
            self._check_image(cell.image)
        return written.text if written else ""

    def _fanout(self, fields: Fields) -> Iterator[Draft]:
        """One job: what CodeBuild shares out goes by a program of its own."""
        fanout = fields.get(keys.BUILD_FANOUT)
        if fanout is None or self.root is None:
            return
        place = fields.entry(keys.BUILD_FANOUT).key
        message = "`build-fanout` shares tests out by a program of CodeBuild; one job runs them all"
        self.reader.warn(place, "fanout", message, "Write a `build-list` that splits them itself.")
        name = Scalar(NAME, place.line, place.column)
        spec = self.root.job(name, self.reader)
        yield Draft(replace(spec, allow_failure=fanout.or_else(keys.IGNORE, False)), name)

    def _recipe(self, written: Scalar | None, name: Scalar) -> Recipe | None:
        """Of the build's own buildspec, or of this file."""
        if written is not None:
            return self.others.recipe(written)
        if self.root is None or not self.root.spec.phases:
            message = f"{show(name.text)} has no `buildspec`, and this file no `phases` for it"
            self.reader.note(name, "missing-phases", message)
            return None
        return self.root

    def _variables(self, env: Fields | None) -> tuple[Plain, ...]:
        return literal((env.get(keys.VARIABLES) if env else None) or (), self.reader)

    def _too_many(self, count: int, place: Scalar) -> bool:
        if count > JOBS:
            many = f"more than {count:,}" if count >= COUNTED else count
            message = f"the batch has {many} builds; at most {JOBS} are run"
            self.reader.note(place, "too-many-jobs", message)
        return count > JOBS

    def _check_machine(self, env: Fields | None) -> None:
        if env is None:
            return
        type, image = env.get(keys.TYPE), env.get(keys.IMAGE)
        if type is not None and type.text.upper().startswith(FOREIGN):
            message = f"{show(type.text)} is no Linux, and jobs run on Linux alone"
            self.reader.note(type, "windows", message, "Delete this build.")
        if env.get(keys.PRIVILEGED):
            message = "`privileged-mode` brings Docker on AWS, and has no effect anywhere else"
            self.reader.warn(env.entry(keys.PRIVILEGED).key, "docker", message)
        if image is not None:
            self._check_image(image)

    def _check_image(self, image: Scalar) -> None:
        if "windows" in image.text.casefold():
            message = f"{show(image.text)} is an image of Windows, and jobs run on Linux alone"
            self.reader.note(image, "windows", message, "Delete it.")
        elif image.text not in self.others.told:
            self.others.told.add(image.text)
            message = f"{show(image.text)} is taken only where jobs run in containers"
            self.reader.warn(image, "image", message)


def _sized(spec: JobSpec, env: Fields | None, compute: Scalar | None) -> JobSpec:
    """With what the build asks of its machine, where there is a choice."""
    docker = env.or_else(keys.PRIVILEGED, False) if env else False
    memory = MEMORY.get(compute.text.upper(), 0) if compute else 0
    return replace(spec, machine=replace(spec.machine, docker=docker, memory=memory))
