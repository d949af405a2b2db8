from __future__ import annotations

from dishwasher.core.config import JobSpec, Kind, Uses
from dishwasher.core.when import When

from tests.samples import deployment, spec


def test_a_job_runs_the_users_commands_unless_it_says_otherwise() -> None:
    bare = JobSpec("lint", Kind.CHECK, 3)
    assert (bare.uses, bare.steps, bare.needs, bare.when) == (Uses.RUN, (), (), When())


def test_jobs_are_values() -> None:
    assert spec("a") == spec("a") != spec("b")
    assert hash(deployment("a")) == hash(deployment("a"))
