"""New jobs → those that this version can carry out as they are meant, and the others refused."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core import plan
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Job, Reason, Timing
from dishwasher.core.lifecycle import conclude
from dishwasher.core.result import Result
from dishwasher.core.unsupported import Lack, not_carried_out
from dishwasher.flow.keep import keep_result
from dishwasher.ports import Blobs


@dataclass(frozen=True, slots=True)
class Admission:
    blobs: Blobs
    timing: Timing
    now: float

    def __call__(
        self, jobs: tuple[Job, ...], path: str, *, fail_fast: bool = False
    ) -> tuple[Job, ...]:
        """The jobs of a new build, with what follows of those that are refused.

        `path` is the configuration's, where the reasons are annotated; empty where there is none.
        """
        admitted = tuple(self._admitted(job, path) for job in jobs)
        if admitted == jobs:
            return jobs
        moved = plan.advance(admitted, self.now, self.timing, fail_fast=fail_fast)
        after = {job.id: job for job in moved}
        return tuple(after.get(job.id, job) for job in admitted)

    def _admitted(self, job: Job, path: str) -> Job:
        lacks = () if job.is_over else not_carried_out(job.spec)
        if not lacks:
            return job
        result = refusal(lacks, path)
        refused = conclude(job, Reason.REFUSED, result.detail, self.now)
        keep_result(self.blobs, refused, result)
        return refused


def refusal(lacks: tuple[Lack, ...], path: str, title: str = "not-supported") -> Result:
    """What is kept of a job that must not start, each of the reasons on its line."""
    findings = tuple(_finding(path, lack, title) for lack in lacks if path and lack.line)
    detail = _told(lacks, path)
    return Result(Reason.REFUSED, detail, findings=findings, findings_total=len(findings))


def _told(lacks: tuple[Lack, ...], path: str) -> str:
    first, others = lacks[0], len(lacks) - 1
    place = f" It is asked for on line {first.line} of {path}." if path and first.line else ""
    more = f" So it is with {others} more." if others else ""
    return f"Not started. {first.sentence}{place}{more}"


def _finding(path: str, lack: Lack, title: str) -> Finding:
    return Finding(path, lack.line, lack.line, Level.FAILURE, lack.sentence, title=title)
