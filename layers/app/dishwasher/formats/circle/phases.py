"""The phases of a circle.yml in CircleCI's order, with what the repository's files add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dishwasher.core.machine import Machine
from dishwasher.core.step import Phase, Step
from dishwasher.formats.circle import inference, keys, machine
from dishwasher.formats.circle.inference import Implied
from dishwasher.formats.circle.values import at_home, stays
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.repository import Repository
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Scalar

SET_UP = ("machine", "checkout", "dependencies", "database", "compile")
"""Sections whose first failing command stops the build, in the order in which they run."""
TEST = "test"
NO_TESTS = Step(
    "echo 'There are no tests: circle.yml gives none, and no file implies any.' >&2; exit 1",
    why="there are no tests",
)
"""CircleCI's outcome `no_tests` was not green either."""

Sections = Mapping[str, Any]
"""What was read of each section, by its name: Fields, or None where it could not be read."""


@dataclass(frozen=True, slots=True)
class Build:
    """What the check and every deployment have in common."""

    machine: Machine
    phases: tuple[Phase, ...]
    cached: tuple[str, ...] = ()
    """Directories, relative to the checkout or below `~/`."""
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    def before_deployment(self, steps: tuple[Step, ...]) -> tuple[Phase, ...]:
        """A deployment's phases: the set-up again, for it has a runner of its own, and no test."""
        return (*(phase for phase in self.phases if phase.name != TEST), Phase("deployment", steps))


def build(sections: Sections, directory: str, repository: Repository, reader: Reader) -> Build:
    """The phases that have commands; `test` always does, so that nothing is green untested."""
    implied = inference.implied(repository, directory)
    found = machine.section(sections.get("machine"), reader)
    by_name = {
        "machine": found.steps,
        "checkout": _checkout(sections.get("checkout"), reader),
        "dependencies": _steps(sections.get("dependencies"), implied.dependencies),
        "database": _steps(sections.get("database"), ()),
        "compile": _steps(sections.get("compile"), ()),
    }
    test = _steps(sections.get(TEST), implied.test)
    if not test:
        test = (NO_TESTS,)
        _warn_of_no_tests(sections.get(TEST), implied, reader)
    phases = [Phase(name, by_name[name]) for name in SET_UP if by_name[name]]
    phases.append(Phase(TEST, test, keep_going=True))
    steps = tuple(step for phase in phases for step in phase.steps)
    python = implied.python or bool(found.machine.python) or inference.installs_python(steps)
    made = machine.with_own_programs(found.machine, steps)
    made = replace(made, virtualenv=python, services=machine.needed(found, steps, reader))
    cached = _cached(sections.get("dependencies"), directory, python, implied.node, reader)
    return Build(made, tuple(phases), cached, tuple(_notes(phases)))


def _steps(fields: Fields | None, implied: tuple[Step, ...]) -> tuple[Step, ...]:
    """pre, then override or else what is inferred, then post."""
    if fields is None:
        return implied
    override = fields.get(keys.OVERRIDE)
    main = implied if override is None else override
    return (*fields.or_else(keys.PRE, ()), *main, *fields.or_else(keys.POST, ()))


def _checkout(fields: Fields | None, reader: Reader) -> tuple[Step, ...]:
    if fields is None:
        return ()
    if keys.PRE in fields:
        message = "`checkout.pre` never runs: this file is read after the checkout"
        reader.warn(fields.entry(keys.PRE).key, "too-late", message, "Move it to `machine.pre`.")
    return fields.or_else(keys.POST, ())


def _warn_of_no_tests(fields: Fields | None, implied: Implied, reader: Reader) -> None:
    if reader.problems:
        # A mistake may be what hides the tests.
        return
    place = Scalar("", 1, 1) if fields is None else fields.place
    message = "nothing is tested: the file gives no command, and no file of the repository "
    message += "implies one; the build fails and says so"
    if implied.other:
        message += f" (commands for {implied.other} are not inferred)"
    suggestion = 'Add `test: {override: [your command]}`, or `["true"]` to have none on purpose.'
    reader.warn(place, "no-tests", message, suggestion)


def _notes(phases: list[Phase]) -> list[str]:
    return [
        f"{phase.name} runs {show(step.command)}, because {step.why}."
        for phase in phases
        for step in phase.steps
        if step.why and step is not NO_TESTS
    ]


def _cached(
    fields: Fields | None, directory: str, python: bool, node: bool, reader: Reader
) -> tuple[str, ...]:
    """The listed directories, and those that CircleCI kept unasked."""
    paths = []
    for scalar in () if fields is None else fields.or_else(keys.CACHES, ()):
        text = at_home(scalar.text.strip())
        if not stays(text):
            message = f"{show(scalar.text)} is neither inside the checkout nor below `~/`"
            reader.warn(scalar, "bad-path", f"{message}, and is not kept")
            continue
        paths.append(text)
    paths += ["~/.cache/pip"] * python + ["node_modules"] * node
    base = f"{directory}/" if directory else ""
    placed = (path if path.startswith("~") else base + path.removeprefix("./") for path in paths)
    return tuple(dict.fromkeys(placed))
