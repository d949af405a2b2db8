"""What this version would have to leave out is never left out in silence."""

from __future__ import annotations

import pytest
from dishwasher.core.config import JobSpec, Uses
from dishwasher.core.machine import Machine, Service
from dishwasher.core.outputs import Cache, ReportFormat, ReportSet, Secret
from dishwasher.core.step import Phase
from dishwasher.core.unsupported import not_carried_out, noted

from tests.samples import spec

SERVICES = Machine(services=(Service("redis"), Service("mongodb", 4), Service("rabbitmq", 5)))


@pytest.mark.parametrize(
    ("asked", "what", "line"),
    [
        (spec(machine=SERVICES), "The services mongodb, rabbitmq are", 4),
        (spec(machine=Machine(services=(Service("mongodb"),))), "The service mongodb is", 1),
        (spec(machine=Machine(others=(("java", "openjdk7"),))), "Choosing java openjdk7 is", 1),
        (spec(machine=Machine(hosts=(("db", "127.0.0.1"),))), "Naming hosts is", 1),
        (spec(phases=(Phase("build", run_as="ann"),)), "Running build as ann is", 1),
        (spec(group="linters"), "Running several jobs on one runner (`group`) is", 1),
        (spec(smoke="smoke.yaml"), "Smoke tests (smoke.yaml) are", 1),
        (spec(screenshots="pages.yaml"), "Screenshots (pages.yaml) are", 1),
    ],
)
def test_what_is_not_carried_out_is_said_with_its_line(
    asked: JobSpec, what: str, line: int
) -> None:
    (lack,) = not_carried_out(asked)
    assert lack.sentence == f"{what} not supported by this version yet."
    assert lack.line == line


@pytest.mark.parametrize(
    "asked",
    [
        spec(),
        spec(uses=Uses.SPELLING),
        spec(secrets=(Secret("TOKEN", line=8),)),
        spec(machine=Machine(python="3.12", node="18", others=(("ruby", "latest"),))),
        spec(phases=(Phase("build", run_as="root"),), all_secrets=True),
        spec(caches=(Cache(("~/.cache",)),), reports=(ReportSet(ReportFormat.JUNIT, ("*.xml",)),)),
    ],
)
def test_what_is_carried_out_or_does_no_harm_is_not_refused(asked: JobSpec) -> None:
    assert not_carried_out(asked) == ()


def test_a_job_is_told_all_that_it_lacks() -> None:
    assert len(not_carried_out(spec(machine=SERVICES, group="a", smoke="b"))) == 3


def test_what_only_helps_is_noted_for_the_jobs_that_run() -> None:
    cached = spec(caches=(Cache(("~/.cache",)),))
    reporting = spec(reports=(ReportSet(ReportFormat.COBERTURA, ("*.xml",)),))
    assert [note[:17] for note in noted((cached, reporting))] == ["Of reports only J"]
    assert noted((cached,)) == noted((spec(),)) == ()
