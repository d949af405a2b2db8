"""A job's stages as everybody sees them: in the journal, in the log, and with a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.verdict import Judge, Verdict


@dataclass(frozen=True, slots=True)
class Stages:
    """What begins, runs and ends a phase; one for a whole job."""

    judge: Judge
    journal: Journal
    log: Log

    def run(self, name: str, work: Callable[[], Verdict]) -> Verdict:
        """The work as a phase of this name; raises Fenced."""
        self.journal.begin_phase(name)
        return self.end(self.judge.judge(name, work))

    def failed(self, name: str, verdict: Verdict) -> Verdict:
        """A phase that could not even begin."""
        self.journal.begin_phase(name)
        return self.end(verdict)

    def end(self, verdict: Verdict) -> Verdict:
        """End the phase that runs; the log says why where it is not fine."""
        if not verdict.fine:
            self.log.say(verdict.detail)
        self.journal.end_phase(verdict.reason)
        return verdict
