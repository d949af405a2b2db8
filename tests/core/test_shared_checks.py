"""Which of two builds of one commit shows and runs what."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.event import EventKind, Happening
from dishwasher.core.job import Job, Reason
from dishwasher.core.lifecycle import conclude
from dishwasher.core.selection import Planned
from dishwasher.core.shared_checks import (
    deploys,
    is_of_head,
    is_of_push,
    of_push,
    of_request,
    shares,
)
from dishwasher.core.when import When

from tests.fakes.clock import NOON
from tests.samples import build, deployment, job, pull_request, push, spec

LINT, TESTS, SITE = spec("lint"), spec("tests", needs=("lint",)), deployment("site")
ALONE = spec("slow", when=When(events=(Happening.PUSH,)))


def there(*jobs: Job) -> dict[str, Job]:
    return {one.spec.name: one for one in jobs}


def test_what_a_push_and_a_pull_request_share() -> None:
    assert deploys((Planned(LINT), Planned(SITE)))
    assert not deploys((Planned(LINT), Planned(SITE, "not here")))
    assert shares((Planned(LINT), Planned(SITE)))
    assert not shares((Planned(ALONE), Planned(SITE), Planned(TESTS, "not here")))


def test_which_builds_are_of_the_head_and_which_of_its_push() -> None:
    request = pull_request().pull_request
    assert request is not None
    merged = pull_request(pull_request=replace(request, merge="d" * 40, tree="e" * 40))
    assert is_of_head(build(event=push())) and is_of_head(build(event=pull_request()))
    assert not is_of_head(build(event=merged))
    assert not is_of_head(build(event=pull_request(), doubt="a bot"))
    assert is_of_push(build())
    assert not is_of_push(build(abandoned="delivery-9"))
    assert not is_of_push(build(event=push(rerun=True)))
    assert not is_of_push(build(event=push(kind=EventKind.SCHEDULE)))


def test_a_push_mirrors_what_is_alike_and_hides_what_is_not() -> None:
    planned = (
        Planned(LINT),
        Planned(TESTS),
        Planned(ALONE),
        Planned(SITE),
        Planned(spec("x"), "no"),
    )
    known = there(job(id="r-0", spec=LINT), job(id="r-1", spec=spec("tests", steps=("other",))))
    known["x"] = job(id="r-2", spec=spec("x"))
    assert of_push(planned, known, same=True) == (
        Planned(LINT, mirrors="r-0"),
        Planned(TESTS, silent=True),
        Planned(ALONE),
        Planned(SITE),
        Planned(spec("x"), "no", elsewhere=True),
    )
    assert of_push(planned[:1], known, same=False) == (Planned(LINT, silent=True),)
    skipped = conclude(job(id="r-0", spec=LINT), Reason.FILTERED, "no change", NOON)
    assert of_push(planned[:1], there(skipped), same=True) == (Planned(LINT, silent=True),)


def test_a_pull_request_leaves_to_a_push_what_that_has_done() -> None:
    known = there(job(id="p-0", spec=LINT), job(id="p-1", spec=spec("title")))
    planned = (Planned(LINT), Planned(TESTS), Planned(spec("title"), "no"), Planned(SITE, "no"))
    assert of_request(planned, known) == (
        Planned(LINT, mirrors="p-0"),
        Planned(TESTS),
        Planned(spec("title"), "no", elsewhere=True),
        Planned(SITE, "no"),
    )
    assert of_request(planned[:1], known) == (Planned(LINT, elsewhere=True),)
    assert of_request(planned, {}) == planned
