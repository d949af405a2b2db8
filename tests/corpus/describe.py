"""A configuration and what it plans, as text that a person can hold against the format's rules.

Only what differs from a field's default is written, so that a plan shows what its file says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from dishwasher.core.config import Config, JobSpec
from dishwasher.core.event import Event, EventKind
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.selection import Selection, select
from dishwasher.core.step import Phase, Step
from dishwasher.errors import ConfigError, Problem

from tests.samples import pull_request, push

EVENTS: tuple[tuple[str, Event], ...] = (
    ("push to master", push(branch="master")),
    ("push to topic", push(branch="topic")),
    ("pull request from topic", pull_request()),
    ("tag v1.2.0", push(branch="", tag="v1.2.0")),
)


def valid(config: Config) -> str:
    """Of a file that can be run."""
    return "\n".join(
        [
            *_problems(config.warnings),
            *(f"note: {note}" for note in config.notes),
            *_plain(config, skip={"path", "jobs", "warnings", "notes"}),
            *(line for job in config.jobs for line in _job(job)),
            *(line for event in _events(config) for line in _event(config, *event)),
            "",
        ]
    )


def invalid(error: ConfigError) -> str:
    """Of a file with mistakes: each at its line and column."""
    return "\n".join([*_problems(error.problems), ""])


def _problems(problems: tuple[Problem, ...]) -> Iterator[str]:
    for problem in problems:
        place = f"{problem.line}:{problem.column}"
        yield f"{problem.severity} {place} {problem.code}: {problem.message}"
        if problem.suggestion:
            yield f"    {problem.suggestion}"


def _job(job: JobSpec) -> Iterator[str]:
    yield ""
    yield f"{job.kind} {job.name}"
    yield from _indented(_plain(job, skip={"name", "kind", "phases", "facts"}))
    if job.facts:
        yield f"  facts: {len(job.facts)}"
    for phase in job.phases:
        yield from _indented(_phase(phase))


def _phase(phase: Phase) -> Iterator[str]:
    yield f"phase {phase.name}"
    yield from _indented(_plain(phase, skip={"name", "steps", "closing"}))
    for step in phase.steps:
        yield from _indented(_step(step, "$"))
    for step in phase.closing:
        yield from _indented(_step(step, "finally $"))


def _step(step: Step, prompt: str) -> Iterator[str]:
    first, *rest = step.command.rstrip("\n").split("\n")
    yield f"{prompt} {first}"
    yield from (f"{' ' * len(prompt)} {line}" for line in rest)
    yield from _indented(_indented(_plain(step, skip={"command", "line"})))


def _plain(value: Any, skip: set[str]) -> Iterator[str]:
    """The fields that say something, one a line, nested ones below their name."""
    for field in fields(value):
        held = getattr(value, field.name)
        if field.name in skip or held == _default(field):
            continue
        written = _written(held)
        if written is not None:
            yield f"{field.name}: {written}"
            continue
        yield f"{field.name}:"
        items = held if isinstance(held, tuple) else (held,)
        for item in items:
            dashed = isinstance(held, tuple)
            lines = list(_plain(item, skip={"line"})) if is_dataclass(item) else [_written(item)]
            yield from (
                f"  {'- ' if dashed and not number else '  ' if dashed else ''}{line}"
                for number, line in enumerate(lines)
            )


def _written(value: Any) -> str | None:
    """In one line, or None for what needs several."""
    if isinstance(value, Filter | Pattern | StrEnum):
        return str(value)
    if isinstance(value, str):
        return value if value and "\n" not in value and value == value.strip() else repr(value)
    if isinstance(value, tuple):
        parts = [_written(item) for item in value]
        if any(part is None for part in parts):
            return None
        return "(" + ", ".join(part for part in parts if part is not None) + ")"
    return None if is_dataclass(value) else str(value)


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def _events(config: Config) -> Iterator[tuple[str, Event]]:
    yield from EVENTS
    named = dict.fromkeys(one.text for job in config.jobs for one in _labels(job.when.labels))
    for label in named:
        request = pull_request().pull_request
        assert request is not None
        event = pull_request(pull_request=replace(request, labels=(label,)))
        yield f"pull request with the label {label}", event
    for schedule in config.schedules:
        event = push(
            kind=EventKind.SCHEDULE, schedule=schedule.name, branch=schedule.branch or "master"
        )
        yield f"schedule {schedule.name}", event
    if config.inputs:
        yield "by hand on master", push(kind=EventKind.MANUAL, branch="master")


def _labels(labels: Filter) -> Iterator[Pattern]:
    return (one for one in (*labels.only, *labels.ignore) if one.syntax is Syntax.EXACT)


def _event(config: Config, name: str, event: Event) -> Iterator[str]:
    selection = select(config, event)
    yield ""
    yield f"{name}: {_running(selection)}"
    if selection.skipped:
        yield f"  {selection.skipped}"
        return
    for one in selection.planned:
        if not one.runs:
            yield f"  not {one.spec.name}: {one.left_out}"


def _running(selection: Selection) -> str:
    return (
        ", ".join(
            spec.name + (f" after {' and '.join(spec.needs)}" if spec.needs else "")
            for spec in selection.running
        )
        or "nothing"
    )


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)
