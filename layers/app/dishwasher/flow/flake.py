"""flake: the runs of a commit's checks → tests that failed and then passed without a change."""

from __future__ import annotations

from collections.abc import Sequence

from dishwasher.core.build import Build
from dishwasher.core.flake import flaky
from dishwasher.core.job import Job, Reason
from dishwasher.flow.keep import read_result
from dishwasher.ports import Blobs


def flakes(blobs: Blobs, told: Sequence[tuple[Build, Job]], latest: Sequence[Job]) -> list[str]:
    """Titles of tests of these jobs, each the last of its name; `told` are all runs.

    Results are read only where a job of the same name has failed on the same files before.
    """
    built = {build.id: build.event.built for build, _ in told}
    found: dict[str, None] = {}
    for job in latest:
        earlier = [
            one
            for build, one in told
            if one.reason is Reason.FAILED
            and (one.spec.name, build.event.built) == (job.spec.name, built.get(job.build))
            and one.id != job.id
        ]
        if earlier and job.is_over:
            before = (read_result(blobs, one) for one in earlier)
            found |= dict.fromkeys(flaky(before, read_result(blobs, job)))
    return list(found)
