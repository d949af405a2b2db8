"""`dishwasher rerun`: a build, one job or what has failed, once more on the same commit."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dishwasher.cli import ledger, reference
from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.cli.reference import Meant
    from dishwasher.core.event import Event, EventKind


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "rerun",
        help="run a build or a job once more",
        description="Run the checks of a build once more on the same commit, or one job with what "
        "it held back: as the buttons on GitHub do. Works while the server runs, and is carried "
        "out when it starts next where it does not.",
        epilog=f"A build or job is named by {reference.HELP}.",
    )
    parser.add_argument("what", metavar="BUILD|JOB", help="such as 3f2a9c41 or 3f2a9c41-0")
    parser.add_argument("--job", default="", metavar="NAME", help="the build's job of this name")
    parser.add_argument("--failed", action="store_true", help="only the checks that have failed")
    parser.add_argument("--follow", action="store_true", help="show the logs until it has ended")
    ledger.add(parser)
    parser.set_defaults(call=rerun)


def rerun(options: argparse.Namespace) -> int:
    """0 when it is asked for; with --follow 1 when the build failed."""
    from dishwasher.cli import asking, logs
    from dishwasher.core.event import EventKind

    with ledger.opened(options) as opened:
        meant = reference.find(opened, options.what, options.job)
        if options.failed and meant.job is not None:
            raise UserError("--failed is of a whole build: name the build alone, or leave it out")
        kind = EventKind.RERUN_FAILED if options.failed else EventKind.RERUN_ALL
        event = clicked(meant, kind if meant.job is None else EventKind.RERUN)
        build = asking.tell(opened, asking.ask(opened, "rerun", event))
        return logs.follow_build(opened, build) if options.follow and build else 0


def clicked(meant: Meant, kind: EventKind) -> Event:
    """As if someone had clicked on a check run of it."""
    from dishwasher.cli import asking
    from dishwasher.core.event import Event

    build = meant.build
    return Event(
        kind=kind,
        delivery=asking.delivery_id(),
        repository=build.event.repository,
        sender=asking.person(),
        sha=build.event.sha,
        branch="",
        job=meant.job.id if meant.job else build.jobs[0],
    )
