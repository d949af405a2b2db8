"""A job's own commands: the machine they ask for, their phases, and what is handed on of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.core.environment import is_single_use
from dishwasher.core.job import Reason
from dishwasher.core.network import granted, network
from dishwasher.core.sandbox import Level
from dishwasher.core.step import Shell
from dishwasher.core.ticket import Ticket
from dishwasher.errors import UserError
from dishwasher.runner import shell
from dishwasher.runner.command import Commands
from dishwasher.runner.environment import Workspace, job_environment
from dishwasher.runner.findings import Findings
from dishwasher.runner.installing import Installing
from dishwasher.runner.languages import Languages
from dishwasher.runner.output import Output
from dishwasher.runner.outputs import Outputs
from dishwasher.runner.phases import Phases
from dishwasher.runner.sandbox.enclosed import OPEN
from dishwasher.runner.shared import Shared
from dishwasher.runner.shell import Interpreter, Separate
from dishwasher.runner.sink import Sink
from dishwasher.runner.stages import Stages
from dishwasher.runner.steps import Steps
from dishwasher.runner.verdict import Verdict

if TYPE_CHECKING:
    from dishwasher.runner.sandbox.probe import Isolation


class Build:
    """Runs once; afterwards `tail`, `findings` and `outputs` are for the result."""

    def __init__(
        self,
        ticket: Ticket,
        host: Mapping[str, str],
        workspace: Workspace,
        commands: Commands,
        stages: Stages,
        notes: list[str],
        isolation: Isolation | None = None,
        objects: tuple[Path, ...] = (),
        sink: Sink | None = None,
    ) -> None:
        """`sink`: where environments are kept; None to keep none."""
        self._sink = sink
        self._languages: Languages | None = None
        self._installing: Installing | None = None
        self._ticket, self._spec, self._host = ticket, ticket.spec, host
        self._workspace, self._commands, self._stages = workspace, commands, stages
        self._judge, self._log, self._notes = stages.judge, stages.log, notes
        self._isolation, self._objects, self._enclosure = isolation, objects, OPEN
        level = isolation.level if isolation else Level.PLAIN
        wanted = network(ticket.spec, ticket.trusted)
        self._network = granted(wanted, level, single_use=is_single_use(host))
        self._base = workspace.checkout / self._spec.directory
        self.findings = Findings()
        self.tail: tuple[str, ...] = ()
        self.outputs = Outputs(self._spec, workspace, notes, self.findings, self._log.mask)

    def run(self) -> Verdict:
        """Raises Fenced; who has called it ends the sandbox that the commands are in then."""
        verdict = self._judge.judge("the matchers' start", self._ready_matchers)
        if not verdict.fine:
            return self._stages.failed("annotate", verdict)
        if self._isolation is not None:
            verdict = self._judge.judge("the sandbox's start", self._enclose)
            if not verdict.fine:
                return self._stages.failed("sandbox", verdict)
        docker = self._spec.machine.docker and is_single_use(self._host)
        if not (self._spec.machine.services or docker):
            return self._run_on_machine({})
        # Imported late: most jobs ask for neither, and a runner must start fast.
        from dishwasher.runner.beside import Beside

        beside = Beside(
            *(self._ticket, self._host, self._workspace),
            *(self._commands, self._stages, self._enclosure),
        )
        try:
            verdict = beside.start(docker=docker)
            if verdict.fine:
                verdict = self._run_on_machine(beside.environment)
            if not verdict.fine:
                beside.keep_logs()
                for advice in beside.advice():
                    self._log.say(advice)
                    self._notes.append(advice)
        finally:
            beside.end()
        return verdict

    def _ready_matchers(self) -> Verdict:
        # Before any command: what it asks for is what the commit holds.
        checkout = self._workspace.checkout
        self.findings.ready(self._spec.annotate, checkout, self._tell)
        return Verdict(Reason.OK)

    def _tell(self, text: str) -> None:
        self._notes.append(text)
        self._log.say(text)

    def _enclose(self) -> Verdict:
        # Imported late: it costs what a plain job needs not.
        from dishwasher.runner.sandbox.enclosure import enclose

        assert self._isolation is not None
        limits, services = self._ticket.limits, bool(self._spec.machine.services)
        self._enclosure = enclose(
            *(self._isolation, self._workspace, limits, self._host),
            network=self._network,
            services=services,
            more=self._objects,
            say=self._log.say,
        )
        place = self._enclosure.cell or self._enclosure.place
        if place is not None:
            self._commands.enter(place)
        self._log.say(f"Sandbox: {self._enclosure.words}")
        return Verdict(Reason.OK)

    def _run_on_machine(self, served: Mapping[str, str]) -> Verdict:
        """`served`: variables by which clients find the services."""
        verdict = self._provide_languages()
        if not verdict.fine:
            return verdict
        assert self._languages is not None
        bin = self._languages.bin
        environment = job_environment(self._ticket, self._host, self._workspace, bin)
        environment.update(served)
        self._enclosure.add_variables(environment, self._host)
        prepared: list[Interpreter] = []

        def prepare() -> Verdict:
            if not self._base.is_dir():
                folder = self._spec.directory
                raise UserError(f"The folder `{folder}` that the steps start in is not there.")
            prepared.append(self._interpreter(environment))
            return Verdict(Reason.OK)

        verdict = self._judge.judge("build", prepare)
        if not verdict.fine:
            first = self._spec.phases[0].name if self._spec.phases else "build"
            return self._stages.failed(first, verdict)
        return self._run(prepared[0], environment)

    def _provide_languages(self) -> Verdict:
        languages = self._languages = Languages(
            *(self._ticket, self._host, self._workspace),
            *(self._commands, self._stages, self._enclosure),
        )
        verdict = languages.choose()
        if not verdict.fine:
            return verdict
        self._installing = Installing(
            *(self._ticket, self._sink, self._workspace, self._commands),
            *(self._stages, self._notes, self._enclosure),
        )
        self._installing.restore(self._host, languages.python)
        if not self._installing.is_restored:
            verdict = languages.make_virtualenv()
            self.tail = languages.tail
        return verdict

    def _run(self, interpreter: Interpreter, environment: dict[str, str]) -> Verdict:
        steps = Steps(
            shell=interpreter,
            workspace=self._workspace,
            base=self._base,
            environment=environment,
            journal=self._stages.journal,
            log=self._log,
            scan=self.findings.feed if self.findings else None,
            notes=self._notes,
            silence=self._spec.silence,
            limits=self._ticket.limits if self._isolation is not None else None,
        )
        self.outputs.counts = steps.counts
        phases = Phases(self._spec, steps, self._commands, self._judge, self._installing)
        verdict = phases.run()
        self.tail = phases.tail
        return self._last(interpreter, verdict)

    def _last(self, interpreter: Interpreter, verdict: Verdict) -> Verdict:
        """Ask the shell what only it knows, and let it end."""

        def ask() -> Verdict:
            if self._judge.stop.cause is None:
                self.outputs.ask(interpreter)
            output = Output(self._log, None)
            interpreter.end(output.feed)
            output.finish()
            return verdict

        asked = self._judge.judge("the job's end", ask)
        return asked if verdict.fine else verdict

    def _interpreter(self, environment: dict[str, str]) -> Interpreter:
        spec = self._spec
        program = shell.found(spec.program, environment["PATH"])
        folder = self._workspace.shell
        if spec.shell is Shell.ONE:
            return Shared(self._commands, program, self._base, environment, folder)
        argv = (program, *shell.flags(spec.shell, program))
        return Separate(self._commands, argv, self._base, environment, folder)
