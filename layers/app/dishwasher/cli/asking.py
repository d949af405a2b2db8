"""Asking the server of this machine for something, as a delivery of our own that it plans."""

from __future__ import annotations

import getpass
import os
import time
import uuid
from typing import TYPE_CHECKING

from dishwasher.cli import reference
from dishwasher.cli.terminal import clean, show

if TYPE_CHECKING:
    from dishwasher.cli.ledger import Ledger
    from dishwasher.core.delivery import Delivery
    from dishwasher.core.event import Event

PATIENCE = 15.0
"""Seconds until nobody seems to listen: a server hears such a bell after two, then asks GitHub."""
LOOK = 0.1
"""Seconds between two looks: SQLite tells no other process that something has changed."""


def person() -> str:
    """Who asks: a user of this machine, which is not to be taken for one of GitHub."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # An id without a name.
        name = f"user {os.geteuid()}"
    return f"{clean(name)} at the server"


def delivery_id() -> str:
    from dishwasher.core.trust import BY_HAND

    return f"{BY_HAND}{uuid.uuid4()}"


def ask(ledger: Ledger, what: str, event: Event) -> Delivery:
    """Store what is asked for and wait for the answer; it is kept where no server runs now.

    The bell may be lost, as any: the reaper finds the delivery by its time.
    """
    from dishwasher.core.delivery import REPLAN_AFTER, Delivery, Stage
    from dishwasher.ports import Topic

    now = ledger.clock.now()
    asked = Delivery(event.delivery, what, now, event, due=now + REPLAN_AFTER)
    ledger.store.save(asked)
    ledger.queue.ring(Topic.DELIVERIES, asked.id)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = ledger.store.get(Delivery, asked.id)
        if found is not None and found.stage is not Stage.RECEIVED:
            return found
        time.sleep(LOOK)
    return ledger.store.get(Delivery, asked.id) or asked


def tell(ledger: Ledger, answer: Delivery) -> str:
    """What came of it, for people, and the id of the build that was begun; empty for none."""
    from dishwasher.core.build import Build
    from dishwasher.core.delivery import Stage
    from dishwasher.errors import UserError

    if answer.stage is Stage.IGNORED:
        raise UserError(clean(answer.reason))
    if answer.stage is Stage.RECEIVED:
        show([waiting(answer)])
        return ""
    build = ledger.store.get(Build, answer.build)
    if build is not None:
        count = len(build.jobs)
        name = clean(build.event.repository.full_name)
        show([f"Build {reference.short(build.id)} of {name}: {count} job{'s'[: count != 1]}."])
    return answer.build


def waiting(answer: Delivery) -> str:
    if answer.reason:
        return f"It {clean(answer.reason)}"
    return (
        "It is stored, and nobody has taken it up yet: `dishwasher serve` does when it runs with "
        "this data folder."
    )
