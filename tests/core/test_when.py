from __future__ import annotations

from dishwasher.core.event import EventKind, Happening
from dishwasher.core.when import When

from tests.samples import pull_request, push


def test_nothing_is_asked_for_by_default() -> None:
    assert not (When().branches or When().tags or When().paths or When().events or When().owner)


def test_each_event_that_plans_something_has_its_name_in_filters() -> None:
    assert push().happening is Happening.PUSH
    assert push(tag="v1", branch="").happening is Happening.TAG
    assert pull_request().happening is Happening.PULL_REQUEST
    for kind in (EventKind.MERGE_GROUP, EventKind.SCHEDULE, EventKind.MANUAL):
        assert push(kind=kind).happening == kind
