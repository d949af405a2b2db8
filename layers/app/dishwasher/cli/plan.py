"""`dishwasher plan`: what an event would run here, and why not, without running anything."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dishwasher.cli import happening, target
from dishwasher.cli.terminal import Paint, clean, paint, show

if TYPE_CHECKING:
    from dishwasher.cli.happening import Happened
    from dishwasher.cli.outcome import Outcome
    from dishwasher.core.config import Config
    from dishwasher.core.selection import Selection

OK, WRONG = 0, 2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "plan",
        help="show what an event would run, and why not",
        description="Show which jobs an event would run in a checkout, in which order, and for "
        "each that would not run why. Nothing is run.",
        epilog="With `--tag v1` it is the push of a tag, with `--base main` a pull request.",
    )
    target.add(parser)
    happening.add(parser)
    shown = parser.add_argument_group("what is shown").add_mutually_exclusive_group()
    shown.add_argument("--graph", action="store_true", help="what waits for what, drawn")
    shown.add_argument("--job", metavar="NAME", help="one job in full, with every step")
    shown.add_argument("--json", action="store_true", help="all of it, for programs")
    parser.set_defaults(call=plan)


def plan(options: argparse.Namespace) -> int:
    """0 with a plan, 2 with the mistakes of the configuration."""
    from dishwasher.cli.checkout import Checkout
    from dishwasher.cli.validate import told
    from dishwasher.core.selection import select

    read = target.read(options)
    if read.config is None:
        if options.json:
            show([json.dumps(_mistaken(read), indent=2)])
        else:
            show(told(read, paint()))
        return WRONG
    happened = happening.happened(options, read.config, Checkout(options.path))
    selection = select(read.config, happened.event, happened.changed)
    if options.json:
        show([json.dumps(_json(read, read.config, happened, selection), indent=2)])
    else:
        show(_shown(options, read, read.config, happened, selection))
    return OK


def _shown(
    options: argparse.Namespace,
    read: Outcome,
    config: Config,
    happened: Happened,
    selection: Selection,
) -> Iterator[str]:
    from dishwasher.cli.detail import detail
    from dishwasher.cli.graph import graph
    from dishwasher.cli.table import places, table

    shown = paint()
    if options.job is not None:
        yield from detail(target.job(options.job, selection), read.path, shown)
        return
    yield f"{_file(read, shown)}: {clean(_happened(happened))}"
    yield from (f"{shown('note', 'note')}: {clean(note)}" for note in config.notes)
    if read.problems:
        count = len(read.problems)
        warned = f"{count} warning{'s' if count > 1 else ''}; `dishwasher validate` shows them"
        yield f"{shown('warning', 'warning')}: {warned}"
    yield ""
    if options.graph:
        yield from graph(selection.running, shown)
    else:
        yield from table(selection.planned, shown)
        where = list(places(selection.planned, shown))
        yield from ["", *where] if where else ()
    yield ""
    yield _verdict(selection)


def _file(read: Outcome, paint: Paint) -> str:
    return f"{paint('bold', clean(read.path))} ({read.format})"


def _happened(happened: Happened) -> str:
    event = happened.event
    where = f" of {event.repository.full_name}" if event.repository.owner else ""
    match event.happening:
        case "tag":
            what = f"the tag {event.tag} pushed"
        case "pull_request":
            what = f"a pull request from {event.branch} to {happened.base}"
        case "merge_group":
            what = f"a merge group for {happened.base}"
        case "schedule":
            what = f"the schedule {event.schedule} on {event.branch}"
        case "manual":
            what = f"started by hand on {event.branch}"
        case _:
            what = f"a push to {event.branch}"
    if happened.changed is None:
        return what + where
    count = len(happened.changed)
    return f"{what}{where}, {count} file{'' if count == 1 else 's'} changed"


def _verdict(selection: Selection) -> str:
    if selection.skipped:
        return f"Nothing runs. {clean(selection.skipped)}"
    from dishwasher.core.unsupported import not_carried_out

    refused = sum(bool(not_carried_out(spec)) for spec in selection.running)
    running, all_jobs = len(selection.running) - refused, len(selection.planned)
    if running == all_jobs:
        return f"All {all_jobs} run." if all_jobs > 1 else "It runs."
    told = f"{running} of {all_jobs} run." if running else "Nothing runs."
    if not refused:
        return told
    what = f"{refused} {'is' if refused == 1 else 'are'} refused"
    return f"{told} {what}: this version does not carry out all that is asked for."


def _mistaken(read: Outcome) -> dict[str, Any]:
    """A configuration without a plan, as JSON."""
    from dishwasher.core.codec import encode

    return {"path": read.path, "format": read.format, "valid": False} | {
        "problems": encode(read.problems)
    }


def _json(
    read: Outcome, config: Config, happened: Happened, selection: Selection
) -> dict[str, Any]:
    from dishwasher.cli.graph import stages
    from dishwasher.core.codec import encode

    event = happened.event
    return {
        "path": read.path,
        "format": read.format,
        "valid": True,
        "event": {
            "kind": event.happening,
            "owner": event.repository.owner,
            "repository": event.repository.name,
            "sha": event.sha,
            "branch": event.branch,
            "tag": event.tag,
            "base": happened.base,
            "message": event.message,
            "schedule": event.schedule,
            "inputs": dict(event.inputs),
            "changed": happened.changed,
        },
        "skipped": selection.skipped,
        "stages": [[job.name for job in stage] for stage in stages(selection.running)],
        "jobs": [
            {"runs": one.runs, "left_out": one.left_out, **encode(one.spec)}
            for one in selection.planned
        ],
        "schedules": encode(config.schedules),
        "inputs": encode(config.inputs),
        "notes": list(config.notes),
        "warnings": encode(config.warnings),
    }
