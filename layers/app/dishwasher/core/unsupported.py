"""What a configuration may say and this version does not carry out yet: a table that shrinks.

A job that needs such a thing is refused before it starts; running it without would say of
something else that it works. What only makes a job faster or better told is noted instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dishwasher.core.config import JobSpec
from dishwasher.core.machine import Service
from dishwasher.core.outputs import ReportFormat
from dishwasher.core.service import STARTABLE

READ = (ReportFormat.JUNIT,)
ANY_VERSION = frozenset({"", "latest", "system"})
"""What any program on PATH answers to."""
OWN_USER = frozenset({"", "root"})
"""Users under which a phase needs no switch; whether `root` is one, its commands show."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is asked for and not carried out."""

    sentence: str
    line: int


def not_carried_out(spec: JobSpec) -> tuple[Lack, ...]:
    """All that the job would have to do without; empty where it can run as it is meant."""
    return tuple(
        Lack(f"{what} {'are' if plural else 'is'} not supported by this version yet.", line)
        for asks in _TABLE
        for what, line, plural in asks(spec)
    )


def noted(planned: Iterable[JobSpec]) -> tuple[str, ...]:
    """What is left undone without a job being the worse for it, one sentence each."""
    specs = tuple(planned)
    told = (
        (
            any(report.format not in READ for spec in specs for report in spec.reports),
            "Of reports only JUnit is read yet; the others are kept as artifacts.",
        ),
    )
    return tuple(sentence for asked, sentence in told if asked)


Asked = Iterable[tuple[str, int, bool]]
"""What is asked for, the line where it is, and whether that is a plural."""


def _services(spec: JobSpec) -> Asked:
    services: tuple[Service, ...] = spec.machine.services
    unknown = [service for service in services if service.name not in STARTABLE]
    if unknown:
        names = ", ".join(service.name for service in unknown)
        word = "services" if len(unknown) > 1 else "service"
        yield f"The {word} {names}", unknown[0].line or spec.line, len(unknown) > 1


def _versions(spec: JobSpec) -> Asked:
    for language, version in spec.machine.others:
        if version not in ANY_VERSION:
            yield f"Choosing {language} {version}", spec.line, False


def _hosts(spec: JobSpec) -> Asked:
    if spec.machine.hosts:
        yield "Naming hosts", spec.line, False


def _users(spec: JobSpec) -> Asked:
    for phase in spec.phases:
        if phase.run_as not in OWN_USER:
            yield f"Running {phase.name} as {phase.run_as}", spec.line, False


def _group(spec: JobSpec) -> Asked:
    if spec.group:
        yield "Running several jobs on one runner (`group`)", spec.line, False


def _site(spec: JobSpec) -> Asked:
    if spec.smoke:
        yield f"Smoke tests ({spec.smoke})", spec.line, True
    if spec.screenshots:
        yield f"Screenshots ({spec.screenshots})", spec.line, True


_TABLE: tuple[Callable[[JobSpec], Asked], ...] = (
    _services,
    _versions,
    _hosts,
    _users,
    _group,
    _site,
)
