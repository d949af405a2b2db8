"""One step: where it runs, with what, what it prints, and how that ended in plain words."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dishwasher.core.expansion import add
from dishwasher.core.job import Reason
from dishwasher.core.machine import Variable
from dishwasher.core.outcome import TestSummary
from dishwasher.core.size import Resource
from dishwasher.core.step import Step
from dishwasher.core.ticket import Limits
from dishwasher.runner import exhaustion, files, variables
from dishwasher.runner.disk import FULL
from dishwasher.runner.ending import explain, title
from dishwasher.runner.environment import Workspace
from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.output import Output
from dishwasher.runner.shell import Command, Interpreter

CD_FAILED = 1
"""Exit code of `cd` for a directory that is not there."""
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
NAME = 40
"""Characters of a command in the name of the file that keeps its output."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not pass."""

    step: str
    """What a sentence calls it: "step 2 `flake8 app`"."""
    how: str
    """What follows that: "exited with 1"."""
    reason: Reason = Reason.FAILED
    tail: tuple[str, ...] = ()
    said: str = ""
    """The end of its output, for `retry_on`."""
    stopped: bool = False
    """The job is over, not only this step."""
    exhausted: Resource | None = None
    """What of its runner it ran into, where a larger one has more."""

    def __str__(self) -> str:
        return f"{self.step} {self.how}"


@dataclass(frozen=True, slots=True)
class Steps:
    """Runs steps by `shell` in `base`; `silence` is for those that have no limit of their own."""

    shell: Interpreter
    workspace: Workspace
    base: Path
    environment: Mapping[str, str]
    journal: Journal
    log: Log
    scan: Callable[[bytes], None] | None
    notes: list[str]
    silence: float = 0.0
    limits: Limits | None = None
    """What its commands are held to; None for nothing."""
    counts: dict[str, TestSummary] = field(default_factory=dict)
    """What a step's last words tell of its tests, by its name; of a repeated one the last."""

    def run(self, step: Step, name: str) -> Failure | None:
        self.log.line(f"$ {step.command.rstrip()}")
        self.journal.begin_step(step.command)
        directory = self._directory(step)
        missing = self._missing(step, directory)
        if missing:
            self.journal.end_step(CD_FAILED)
            return Failure(name, missing)
        text = self._text(step, directory)
        if not text:
            self.journal.end_step(0)
            self._note(f"{name} did not run: no file matches {', '.join(step.files)}.")
            return None
        silence = step.silence or self.silence
        place = directory if step.pwd else None
        command = Command(text, place, self._own(step), silence)
        if step.background:
            self._leave(command)
            return None
        return self._follow(command, name)

    def _follow(self, command: Command, name: str) -> Failure | None:
        output = Output(self.log, self.scan)
        ended = self.shell.run(command, output.feed)
        if ended.exit_code and not ended.trouble and self.workspace.is_full:
            ended = replace(ended, trouble=FULL, exhausted=Resource.DISK)
        output.finish()
        self._count(name, output)
        self.journal.end_step(ended.exit_code, used=ended.usage)
        if ended.leaked:
            self.notes.append(f"{name} left a process behind that holds its output open.")
        if ended.exit_code == 0:
            return None
        stopped = ended.exit_code is None and not ended.silence
        reason = Reason.TIMED_OUT if ended.silence else Reason.FAILED
        said = output.text()
        how, exhausted = explain(ended), ended.exhausted
        if self.limits is not None and ended.exit_code and not ended.trouble:
            how += exhaustion.words(said, self.limits)
            exhausted = exhaustion.resource(said)
        return Failure(name, how, reason, output.tail(), said, stopped, exhausted)

    def _count(self, name: str, output: Output) -> None:
        self.counts.pop(name, None)
        if output.may_count:
            # Imported late: most commands run no tests, and a runner must start fast.
            from dishwasher.checks import counted

            if told := counted.read(output.text()):
                self.counts[name] = told

    def _leave(self, command: Command) -> None:
        """Its output goes to a file that has its process id in its name, known only then."""
        folder = self.workspace.left
        folder.mkdir(exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        file = os.open(folder / "starting", flags, 0o600)
        try:
            pid = self.shell.leave(command, file)
        finally:
            os.close(file)
        words = _NAME.sub("_", title(command.text).split(maxsplit=1)[0].rpartition("/")[2])
        name = f"stdout_{words[:NAME]}_{pid}.txt"
        (folder / "starting").rename(folder / name)
        self.log.say(f"Left running; what it prints becomes the artifact {name}.")
        self.journal.end_step(None, background=True)

    def _own(self, step: Step) -> dict[str, str]:
        """The step's own variables; each may hold the job's and earlier ones of its own."""
        values = dict(self.environment)
        add(values, (Variable(*pair, expand=step.expand) for pair in step.environment), {})
        return {name: values[name] for name, _ in step.environment}

    def _directory(self, step: Step) -> Path:
        if not step.pwd:
            return self.base
        values = {**self.environment, **self._own(step)}
        return Path(variables.directory(step.pwd, str(self.base), values))

    def _missing(self, step: Step, directory: Path) -> str:
        """Why there is no folder to run in; empty when there is one."""
        if directory.is_dir():
            return ""
        if not step.pwd:
            return "has no folder to run in: an earlier step removed it."
        try:
            shown = directory.relative_to(self.workspace.checkout)
        except ValueError:
            shown = directory
        return f"has no folder to run in: its directory `{step.pwd}` ({shown}) does not exist"

    def _text(self, step: Step, directory: Path) -> str:
        """The command with the files that it asks for; empty when there are none."""
        if not step.files:
            return step.command
        paths = sorted({path for glob in step.files for path, _ in files.found(directory, glob)})
        if not paths:
            return ""
        return f"{step.command.rstrip()} {shlex.join(paths)}"

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self.log.say(f"{text}")
