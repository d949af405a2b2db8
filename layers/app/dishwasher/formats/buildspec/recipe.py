"""One buildspec without its batch: the job that each build made from it begins as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.machine import Machine, Service, Variable
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.step import Phase, Shell
from dishwasher.core.when import When
from dishwasher.formats.buildspec import (
    deploys,
    environment,
    keys,
    outputs,
    phases,
    runtimes,
    variables,
)
from dishwasher.formats.buildspec.environment import Plain
from dishwasher.formats.buildspec.phases import Stage
from dishwasher.formats.buildspec.runtimes import Runtime
from dishwasher.formats.buildspec.warnings import warn
from dishwasher.formats.commands.annotating import matchers
from dishwasher.formats.commands.shell import SCANNED
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields
from dishwasher.formats.services import of_value, own, started
from dishwasher.formats.tree import Entry, Node, Scalar
from dishwasher.formats.tree import Mapping as Tree

VERSIONS = {"0.1": Shell.EACH, "0.2": Shell.ONE}
"""0.1 started a shell for every command."""
NAME = "build"
"""Of the job of a file without a batch."""

_TAG = re.compile(r"\b(?:refs/tags|tag)/")
_PIP = re.compile(r"(?:^|[\s;&|(])(?:pip[\d.]*|python[\d.]*\s+-m\s+pip)\s+install\b")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a build does, but for its variables, which a batch may set anew."""

    spec: JobSpec
    plain: tuple[Plain, ...] = ()
    runtimes: tuple[Runtime, ...] = ()
    own: frozenset[str] = frozenset()
    """Servers that its commands start themselves."""

    def job(
        self,
        name: Scalar,
        reader: Reader,
        more: tuple[Plain, ...] = (),
        *,
        identifier: str = "",
        image: str = "",
    ) -> JobSpec:
        """The job of this name; `more` are variables that go before the file's own."""
        merged = {one.name: one for one in (*self.plain, *more)}
        set_anew = {one.name for one in more}
        values = {one.name: one.value for one in merged.values()}
        machine = runtimes.machine(self.runtimes, values, reader)
        return replace(
            self.spec,
            name=name.text,
            line=name.line,
            machine=replace(
                machine,
                virtualenv=machine.virtualenv or self.spec.machine.virtualenv,
                image=image,
                services=started(self._asked(merged.values()), reader),
                environment=tuple(Variable(*pair) for pair in values.items()),
            ),
            secrets=tuple(one for one in self.spec.secrets if one.variable not in set_anew),
            facts=variables.facts(identifier, image, frozenset(merged)),
        )

    def _asked(self, plain: Iterable[Plain]) -> Iterator[Service]:
        """The servers whose addresses on this machine are values, and that nothing else starts."""
        for one in plain:
            for service in of_value(one.value[:SCANNED]):
                if service not in self.own:
                    why = f"the variable {show(one.name)} on line {one.line} names it"
                    yield Service(service, one.line, why)


def fields(root: Node, reader: Reader) -> Fields | None:
    """The keys at the top, by the file's version; None after noting why there are none."""
    if isinstance(root, Scalar) and root.is_null:
        return None
    if not isinstance(root, Tree):
        message = "the file must be a mapping with `version` and `phases`"
        reader.note(root, "wrong-type", message)
        return None
    written = next((one for one in root.entries if one.key.text == "version"), None)
    is_old = written is not None and _text(written.value) == "0.1"
    record = keys.OLD_FILE if is_old else keys.FILE
    read = record.read(Entry(Scalar("the file", root.line, root.column), root), reader)
    if read is not None:
        _check_version(root, read, reader)
    return read


def read(top: Fields, reader: Reader) -> Recipe:
    """What every build of this file has."""
    env = environment.read(top.get(keys.ENV_KEY) or top.get(keys.OLD_ENV_KEY), reader)
    stages: tuple[Stage, ...] = ()
    asked: tuple[Runtime, ...] = ()
    sections = top.get(keys.PHASES_KEY)
    if sections is not None:
        stages = phases.read(sections, top.get(keys.RUN_AS), reader)
        asked = phases.runtimes(sections, reader)
    warn(stages, reader)
    artifacts = top.get(keys.ARTIFACTS_KEY)
    cache = top.get(keys.CACHE_SECTION)
    version = top.get(keys.VERSION)
    shown = phases.with_build(stages) if artifacts else stages
    spec = JobSpec(
        NAME,
        Kind.CHECK,
        top.place.line,
        phases=tuple(stage.phase for stage in shown),
        shell=VERSIONS.get(version.text if version else "", Shell.ONE),
        program=env.program,
        machine=Machine(virtualenv=any(map(_installs, stages))),
        secrets=env.secrets,
        # A CodeBuild project has variables besides the file's; here they are the repository's.
        all_secrets=True,
        exported=env.exported,
        succeeding=variables.SUCCEEDING,
        when=_when(stages),
        annotate=matchers(
            command.text for stage in stages for command in (*stage.commands, *stage.closing)
        ),
        artifacts=outputs.artifacts(artifacts, reader) if artifacts else (),
        reports=outputs.reports(top.get(keys.REPORTS_KEY) or (), reader),
        caches=outputs.cache(cache, reader) if cache else (),
        repeatable=not deploys.check(stages, reader),
    )
    return Recipe(spec, env.variables, asked, own(step.command for step in spec.steps))


def moved(recipe: Recipe, line: int, offset: int | None) -> Recipe:
    """A recipe out of another file, whose steps stand at the one line that names it.

    With an offset it is text inside this file, and its lines are counted on from there.
    """
    spec = recipe.spec

    def place(old: int) -> int:
        return line if offset is None else offset + old

    def moved_phase(phase: Phase) -> Phase:
        return replace(
            phase,
            steps=tuple(replace(step, line=place(step.line)) for step in phase.steps),
            closing=tuple(replace(step, line=place(step.line)) for step in phase.closing),
        )

    return replace(
        recipe,
        spec=replace(spec, phases=tuple(map(moved_phase, spec.phases))),
        plain=tuple(replace(one, line=place(one.line)) for one in recipe.plain),
    )


def _check_version(root: Tree, read: Fields, reader: Reader) -> None:
    version = read.get(keys.VERSION)
    if keys.VERSION not in read:
        message = "the file has no `version`, without which CodeBuild runs nothing"
        reader.note(root, "missing-version", message, "Add `version: 0.2`.")
    elif version is not None and version.text not in VERSIONS:
        message = f"{show(version.text)} is not a version of buildspec; there is `0.1` and `0.2`"
        reader.note(version, "unknown-value", message, "Write `version: 0.2`.")


def _when(stages: tuple[Stage, ...]) -> When:
    """CodeBuild's project says which pushes are built; a file that asks for tags gets them too."""
    if not any(_TAG.search(one.text) for stage in stages for one in stage.commands):
        return When()
    every = Filter((Pattern("**", Syntax.GLOB),))
    return When(branches=every, tags=every)


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _installs(stage: Stage) -> bool:
    """Python packages go into an environment of the job's own: there is no root to install them."""
    return any(_PIP.search(command.text) for command in (*stage.commands, *stage.closing))
