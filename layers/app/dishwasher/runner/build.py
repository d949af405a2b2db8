"""A job's own commands: the machine they ask for, their phases, and what is handed on of them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.checks.matchers import Scanner
from dishwasher.core.findings import Finding
from dishwasher.core.job import Reason
from dishwasher.core.outcome import TestSummary
from dishwasher.core.outputs import REPORTS_FOLDER, ArtifactSet
from dishwasher.core.result import FINDINGS_KEPT
from dishwasher.core.step import Shell
from dishwasher.core.ticket import Ticket
from dishwasher.errors import UserError
from dishwasher.runner import interpreter, shell
from dishwasher.runner.artifacts import Collection
from dishwasher.runner.command import Commands
from dishwasher.runner.environment import Workspace, base_environment, job_environment
from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.output import Output
from dishwasher.runner.phases import Phases
from dishwasher.runner.shared import Shared
from dishwasher.runner.shell import Interpreter, Separate
from dishwasher.runner.steps import Steps
from dishwasher.runner.stop import Stopped
from dishwasher.runner.verdict import Judge, Verdict

if TYPE_CHECKING:
    from dishwasher.runner.services.running import Services

EXPORTED = 16 * 1024
"""Characters of one exported value; a longer one is data, and belongs among the artifacts."""
_NAME = re.compile(r"[A-Za-z_]\w*", re.A)


class Findings:
    """What the job's matchers have found in its output."""

    def __init__(self, names: tuple[str, ...], checkout: Path) -> None:
        self._scanner = Scanner(names, checkout) if names else None
        self.kept: list[Finding] = []
        self.total = 0

    def feed(self, line: str) -> None:
        finding = self._scanner.feed(line) if self._scanner else None
        if finding is not None:
            self.add(finding)

    def add(self, finding: Finding) -> None:
        self.total += 1
        if len(self.kept) < FINDINGS_KEPT:
            self.kept.append(finding)

    def __bool__(self) -> bool:
        return self._scanner is not None


class Build:
    """Runs once; afterwards `tail`, `findings`, `tests` and `exported` are for the result."""

    def __init__(
        self,
        ticket: Ticket,
        host: Mapping[str, str],
        workspace: Workspace,
        commands: Commands,
        judge: Judge,
        journal: Journal,
        log: Log,
        notes: list[str],
    ) -> None:
        self._ticket, self._spec, self._host = ticket, ticket.spec, host
        self._workspace, self._commands, self._judge = workspace, commands, judge
        self._journal, self._log, self._notes = journal, log, notes
        self._base = workspace.checkout / self._spec.directory
        self._sets: tuple[ArtifactSet, ...] = ()
        self.findings = Findings(self._spec.annotate, workspace.checkout)
        self.tail: tuple[str, ...] = ()
        self.tests: TestSummary | None = None
        self.exported: tuple[tuple[str, str], ...] = ()

    def run(self) -> Verdict:
        """Raises Fenced."""
        if not self._spec.machine.services:
            return self._run_on_machine({})
        # Imported late: most jobs ask for no server, and a runner must start fast.
        from dishwasher.runner.services.running import Services

        services = Services(self._judge.stop, self._say)
        try:
            verdict = self._phase("services", lambda: self._serve(services))
            if verdict.fine:
                verdict = self._run_on_machine(services.environment)
            if not verdict.fine:
                self._keep_logs(services)
        finally:
            services.end()
        return verdict

    def _serve(self, services: Services) -> Verdict:
        environment = job_environment(self._ticket, self._host, self._workspace)
        names = [service.name for service in self._spec.machine.services]
        services.start(names, environment)
        self._commands.spare(services.pids)
        services.write_settings(self._workspace.home)
        return Verdict(Reason.OK)

    def _keep_logs(self, services: Services) -> None:
        for name, log in services.logs():
            if log.exists():
                folder = self._workspace.artifacts / "services"
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, folder / name)

    def _phase(self, name: str, work: Callable[[], Verdict]) -> Verdict:
        self._journal.begin_phase(name)
        verdict = self._judge.judge(name, work)
        self._end_phase(verdict)
        return verdict

    def _say(self, text: str) -> None:
        self._log.line(f"[dishwasher] {text}")

    def _run_on_machine(self, served: Mapping[str, str]) -> Verdict:
        """`served`: variables by which clients find the services."""
        machine = self._spec.machine
        bin = None
        if machine.python or machine.virtualenv:
            verdict = self._phase("python", self._make_virtualenv)
            if not verdict.fine:
                return verdict
            bin = self._workspace.virtualenv / "bin"
        if machine.node:
            verdict = self._phase("node", self._provide_node)
            if not verdict.fine:
                return verdict
        environment = job_environment(self._ticket, self._host, self._workspace, bin)
        environment.update(served)
        prepared: list[Interpreter] = []

        def prepare() -> Verdict:
            if not self._base.is_dir():
                folder = self._spec.directory
                raise UserError(f"The folder `{folder}` that the steps start in is not there.")
            prepared.append(self._interpreter(environment))
            return Verdict(Reason.OK)

        verdict = self._judge.judge("build", prepare)
        if not verdict.fine:
            self._journal.begin_phase(self._spec.phases[0].name if self._spec.phases else "build")
            self._end_phase(verdict)
            return verdict
        return self._run(prepared[0], environment)

    def _provide_node(self) -> Verdict:
        # Imported late: most jobs ask for none, and a runner must start fast.
        from dishwasher.runner import node

        environment = base_environment(self._host, self._workspace)

        def run(argv: tuple[str, ...]) -> int:
            self._say(f"$ {shlex.join(argv)}")
            output = Output(self._log, None)
            ended = self._commands.run(argv, self._workspace.root, environment, output.feed)
            output.finish()
            if ended.exit_code is None:
                raise Stopped
            return ended.exit_code

        chosen, _ = node.provide(self._spec.machine.node, environment, self._workspace.node, run)
        self._say(f"Node {chosen.name}")
        return Verdict(Reason.OK)

    def _run(self, interpreter: Interpreter, environment: dict[str, str]) -> Verdict:
        steps = Steps(
            shell=interpreter,
            workspace=self._workspace,
            base=self._base,
            environment=environment,
            journal=self._journal,
            log=self._log,
            matched=self.findings.feed if self.findings else None,
            notes=self._notes,
            silence=self._spec.silence,
        )
        phases = Phases(self._spec, steps, self._commands, self._judge)
        verdict = phases.run()
        self.tail = phases.tail
        verdict = self._last(interpreter, verdict)
        return verdict

    def _last(self, interpreter: Interpreter, verdict: Verdict) -> Verdict:
        """What only the shell knows, before it is gone."""

        def ask() -> Verdict:
            if self._judge.stop.cause is None:
                self._export(interpreter)
                self._sets = tuple(
                    self._evaluated(interpreter, wanted) for wanted in self._spec.artifacts
                )
            output = Output(self._log, None)
            interpreter.end(output.feed)
            output.finish()
            return verdict

        self._sets = self._spec.artifacts
        asked = self._judge.judge("the job's end", ask)
        return asked if verdict.fine else verdict

    def collect(self, found: Collection, verdict: Verdict) -> None:
        """The files that the configuration names."""
        begun = {phase.name for phase in self._journal.phases}
        for wanted in self._sets:
            if not (verdict.fine or wanted.always):
                found.leave_out(wanted, "kept only when the job succeeds")
            elif wanted.after and wanted.after not in begun:
                found.leave_out(wanted, f"the job did not come to {wanted.after}")
            else:
                found.add_set(self._workspace.checkout, self._workspace.home, wanted)
        self._read_reports()
        for report in self._spec.reports:
            if report.base == REPORTS_FOLDER:
                continue
            name = f"reports/{report.name}".rstrip("/")
            wanted = ArtifactSet(report.files, name=name, base=report.base)
            found.add_set(self._workspace.checkout, self._workspace.home, wanted)

    def _read_reports(self) -> None:
        if not self._spec.reports:
            return
        # Imported late: most jobs write none, and a runner must start fast.
        from dishwasher.runner import reports

        folders = self._workspace.checkout, self._workspace.reports
        found = reports.read(self._spec.reports, *folders, self._spec.directory)
        self.tests = found.tests
        self._notes.extend(found.notes)
        for finding in found.findings:
            self.findings.add(finding)

    def _interpreter(self, environment: dict[str, str]) -> Interpreter:
        spec = self._spec
        program = shell.found(spec.program, environment["PATH"])
        folder = self._workspace.shell
        if spec.shell is Shell.ONE:
            return Shared(self._commands, program, self._base, environment, folder)
        argv = (program, *shell.flags(spec.shell, program))
        return Separate(self._commands, argv, self._base, environment, folder)

    def _make_virtualenv(self) -> Verdict:
        environment = base_environment(self._host, self._workspace)
        asked = self._spec.machine.python
        python = interpreter.choose(asked, environment["PATH"], interpreter.pyenv(self._host))
        self._log.line(f"[dishwasher] Python {python.name} ({python.place}) in a new environment")
        argv = (python.place, "-m", "venv", str(self._workspace.virtualenv))
        output = Output(self._log, None)
        self._journal.begin_step(f"python{python.name} -m venv")
        ended = self._commands.run(argv, self._workspace.root, environment, output.feed)
        output.finish()
        self._journal.end_step(ended.exit_code)
        if ended.exit_code is None:
            return self._judge.stopped("while the virtual environment was made")
        if ended.exit_code:
            self.tail = output.tail()
            raise UserError(
                f"Python {python.name} could not make a virtual environment; it may lack `venv` "
                "or `ensurepip` (on Debian: the package python3-venv)."
            )
        return Verdict(Reason.OK)

    def _evaluated(self, interpreter: Interpreter, wanted: ArtifactSet) -> ArtifactSet:
        if not wanted.evaluated:
            return wanted
        name = interpreter.evaluate(wanted.name) if "$" in wanted.name else wanted.name
        base = interpreter.evaluate(wanted.base) if "$" in wanted.base else wanted.base
        return replace(wanted, name=name, base=base)

    def _export(self, interpreter: Interpreter) -> None:
        names = [name for name in self._spec.exported if _NAME.fullmatch(name)]
        if not names:
            return
        values = interpreter.values(names)
        self.exported = tuple(pair for pair in values if len(pair[1]) <= EXPORTED)
        known = dict(self.exported)
        for name in names:
            if name not in known:
                why = "is too long" if name in dict(values) else "is not set"
                self._notes.append(f"The exported variable {name} {why} and is left out.")

    def _end_phase(self, verdict: Verdict) -> None:
        if not verdict.fine:
            self._log.line(f"[dishwasher] {verdict.detail}")
        self._journal.end_phase(verdict.reason)
