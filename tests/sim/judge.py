"""Liveness: what must be so once the faults have stopped and time has passed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from dishwasher.core import deploy
from dishwasher.core.build import Build
from dishwasher.core.check_run import render
from dishwasher.core.codec import decode
from dishwasher.core.deploy import Environment
from dishwasher.core.job import Job, Reason
from dishwasher.core.lifecycle import ALLOWED
from dishwasher.core.report import Check, Report, Status
from dishwasher.core.result import Result, log_key, result_key

from tests.sim import caching, heads, history, notices, stages, talk, timing, vault
from tests.sim.commits import Run
from tests.sim.expecting import Expectations
from tests.sim.faults import Faults
from tests.sim.house import House, page
from tests.sim.laws import BY_A_RUNNER
from tests.sim.plans import Plans

PATIENCE = 240.0
"""Seconds after which nothing is left open where each reporter could tell what it did."""

PROMPT = 25.0
"""Seconds from a verdict to GitHub in a world without any fault, however much there is to do."""


class Judge:
    """Names everything that is not as it should be; nothing when the world has settled."""

    def __init__(self, house: House, expectations: Expectations) -> None:
        self._house, self._plans = house, Plans(house, expectations)
        self._rows = house.laws.rows

    def problems(self) -> Iterator[str]:
        # The cheap questions first: most of the time one of them is open.
        for message in self._house.queue.pending():
            yield f"L5 still in the queue: {message}"
        yield from self._plans.problems()
        yield from self._table()
        for job in self._rows.all(Job):
            yield from self._shown(job)
        for run in self._house.hub.runs.values():
            if run.status is not Status.COMPLETED and not self._is_gone(run.repository):
                yield f"L1 check run {run.id} of {run.external_id} is {run.status}"
        for attempt, log in self._house.laws.logs.items():
            if self._house.blobs.peek(log_key(attempt)) != log:
                yield f"L2 the log of {attempt} is not what its runner sent"
        yield from talk.problems(self._rows, self._house.hub, self._house.talk)
        yield from stages.problems(self._rows, self._house.hub, self._house.stages)
        yield from caching.problems(self._rows, self._house.blobs)
        yield from history.problems(self._rows)
        yield from timing.problems(self._rows, self._house.world.now)
        moves = self._house.laws.moves
        yield from notices.problems(self._house.world, self._rows, self._house.hub, moves)
        yield from heads.problems(self._house.hub, self._house.laws, self._house.heads)
        for attempt in self._house.fleet.runners:
            if self._house.fleet.is_running(attempt):
                yield f"L4 the runner of {attempt} is still there"
        yield from vault.leaks(self._rows, self._house.blobs, self._house.hub)

    def overdue(self, since: float) -> Iterator[str]:
        """Check runs that stay open long after the end, though nobody died before a warning."""
        faults, now = self._house.world.faults, self._house.world.now
        if faults.leaves_unsaid or not faults.clocks_agree or now < since + PATIENCE:
            return
        for run in self._house.hub.runs.values():
            job = self._rows.get(Job, run.external_id)
            over = job is not None and job.is_over and job.ended < since
            if over and run.status is not Status.COMPLETED and not self._is_gone(run.repository):
                yield f"L1 check run {run.id} of {run.external_id} is {run.status} for too long"

    def _is_unheard(self, job: Job) -> bool:
        """Its repository was deleted, and nobody has told us."""
        build = self._rows.get(Build, job.build)
        assert build is not None
        repo = self._house.hub.repos[build.event.repository.id]
        return self._is_gone(repo.value.id) and not repo.is_told_gone

    def _table(self) -> Iterator[str]:
        for job in self._rows.all(Job):
            if not job.is_over:
                yield f"L2 {job.id} {job.spec.name} is {job.state}"
            elif job.deadline and not self._is_unheard(job):
                yield f"L2 the end of {job.id} is not known to be shown"
        asked = Counter(build.event.delivery for build in self._rows.all(Build))
        for delivery, builds in asked.items():
            if builds > 1:
                yield f"L2 the delivery {delivery} was planned {builds} times"
        for build in self._rows.all(Build):
            if build.settled != len(build.jobs):
                yield f"L4 build {build.id} counts {build.settled} of {len(build.jobs)} jobs"
        for report in self._rows.all(Report):
            left = {
                name: value
                for name in ("holder", "dirty", "due", "sweep")
                if (value := getattr(report, name))
            }
            if report.due == report.linger:
                # The last look at what a reporter that was given up may do; all agrees already.
                left.pop("due", None)
            if left.keys() == {"sweep"} and self._is_gone(int(report.id.partition("/")[0])):
                # Nothing is there to be swept, and nobody comes back for it.
                continue
            repo = self._house.hub.repos[int(report.id.partition("/")[0])]
            if left and not (self._is_gone(repo.value.id) and not repo.is_told_gone):
                yield f"L4 report {report.id} is left with {left}"
        for environment in self._rows.all(Environment):
            yield from self._lock(environment)

    def _lock(self, environment: Environment) -> Iterator[str]:
        if not environment.holder:
            return
        # Also a deployment by hand that was to settle it and could not begin.
        holder = self._rows.get(Job, environment.holder)
        over = holder is not None and holder.is_over
        if not (environment.unknown and over and self._is_unsettled(environment)):
            yield f"L4 environment {environment.id} is held by {environment.holder}"

    def _shown(self, job: Job) -> Iterator[str]:
        build = self._rows.get(Build, job.build)
        assert build is not None
        if self._is_gone(build.event.repository.id) or not job.is_over:
            return
        report = self._rows.get(Report, build.group)
        known = report.of(job.id).check if report else 0
        runs = [run for run in self._house.hub.runs.values() if run.external_id == job.id]
        if job.silent:
            if runs:
                yield f"L2 {job.id} is shown beside another of its name"
            return
        if known not in {run.id for run in runs}:
            yield f"L2 {job.id} has no check run that we know of"
            return
        data = self._house.blobs.peek(result_key(job.attempt_id))
        result = None if data is None else decode(Result, json.loads(data))
        check = render(job, build, result, page(job.id))
        for run in runs:
            yield from self._says(run, check)
            late = run.completed_at - job.ended
            if late > PROMPT and self._house.world.faults == Faults():
                yield f"L6 the end of {job.id} was shown only after {late:.0f} s"
        yield from self._annotated(max(runs, key=lambda run: run.id), job, check)

    def _says(self, run: Run, check: Check) -> Iterator[str]:
        if run.conclusion != check.conclusion:
            yield f"L2 check run {run.id} says {run.conclusion or run.status}: {check.conclusion}"
        elif run.title != check.title and not self._house.hub.picky.get(run.external_id):
            yield f"L2 check run {run.id} has the title {run.title!r}: {check.title!r}"

    def _annotated(self, run: Run, job: Job, check: Check) -> Iterator[str]:
        """The latest check run is what GitHub shows of a name."""
        if run.zombie or self._house.hub.picky.get(run.external_id):
            return
        if len(set(run.annotations)) != len(run.annotations):
            yield f"L2 annotations of check run {run.id} of {job.id} are doubled"
        # What a lost runner still brings may be there or not.
        told = job.reason in BY_A_RUNNER or job.reason is Reason.CONFIG
        told = told and not job.detail.startswith(ALLOWED)
        if told and set(run.annotations) != set(check.annotations):
            found, wanted = len(set(run.annotations)), len(check.annotations)
            yield f"L2 check run {run.id} of {job.id} has {found} of {wanted} annotations"

    def _is_unsettled(self, environment: Environment) -> bool:
        """Whether nobody knows what became of one of its deployments."""
        builds = {build.id: build.event.repository.id for build in self._rows.all(Build)}
        return any(
            job.reason is Reason.UNKNOWN_EFFECT
            and deploy.environment_id(builds[job.build], job.spec.name) == environment.id
            for job in self._rows.all(Job)
        )

    def _is_gone(self, repository: int) -> bool:
        return self._house.hub.repos[repository].gone_at < float("inf")
