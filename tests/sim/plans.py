"""What was planned, and what still counts: a build for each head, by whom it is to be believed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dishwasher.core.access import BARRED
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import EventKind
from dishwasher.core.job import Job
from dishwasher.core.plan import CONFIG_JOB, OTHER_CONFIG_JOB

from tests.sim.commits import Request
from tests.sim.expecting import Expectations, Expected
from tests.sim.house import House
from tests.sim.talk import WRITER

PUSHED = frozenset({EventKind.PUSH, EventKind.MERGE_GROUP})


class Plans:
    """Holds the bot to what people may expect of what they did."""

    def __init__(self, house: House, expectations: Expectations) -> None:
        self._house, self._expectations = house, expectations
        self._rows = house.laws.rows

    def problems(self) -> Iterator[str]:
        yield from self._deliveries()
        for expected in self._expectations.all:
            yield from self._planned(expected)
        yield from self._requests()
        yield from self._branches()

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
        unseen = "no commit found" in row.reason or "no pull request" in row.reason
        if unseen and not self._house.world.faults.clocks_agree:
            # How long one may be unseen is measured by clocks ten minutes apart.
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
        known = self._taken_for_known(expected.repository, request.head)
        return not agree or known or not request.is_open or request.head != expected.sha

    def _is_left(self, expected: Expected, reason: str) -> bool:
        """It came while we were not let in, and nothing stands there any more to be found."""
        if reason not in BARRED.values() and "out of reach" not in reason:
            return False
        repo = self._house.hub.repos[expected.repository]
        if expected.branch:
            return repo.branches.get(expected.branch) != expected.sha
        if expected.is_tag:
            return True
        asked = repo.requests[expected.request - 1] if expected.request else None
        if asked and asked.is_open and asked.head == expected.sha:
            return False
        # One that was closed leaves its branch, of which, as of another request of it, nobody may
        # have told us.
        known = self._taken_for_known(expected.repository, expected.sha)
        heads = {request.head for request in repo.requests if request.is_open}
        return known or expected.sha not in heads | set(repo.branches.values())

    def _taken_for_known(self, repository: int, sha: str) -> bool:
        """Whether it stood there before the first look, and we were never told of it."""
        looked = self._house.laws.looked.get(str(repository), float("inf"))
        return self._house.heads.is_taken_for_known(repository, sha, looked)

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
        answers = {row.build for row in self._rows.all(Delivery) if row.name == "push"}
        for repo in self._house.hub.repos.values():
            # Whose pull request is open, that one builds.
            asked = {one.branch for one in repo.requests if one.is_open and not one.fork}
            for branch, sha in repo.branches.items() if not self._is_gone(repo.value.id) else ():
                if branch in asked:
                    continue
                builds = self._rows.group(Build, build_group(repo.value.id, sha))
                # A try of the merge queue builds the very same where nothing is deployed.
                pushed = [one for one in builds if one.event.kind in PUSHED and not one.requests]
                told = any(one.id in answers for one in pushed)
                # The branch's own may by now count for a pull request as well.
                own = [one for one in builds if one.event.kind in PUSHED]
                kept = any(one.event.branch == branch and not one.abandoned for one in own)
                if told and not kept and all(one.abandoned for one in pushed):
                    yield f"L7 {branch} of {repo.value.id} lost its build of {sha}"

    def _left_over(self, repository: int, request: Request) -> Iterator[str]:
        """Checks of an older head that ran to their end, though the newer was planned before."""
        mine = [
            one
            for one in self._rows.all(Build)
            if one.event.repository.id == repository and request.number in one.requests
        ]
        # A push's build may have come before anybody knew that the pull request stands there too.
        asked = [one for one in mine if one.event.kind is EventKind.PULL_REQUEST]
        first = min((one.created for one in asked if one.event.sha == request.head), default=0.0)
        for one in asked if first else ():
            older = one.event.sha != request.head
            if older and not one.event.rerun and one.created > first + self._skew:
                yield f"L7 build {one.id} of {one.event.sha} came after that of {request.head}"

    @property
    def _skew(self) -> float:
        """Seconds by which two clocks of this world may differ."""
        return self._house.world.faults.skew

    def _is_gone(self, repository: int) -> bool:
        return self._house.hub.repos[repository].gone_at < float("inf")
