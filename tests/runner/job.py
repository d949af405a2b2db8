"""A job's commands in real processes, without a checkout and without a server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dishwasher.core.result import PhaseResult
from dishwasher.core.step import Phase, Step
from dishwasher.core.ticket import Source
from dishwasher.runner import orphans
from dishwasher.runner.artifacts import Collection
from dishwasher.runner.build import Build
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.environment import Workspace
from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.sink import Sink
from dishwasher.runner.stages import Stages
from dishwasher.runner.stop import Stop
from dishwasher.runner.verdict import Judge, Verdict

from tests.runner.server import LIMITS, ticket

GRACE = Grace(0.3, 0.3, 1.0, 1.0)
HOST = {"PATH": os.environ["PATH"]}


def phase(name: str, *commands: str | Step, closing: tuple[str, ...] = (), **values: Any) -> Phase:
    steps = tuple(one if isinstance(one, Step) else Step(one) for one in commands)
    return Phase(name, steps, tuple(map(Step, closing)), **values)


@dataclass
class Job:
    """What a job left when it was over."""

    workspace: Workspace
    verdict: Verdict
    build: Build
    phases: tuple[PhaseResult, ...]
    log: str
    notes: list[str]
    artifacts: dict[str, str] = field(default_factory=dict)
    """Path and content."""

    @property
    def ran(self) -> list[str]:
        """Names of the phases and the exit codes of their steps, in order."""
        return [
            f"{phase.name} {' '.join(str(step.exit_code) for step in phase.steps)}".strip()
            for phase in self.phases
        ]

    @property
    def printed(self) -> list[str]:
        """Lines of the log that a step wrote."""
        ours = ("$ ", "[dishwasher] ")
        return [line for line in self.log.splitlines() if not line.startswith(ours)]


class Jobs:
    """job(phase, …, field=value) runs a job with these in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.stop = Stop()
        self.host: Mapping[str, str] = HOST
        self.seconds = 60.0
        self.sink: Sink | None = None
        """Where prepared environments are kept."""
        self.files: dict[str, str] = {}
        """Of the checkout, by path."""

    def __call__(self, *phases: Phase, **values: Any) -> Job:
        known, templates = values.pop("of_ticket", ()), values.pop("facts", ())
        mask = values.pop("mask", None)
        made = ticket(Source("", "a" * 40), phases=phases, **({"limits": LIMITS} | values))
        made = replace(made, facts=known, spec=replace(made.spec, facts=templates))
        workspace = self._workspace()
        log, notes = Log(workspace.root, 1_000_000, mask), list[str]()
        journal = Journal(lambda: log.size, lambda: None)
        commands = Commands(self.stop, time.monotonic() + self.seconds, GRACE)
        stages = Stages(Judge(self.stop, self.seconds), journal, log)
        try:
            build = Build(made, self.host, workspace, commands, stages, notes, sink=self.sink)
            verdict = build.run()
        finally:
            commands.end()
        found = Collection(made.limits)
        build.outputs.collect(found, verdict, {one.name for one in journal.phases})
        found.add_folder(workspace.left)
        kept = {one.artifact.path: Path(one.place).read_text() for one in found.files}
        notes.extend(found.notes)
        text = log.read(0, log.size).decode()
        log.discard()
        return Job(workspace, verdict, build, journal.phases, text, notes, kept)

    def _workspace(self) -> Workspace:
        workspace = Workspace(self._folder / str(len(list(self._folder.iterdir()))))
        workspace.root.mkdir()
        workspace.make()
        for name, content in self.files.items():
            path = workspace.checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return workspace


@contextmanager
def jobs(folder: Path) -> Iterator[Jobs]:
    orphans.adopt()
    made = Jobs(folder)
    try:
        yield made
    finally:
        made.stop.close()
        orphans.adopt(False)
