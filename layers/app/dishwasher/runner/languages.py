"""The Python and the Node that a job asks for, at hand before its first step."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from dishwasher.core.job import Reason
from dishwasher.core.ticket import Ticket
from dishwasher.errors import UserError
from dishwasher.runner import interpreter
from dishwasher.runner.command import Commands
from dishwasher.runner.environment import Workspace, base_environment
from dishwasher.runner.output import Output
from dishwasher.runner.sandbox.enclosed import Enclosed
from dishwasher.runner.stages import Stages
from dishwasher.runner.stop import Stopped
from dishwasher.runner.verdict import Verdict


class Languages:
    """Of one job: `choose` first; `python` is None where it asks for none."""

    def __init__(
        self,
        ticket: Ticket,
        host: Mapping[str, str],
        workspace: Workspace,
        commands: Commands,
        stages: Stages,
        enclosure: Enclosed,
    ) -> None:
        self._ticket, self._host, self._machine = ticket, host, ticket.spec.machine
        self._workspace, self._commands, self._enclosure = workspace, commands, enclosure
        self._stages, self._judge, self._log = stages, stages.judge, stages.log
        self.python: interpreter.Python | None = None
        self.tail: tuple[str, ...] = ()

    @property
    def bin(self) -> Path | None:
        """Where the programs of its virtual environment are, if it has one."""
        return self._workspace.virtualenv / "bin" if self.python else None

    def choose(self) -> Verdict:
        """Raises Fenced."""
        if self._machine.python or self._machine.virtualenv:
            verdict = self._judge.judge("python", self._choose_python)
            if not verdict.fine:
                return self._stages.failed("python", verdict)
        if self._machine.node:
            return self._stages.run("node", self._provide_node)
        return Verdict(Reason.OK)

    def make_virtualenv(self) -> Verdict:
        """Of no effect where no Python was chosen; raises Fenced."""
        if self.python is None:
            return Verdict(Reason.OK)
        return self._stages.run("python", self._make_virtualenv)

    def _choose_python(self) -> Verdict:
        path = base_environment(self._host, self._workspace)["PATH"]
        asked = self._machine.python
        self.python = interpreter.choose(asked, path, interpreter.kept_by_tools(self._host))
        return Verdict(Reason.OK)

    def _provide_node(self) -> Verdict:
        # Imported late: most jobs ask for none, and a runner must start fast.
        from dishwasher.runner import node

        environment = base_environment(self._host, self._workspace)

        def run(argv: tuple[str, ...]) -> int:
            self._log.say(f"$ {shlex.join(argv)}")
            output = Output(self._log, None)
            root = self._workspace.root
            ended = self._commands.run_outside(argv, root, environment, output.feed)
            output.finish()
            if ended.exit_code is None:
                raise Stopped
            return ended.exit_code

        chosen, _ = node.provide(self._machine.node, environment, self._workspace.node, run)
        self._enclosure.give(self._workspace.node)
        self._log.say(f"Node {chosen.name}")
        return Verdict(Reason.OK)

    def _make_virtualenv(self) -> Verdict:
        environment = base_environment(self._host, self._workspace, trusted=self._ticket.trusted)
        python = self.python
        assert python is not None
        self._log.say(f"Python {python.name} ({python.place}) in a new environment")
        argv = (python.place, "-m", "venv", str(self._workspace.virtualenv))
        output = Output(self._log, None)
        journal = self._stages.journal
        journal.begin_step(f"python{python.name} -m venv")
        ended = self._commands.run(argv, self._workspace.root, environment, output.feed)
        output.finish()
        journal.end_step(ended.exit_code)
        if ended.exit_code is None:
            return self._judge.stopped("while the virtual environment was made")
        if ended.exit_code:
            self.tail = output.tail()
            raise UserError(
                f"Python {python.name} could not make a virtual environment; it may lack `venv` "
                "or `ensurepip` (on Debian: the package python3-venv)."
            )
        return Verdict(Reason.OK)
