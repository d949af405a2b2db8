from __future__ import annotations

import json

from dishwasher.core.codec import decode, encode
from dishwasher.core.config import JobSpec
from dishwasher.core.machine import Machine, Service, Variable

from tests.samples import spec


def test_a_machine_keeps_what_was_written_on_the_way_to_the_runner() -> None:
    machine = Machine(
        python="3.10",
        services=(Service("postgresql", 4, "DATABASE_URL names it"),),
        environment=(Variable("DEBUG", "True", expand=True),),
        hosts=(("db.local", "127.0.0.1"),),
    )
    job = spec(machine=machine)
    assert decode(JobSpec, json.loads(json.dumps(encode(job)))) == job
