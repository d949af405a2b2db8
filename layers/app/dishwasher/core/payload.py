"""A webhook's JSON payload → its meaning, or why nothing follows. `core/hooks` reads each kind."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.core.access import Change
from dishwasher.core.event import Event, Ignored
from dishwasher.core.hooks import asked, clicks, code, places
from dishwasher.core.hooks.fields import Json

Meaning = Event | Change | Ignored

READERS: dict[str, Callable[[str, Json], Meaning]] = {
    "push": code.push,
    "pull_request": code.pull_request,
    "merge_group": code.merge_group,
    "check_run": clicks.check_run,
    "check_suite": clicks.check_suite,
    "issue_comment": clicks.issue_comment,
    "repository_dispatch": asked.repository_dispatch,
    "installation": places.installation,
    "installation_repositories": places.installation_repositories,
    "repository": places.repository,
}


def read(name: str, delivery: str, payload: Json) -> Meaning:
    """The meaning of a delivery of the event `name`; raises UserError where it is malformed."""
    if name == "ping":
        return Ignored("ping: the webhook works")
    reader = READERS.get(name)
    if reader is None:
        return Ignored(f"nothing is built for the event {name}")
    return reader(delivery, payload)
