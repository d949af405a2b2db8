"""`dishwasher cancel`: the end of a build with all that has not ended, or of one job."""

from __future__ import annotations

import argparse

from dishwasher.cli import ledger, reference
from dishwasher.cli.terminal import clean, show
from dishwasher.errors import UserError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "cancel",
        help="end a build or a job",
        description="End what has not ended of a build, its deployments too, or one job with what "
        "needs it.",
        epilog=f"A build or job is named by {reference.HELP}.",
    )
    parser.add_argument("what", metavar="BUILD|JOB", help="such as 3f2a9c41 or 3f2a9c41-0")
    parser.add_argument("--job", default="", metavar="NAME", help="the build's job of this name")
    ledger.add(parser)
    parser.set_defaults(call=cancel)


def cancel(options: argparse.Namespace) -> int:
    """0 when it is asked for, 2 when all has ended already."""
    from dishwasher.cli import asking
    from dishwasher.cli.rerun import clicked
    from dishwasher.core.delivery import Stage
    from dishwasher.core.event import EventKind
    from dishwasher.flow.rerun import ENDED

    with ledger.opened(options) as opened:
        meant = reference.find(opened, options.what, options.job)
        jobs = opened.jobs(meant.build) if meant.job is None else [meant.job]
        left = [job for job in jobs if not job.is_over]
        if not left:
            what = meant.job.spec.name if meant.job else f"build {reference.short(meant.build.id)}"
            raise UserError(f"{what} has ended already")
        kind = EventKind.CANCEL if meant.job is None else EventKind.CANCEL_JOB
        answer = asking.ask(opened, "cancel", clicked(meant, kind))
        if answer.stage is Stage.RECEIVED:
            show([asking.waiting(answer)])
        elif answer.reason != ENDED:
            raise UserError(clean(answer.reason))
        else:
            show([f"Cancelled: {', '.join(clean(job.spec.name) for job in left)}."])
    return 0
