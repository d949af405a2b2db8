"""The phase that installs a job's dependencies, and the prepared environment in place of it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dishwasher.core.job import Reason
from dishwasher.core.step import Phase
from dishwasher.core.ticket import Ticket
from dishwasher.runner.command import Commands
from dishwasher.runner.environment import Workspace, job_environment
from dishwasher.runner.sandbox.enclosed import Enclosed
from dishwasher.runner.sink import Sink
from dishwasher.runner.stages import Stages
from dishwasher.runner.verdict import Verdict

if TYPE_CHECKING:
    from dishwasher.runner.interpreter import Python
    from dishwasher.runner.prepared import Prepared

ANSWER_SECONDS = 10.0
RESTORE, SAVE = "restore dependencies", "save dependencies"


class Installing:
    """Between a job's stages and its prepared environment; of no effect where it has none."""

    def __init__(
        self,
        ticket: Ticket,
        sink: Sink | None,
        workspace: Workspace,
        commands: Commands,
        stages: Stages,
        notes: list[str],
        enclosure: Enclosed,
    ) -> None:
        self._ticket, self._workspace, self._commands = ticket, workspace, commands
        self._stages = stages
        self._prepared: Prepared | None = None
        phase = next((one for one in ticket.spec.phases if one.installs is not None), None)
        if phase is None or phase.installs is None or sink is None:
            return
        machine = ticket.spec.machine
        if phase.installs.why:
            stages.log.say(f"The dependencies are installed anew: {phase.installs.why}.")
        elif not phase.installs.python or machine.python or machine.virtualenv:
            # Imported late: most jobs have none, and a runner must start fast.
            from dishwasher.runner.archive import Archives
            from dishwasher.runner.prepared import ROOT, Prepared

            words = (ticket, sink, workspace, stages.judge.stop, stages.log.say, notes.append)
            archives = Archives(*words, roots={ROOT: workspace.root})
            self._prepared = Prepared(ticket, phase, workspace, archives, enclosure.give)

    @property
    def is_restored(self) -> bool:
        return self._prepared is not None and self._prepared.restored

    @property
    def steps(self) -> int:
        """Those that did not run."""
        return len(self._prepared.phase.steps) if self._prepared and self.is_restored else 0

    def restore(self, host: Mapping[str, str], python: Python | None) -> None:
        """Where there is a prepared environment, as a phase; raises Fenced."""
        prepared = self._prepared
        if prepared is None:
            return
        environment = job_environment(self._ticket, host, self._workspace)
        programs = [f"{python.name} {python.place}"] if python else []
        if prepared.installs.node:
            programs.append(_node(environment))
        if not prepared.look(environment, programs):
            return

        def work() -> Verdict:
            journal = self._stages.journal
            journal.begin_step(f"restored in place of: {prepared.stands_for}")
            prepared.restore()
            journal.end_step(0 if prepared.restored else None)
            return Verdict(Reason.OK)

        self._stages.run(RESTORE, work)

    def has_done(self, phase: Phase) -> bool:
        """Whether the phase need not run any more."""
        return self.is_restored and self._prepared is not None and phase is self._prepared.phase

    def before(self, phase: Phase) -> None:
        if self._prepared is not None and phase is self._prepared.phase:
            self._prepared.before()

    def after(self, phase: Phase) -> None:
        """It has succeeded."""
        prepared = self._prepared
        if prepared is None or phase is not prepared.phase or not prepared.is_worth_it:
            return
        # What still runs could put links where we are about to read.
        _, resist = self._commands.end()
        if resist:
            return

        def work() -> Verdict:
            journal = self._stages.journal
            journal.begin_step(f"stored: {prepared.stands_for}")
            prepared.save()
            journal.end_step(0)
            return Verdict(Reason.OK)

        self._stages.run(SAVE, work)


def _node(environment: Mapping[str, str]) -> str:
    """Which one it is, in words; empty where none answers."""
    try:
        said = subprocess.run(
            ("node", "-p", "process.version + process.execPath + process.versions.modules"),
            env={"PATH": environment["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.decode("utf-8", "replace").strip()
