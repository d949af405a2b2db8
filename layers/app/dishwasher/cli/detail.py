"""One job of a plan in full: where it runs, with what, and each step as it stands."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from dishwasher.cli.graph import MARK, STYLE
from dishwasher.cli.table import LEFT_OUT, machine
from dishwasher.cli.terminal import Paint, clean
from dishwasher.core.config import JobSpec, Uses
from dishwasher.core.outputs import Cache, ReportSet, Secret
from dishwasher.core.selection import Planned
from dishwasher.core.step import OnFailure, Phase, Shell, Step
from dishwasher.core.ticket import GIBIBYTE

INDENT = 13
"""Columns of the names of what is told."""
LINES = 6
"""Columns of a line's number."""

_SHELLS = {
    Shell.STRICT: "each step its own shell, and any failing statement fails it",
    Shell.EACH: "each step its own shell, whose last statement decides",
    Shell.ONE: "one shell for all steps, and a step's last statement decides",
}


def detail(one: Planned, path: str, paint: Paint) -> Iterator[str]:
    """What the table leaves out."""
    spec = one.spec
    place = f"{path}:{spec.line}" if spec.line else path
    mark = paint(STYLE[spec.kind], MARK[spec.kind]) if one.runs else paint("faint", LEFT_OUT)
    yield f"{mark} {paint('bold', clean(spec.name))}  {spec.kind}  {paint('faint', place)}"
    if not one.runs:
        yield f"  does not run: {clean(one.left_out)}"
    for name, value in _facts(spec):
        room = paint.width - INDENT - 2
        lines = textwrap.wrap(clean(value), room, break_on_hyphens=False) or [""]
        yield f"  {paint('faint', name.ljust(INDENT))}{lines[0]}"
        yield from (" " * (INDENT + 2) + line for line in lines[1:])
    for phase in spec.phases:
        yield from _phase(phase, paint)


def _facts(spec: JobSpec) -> Iterator[tuple[str, str]]:
    """What there is to say, by name."""
    services = spec.machine.services
    said = {
        "uses": f"Dishwasher's own {spec.uses}" if spec.uses is not Uses.RUN else "",
        "needs": ", ".join(spec.needs),
        "matrix": ", ".join(f"{axis} {value}" for axis, value in spec.matrix),
        "group": spec.group,
        "machine": machine(spec.machine),
        "services": "; ".join(f"{one.name}: {one.why}" for one in services if one.why),
        "docker": "beside it, on AWS" if spec.machine.docker else "",
        "memory": f"{spec.machine.memory // GIBIBYTE} GB, on AWS" if spec.machine.memory else "",
        "hosts": ", ".join(f"{name} is {address}" for name, address in spec.machine.hosts),
        "shell": _SHELLS[spec.shell] if spec.phases else "",
        "directory": spec.directory,
        "timeout": seconds(spec.timeout),
        "silence": f"{seconds(spec.silence)} end a step" if spec.silence else "",
        "failure": "is allowed" if spec.allow_failure else "",
        "network": "" if spec.network else ", ".join(spec.hosts) or "off",
        "lost runner": "" if spec.repeatable else "is not replaced: the steps have effects",
        "annotate": ", ".join(spec.annotate),
        "secrets": "every one of the repository" if spec.all_secrets else _secrets(spec.secrets),
        "artifacts": "; ".join(", ".join(one.files) for one in spec.artifacts),
        "reports": "; ".join(map(_report, spec.reports)),
        "cache": "; ".join(map(_cache, spec.caches)),
        "url": spec.url,
        "smoke": spec.smoke,
        "screenshots": spec.screenshots,
        "exported": ", ".join(spec.exported),
    }
    yield from ((name, value) for name, value in said.items() if value)
    variables = [f"{one.name}={one.value}" for one in spec.machine.environment]
    yield from (("variables" if not at else "", text) for at, text in enumerate(variables))
    if spec.facts:
        yield "also set", ", ".join(name for name, _ in spec.facts)


def _phase(phase: Phase, paint: Paint) -> Iterator[str]:
    rules = [
        "every step runs, whatever fails" if phase.keep_going else "",
        "the next phase runs even after a failure" * (phase.on_failure is OnFailure.GO_ON),
        f"tried again {phase.retries} times" if phase.retries else "",
        f"where the output matches {phase.retry_on}" if phase.retry_on else "",
        f"as {phase.run_as}" if phase.run_as else "",
    ]
    said = ", ".join(filter(None, rules))
    yield ""
    title = paint("bold", clean(phase.name))
    yield f"  {title}  {paint('faint', clean(said))}" if said else f"  {title}"
    for step in phase.steps:
        yield from _step(step, "", paint)
    for step in phase.closing:
        yield from _step(step, "finally, ", paint)


def _step(step: Step, when: str, paint: Paint) -> Iterator[str]:
    """The command with its line in the file; below it, what else is set."""
    number = paint("faint", (str(step.line) if step.line else "").rjust(LINES))
    first, *more = step.command.rstrip().split("\n")
    yield f"{number} {paint('help', '$')} {clean(first)}"
    yield from (" " * (LINES + 3) + clean(line) for line in more)
    variables = ", ".join(f"{name}={value}" for name, value in step.environment)
    notes = [
        f"because of {step.why}" if step.why else "",
        f"in {step.pwd}" if step.pwd else "",
        f"{seconds(step.silence)} without output end it" if step.silence else "",
        f"with {variables}" if variables else "",
        "left running" if step.background else "",
        f"followed by the files {', '.join(step.files)}" if step.files else "",
    ]
    said = when + ", ".join(filter(None, notes))
    if said:
        yield paint("faint", " " * (LINES + 3) + clean(said.removesuffix(", ")))


def seconds(time: float) -> str:
    """`1h 30m`, and nothing for no time."""
    hours, rest = divmod(int(time), 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (left, "s"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


def _secrets(secrets: Sequence[Secret]) -> str:
    return ", ".join(
        f"{one.variable} ({one.store} {one.reference})" if one.reference else one.variable
        for one in secrets
    )


def _report(report: ReportSet) -> str:
    return f"{report.format}: {', '.join(report.files)}"


def _cache(cache: Cache) -> str:
    by = f" by {', '.join(cache.files)}" if cache.files else ""
    return ", ".join(cache.paths) + by
