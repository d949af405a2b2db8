"""A job's phases in order: what runs after a failure, what is tried again, and who is named."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.config import JobSpec
from dishwasher.core.job import Reason
from dishwasher.core.step import OnFailure, Phase, Shell, Step
from dishwasher.runner import retry
from dishwasher.runner.command import Commands
from dishwasher.runner.ending import title
from dishwasher.runner.installing import Installing
from dishwasher.runner.steps import Failure, Steps
from dishwasher.runner.verdict import Judge, Verdict

NAMED = 3
"""Further failures that the verdict names; the phases show all of them."""


class Phases:
    """Carries out `spec.phases` once; `verdict` is about the first failure and all that followed.

    A phase that only has closing steps is there to clean up: it runs whatever came before.
    """

    def __init__(
        self,
        spec: JobSpec,
        steps: Steps,
        commands: Commands,
        judge: Judge,
        installing: Installing | None = None,
    ) -> None:
        self._spec, self._steps, self._commands, self._judge = spec, steps, commands, judge
        self._installing = installing
        self._failures: list[Failure] = []
        self._verdict = Verdict(Reason.OK)
        self._blocked = self._closing = False
        self._after: list[str] = []
        self._skipped: list[str] = []

    def run(self) -> Verdict:
        """Raises Fenced."""
        self._tell_success(True)
        for phase in self._spec.phases:
            if self._installing is not None and self._installing.has_done(phase):
                continue
            cleans = bool(phase.closing and not phase.steps)
            if self._blocked and not cleans:
                self._skipped.append(phase.name)
                continue
            if not self._verdict.fine:
                self._after.append(phase.name)
                self._steps.log.say(f"{phase.name} runs although the job has failed.")
            self._run(phase)
        return self._summary()

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines of the step that the verdict is about."""
        return self._failures[0].tail if self._failures else ()

    def _run(self, phase: Phase) -> None:
        """All tries at it; the job has failed when the last one did."""
        for tries in range(1, phase.retries + 2):
            failures: list[Failure] = []
            if self._installing is not None:
                self._installing.before(phase)
            verdict = self._try(phase, tries, failures)
            if verdict.fine:
                if self._installing is not None:
                    self._installing.after(phase)
                return
            if not failures or self._closing or tries > phase.retries:
                break
            worth, problem = retry.worth(phase.retry_on, failures[0].said)
            if problem:
                self._steps.notes.append(problem)
                self._steps.log.say(problem)
            if not worth:
                break
            text = f"{failures[0]}; {phase.name} is tried again ({tries} of {phase.retries})."
            self._steps.notes.append(text)
            self._steps.log.say(text)
            self._tell_success(self._verdict.fine)
        if self._verdict.fine:
            self._verdict = verdict
        self._failures += failures
        # Without a failing step it was the machine that failed.
        if phase.on_failure is OnFailure.STOP or not failures or self._closing:
            self._blocked = True

    def _try(self, phase: Phase, tries: int, failures: list[Failure]) -> Verdict:
        journal = self._steps.journal
        journal.begin_phase(phase.name, tries)
        verdict = self._judge.judge(phase.name, lambda: self._steps_of(phase, failures))
        if not verdict.fine and not failures:
            self._steps.log.say(verdict.detail)
        journal.end_phase(verdict.reason)
        return verdict

    def _steps_of(self, phase: Phase, failures: list[Failure]) -> Verdict:
        verdict = Verdict(Reason.OK)
        apart = self._spec.shell is not Shell.ONE
        # What shares a shell builds on what came before it: `cd build`, then `rm -r *`.
        for steps, name, on in (
            (phase.steps, "step", phase.keep_going),
            (phase.closing, "closing step", phase.keep_going or apart),
        ):
            for number, step in enumerate(steps, 1):
                failure = self._step(step, self._name(phase, f"{name} {number}", step))
                if failure is None:
                    continue
                if verdict.fine:
                    verdict = self._judged(failure)
                failures.append(failure)
                self._tell_success(False)
                if failure.stopped or not on:
                    break
            if failures and failures[-1].stopped and not self._closing:
                self._begin_closing()
        return verdict

    def _step(self, step: Step, name: str) -> Failure | None:
        failure = self._steps.run(step, name)
        if failure is not None:
            verdict = self._judged(failure)
            self._steps.log.say(verdict.detail)
        return failure

    def _judged(self, failure: Failure) -> Verdict:
        if failure.stopped and not self._closing:
            return self._judge.stopped(f"in {failure.step}")
        self._judge.leave_quietly()
        late = ": what cleans up after a job's end has little time" if failure.stopped else ""
        return Verdict(failure.reason, f"{failure}{late}", failure.exhausted)

    def _begin_closing(self) -> None:
        """The job is over; what cleans up still has a little time."""
        self._closing = self._blocked = True
        self._commands.allow_closing()

    def _name(self, phase: Phase, which: str, step: Step) -> str:
        of = f" of {phase.name}" if len(self._spec.phases) > 1 else ""
        return f"{which}{of} `{title(step.command)}`"

    def _tell_success(self, so_far: bool) -> None:
        if self._spec.succeeding:
            self._steps.shell.set(self._spec.succeeding, "1" if so_far else "0")

    def _summary(self) -> Verdict:
        installed = self._installing.steps if self._installing is not None else 0
        count = len(self._spec.steps) - installed
        if self._verdict.fine:
            return Verdict(Reason.OK, f"All {count} steps passed." if count > 1 else "")
        parts = [self._verdict.detail.removesuffix(".")]
        more = self._failures[1:]
        if more:
            parts.append("also " + ", ".join(map(str, more[:NAMED])))
        if len(more) > NAMED:
            parts.append(f"and {len(more) - NAMED} more")
        if self._after:
            parts.append(f"{_listed(self._after)} ran all the same")
        if self._skipped:
            parts.append(f"not run: {', '.join(self._skipped)}")
        if len(parts) == 1:
            return self._verdict
        detail = "; ".join(parts)
        self._steps.log.say(detail)
        return replace(self._verdict, detail=detail)


def _listed(names: list[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
