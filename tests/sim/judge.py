"""Liveness: what must be so once the faults have stopped and time has passed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from dishwasher.core.access import BARRED
from dishwasher.core.build import Build, build_group
from dishwasher.core.check_run import render
from dishwasher.core.codec import decode
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.deploy import Environment
from dishwasher.core.event import EventKind
from dishwasher.core.job import ALLOWED, Job, Reason
from dishwasher.core.plan import CONFIG_JOB, OTHER_CONFIG_JOB
from dishwasher.core.report import Check, Report, Status
from dishwasher.core.result import Result, log_key, result_key

from tests.sim import caching, heads, history, stages, talk, timing, vault
from tests.sim.commits import Request, Run
from tests.sim.expecting import Expectations, Expected
from tests.sim.faults import Faults
from tests.sim.house import House, page
from tests.sim.laws import BY_A_RUNNER
from tests.sim.talk import WRITER

PATIENCE = 240.0
"""Seconds after which nothing is left open where each reporter could tell what it did."""

PROMPT = 25.0
"""Seconds from a verdict to GitHub in a world without any fault, however much there is to do."""


class Judge:
    """Names everything that is not as it should be; nothing when the world has settled."""

    def __init__(self, house: House, expectations: Expectations) -> None:
        self._house, self._expectations = house, expectations
        self._rows = house.laws.rows

    def problems(self) -> Iterator[str]:
        # The cheap questions first: most of the time one of them is open.
        for message in self._house.queue.pending():
            yield f"L5 still in the queue: {message}"
        yield from self._deliveries()
        for expected in self._expectations.all:
            yield from self._planned(expected)
        yield from self._requests()
        yield from self._branches()
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

    def _deliveries(self) -> Iterator[str]:
        for sent in self._house.mail.sent:
            row = self._rows.get(Delivery, sent.guid)
            if sent.forged:
                if row is not None or sent.arrived:
                    yield f"L3 the forged delivery {sent.guid} was accepted"
            elif row is None and not sent.unsent:
                yield f"L3 the delivery {sent.guid} never came in"
            elif row is not None and (row.stage is Stage.RECEIVED or row.due):
                yield f"L3 the delivery {sent.guid} is {row.stage}, due {row.due}"

    def _planned(self, expected: Expected) -> Iterator[str]:
        # A fork's commit that one of the team pushed too is planned by its own configuration.
        adopted = (expected.repository, expected.sha) in self._expectations.adopted
        if self._is_gone(expected.repository) or adopted:
            return
        row = self._rows.get(Delivery, expected.guid)
        if row is None or row.stage is Stage.RECEIVED:
            return
        if "no commit found" in row.reason and not self._house.world.faults.clocks_agree:
            # How long a commit may be unseen is measured by clocks ten minutes apart.
            return
        builds = self._rows.group(Build, build_group(expected.repository, expected.sha))
        jobs = [job for build in builds for job in self._rows.group(Job, build.id)]
        strange = {build.id for build in builds if not build.is_trusted}
        doubted = any("no longer stands" in build.doubt for build in builds)
        if expected.runs and doubted and not self._house.world.faults.clocks_agree:
            # So is how long a branch may be shown where it stood before.
            return
        if self._is_of_the_past(expected, row.reason) or self._is_left(expected, row.reason):
            return
        here = f"of delivery {expected.guid} ({row.reason})"
        moved = (expected.repository, expected.sha) in self._expectations.moved
        for name in expected.names:
            same = [job for job in jobs if job.spec.name == name]
            if not same and moved and (strange or "no configuration" in row.reason):
                # Planned by the base branch, which has other jobs or none.
                continue
            if not same:
                yield f"L2 nothing was planned for {name} {here}"
                continue
            if expected.runs and not moved and all(job.build in strange for job in same):
                yield f"L2 {name} was doubted without reason {here}"
        if not expected.runs:
            yield from self._strangers(builds, strange, expected, here)

    def _strangers(
        self, builds: tuple[Build, ...], strange: set[str], expected: Expected, here: str
    ) -> Iterator[str]:
        """What a fork's commit is built as: the base branch's jobs, and none of the team's."""
        known = (*expected.names, CONFIG_JOB, OTHER_CONFIG_JOB)
        for build in builds:
            if build.id not in strange:
                yield f"S5 build {build.id} of a fork was believed {here}"
            if build.approval is not None:
                self._house.world.sometimes("a fork was approved")
                by, of = build.approval.actor, build.approval.sha
                if (by, of) != (WRITER.id, build.event.sha):
                    yield f"S5 {by} approved {of[:12]}, and {build.id} was built {here}"
                continue
            for job in self._rows.group(Job, build.id):
                if job.spec.name not in known:
                    yield f"S5 {job.spec.name} is the fork's own {here}"

    def _is_of_the_past(self, expected: Expected, reason: str) -> bool:
        """A pull request answers for it and has gone on since, or nobody has told us of it."""
        found = re.match(r"pull request (\d+) (builds|stands|is closed)", reason)
        if found is None:
            return False
        request = self._house.hub.repos[expected.repository].requests[int(found[1]) - 1]
        agree = self._house.world.faults.clocks_agree
        looked = self._house.laws.looked.get(str(expected.repository), float("inf"))
        known = self._house.heads.is_taken_for_known(expected.repository, request.head, looked)
        return not agree or known or not request.is_open or request.head != expected.sha

    def _is_left(self, expected: Expected, reason: str) -> bool:
        """It came while we were not let in, and nothing stands there any more to be found."""
        if reason not in BARRED.values() and "out of reach" not in reason:
            return False
        repo = self._house.hub.repos[expected.repository]
        heads = {request.head for request in repo.requests if request.is_open}
        return expected.is_tag or expected.sha not in heads | set(repo.branches.values())

    def _is_unheard(self, job: Job) -> bool:
        """Its repository was deleted, and nobody has told us."""
        build = self._rows.get(Build, job.build)
        assert build is not None
        repo = self._house.hub.repos[build.event.repository.id]
        return self._is_gone(repo.value.id) and not repo.is_told_gone

    def _requests(self) -> Iterator[str]:
        """The head of each open pull request has a build that nobody has taken away."""
        for repo in self._house.hub.repos.values():
            for request in repo.requests:
                if not request.is_open or self._is_gone(repo.value.id):
                    continue
                builds = self._rows.group(Build, build_group(repo.value.id, request.head))
                mine = [one for one in builds if request.number in one.requests]
                # Of a commit that the team has pushed too, the team's own build answers.
                adopted = (repo.value.id, request.head) in self._expectations.adopted
                if all(one.abandoned for one in (builds if adopted else mine)) and mine:
                    yield f"L7 pull request {request.number} lost its build of {request.head}"
                if mine:
                    yield from self._left_over(repo.value.id, request)

    def _branches(self) -> Iterator[str]:
        """Nor has a branch lost its build because another went that stood there too."""
        for repo in self._house.hub.repos.values():
            # Whose pull request is open, that one builds.
            asked = {one.branch for one in repo.requests if one.is_open and not one.fork}
            for branch, sha in repo.branches.items() if not self._is_gone(repo.value.id) else ():
                if branch in asked:
                    continue
                builds = self._rows.group(Build, build_group(repo.value.id, sha))
                pushed = [
                    one for one in builds if one.event.kind is EventKind.PUSH and not one.requests
                ]
                if pushed and all(one.abandoned for one in pushed):
                    yield f"L7 {branch} of {repo.value.id} lost its build of {sha}"

    def _left_over(self, repository: int, request: Request) -> Iterator[str]:
        """Checks of an older head that ran to their end, though the newer was planned before."""
        mine = [
            one
            for one in self._rows.all(Build)
            if one.event.repository.id == repository and request.number in one.requests
        ]
        first = min((one.created for one in mine if one.event.sha == request.head), default=0.0)
        for one in mine:
            older = one.event.sha != request.head and one.event.kind is EventKind.PULL_REQUEST
            if older and not one.event.rerun and one.created > first + self._skew:
                yield f"L7 build {one.id} of {one.event.sha} came after that of {request.head}"

    @property
    def _skew(self) -> float:
        """Seconds by which two clocks of this world may differ."""
        return self._house.world.faults.skew

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
        holder = self._rows.get(Job, environment.holder)
        unknown = holder is not None and holder.reason is Reason.UNKNOWN_EFFECT
        if not (environment.unknown and unknown):
            yield f"L4 environment {environment.id} is held by {environment.holder}"

    def _shown(self, job: Job) -> Iterator[str]:
        build = self._rows.get(Build, job.build)
        assert build is not None
        if self._is_gone(build.event.repository.id) or not job.is_over:
            return
        report = self._rows.get(Report, build.group)
        known = report.of(job.id).check if report else 0
        runs = [run for run in self._house.hub.runs.values() if run.external_id == job.id]
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

    def _is_gone(self, repository: int) -> bool:
        return self._house.hub.repos[repository].gone_at < float("inf")
