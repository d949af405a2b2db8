"""The check run about a configuration: its mistakes, or advice beside the jobs that it plans."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core import mistakes, plan
from dishwasher.core.job import Job, Reason
from dishwasher.core.result import Result
from dishwasher.errors import ConfigError
from dishwasher.flow.configuration import Written
from dishwasher.flow.keep import keep_result, read_result
from dishwasher.ports import Blobs, Clock

IMPLIED = "There is no configuration; the files of the repository imply these jobs."


@dataclass(frozen=True, slots=True)
class Advice:
    """Each job that it answers is concluded, and its result is stored."""

    blobs: Blobs
    clock: Clock

    def mistakes(self, build: str, error: ConfigError) -> Job:
        """The only job of a build whose configuration can not be planned."""
        found = mistakes.findings(error.path, error.problems)
        detail = f"{error.path} has {mistakes.count(error.problems)}; nothing was run."
        job = plan.config_job(build, detail, self.clock.now())
        tail = mistakes.lines(error.path, error.problems)
        result = Result(Reason.CONFIG, detail, findings=found, findings_total=len(found), tail=tail)
        keep_result(self.blobs, job, result)
        return job

    def beside(self, jobs: tuple[Job, ...], written: Written) -> Job:
        """What is valid and hardly meant, and how a plan came about that nobody has written."""
        config = written.config
        found = mistakes.findings(config.path, config.warnings)
        detail = f"{config.path} has {mistakes.count(config.warnings)}." if found else ""
        notes = () if written.in_file else config.notes
        if notes:
            detail = f"{IMPLIED} {detail}".strip()
        job = plan.advice_job(jobs[0].build, jobs, detail, self.clock.now())
        tail = mistakes.lines(config.path, config.warnings)
        result = Result(
            Reason.ADVISORY,
            detail,
            findings=found,
            findings_total=len(found),
            tail=tail,
            notes=notes,
        )
        keep_result(self.blobs, job, result)
        return job

    def repeated(self, build: str, job: Job) -> Job:
        """The same words in a build of their own."""
        result = read_result(self.blobs, job)
        told = plan.advice_job(build, (), job.detail, self.clock.now())
        if result is not None:
            keep_result(self.blobs, told, result)
        return told
