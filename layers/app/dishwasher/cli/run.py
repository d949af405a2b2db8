"""`dishwasher run`: the jobs of an event on this machine, as the server would run them."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.cli import happening, target
from dishwasher.cli.terminal import Paint, clean, paint, show
from dishwasher.core.sandbox import AUTO, ORDER, Level
from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.cli.happening import Happened
    from dishwasher.cli.local_caches import LocalCaches
    from dishwasher.cli.local_run import Ended, LocalRun
    from dishwasher.cli.outcome import Outcome
    from dishwasher.core.config import JobSpec
    from dishwasher.core.event import Event
    from dishwasher.core.selection import Selection

OK, FAILED, WRONG, OURS, INTERRUPTED = 0, 1, 2, 3, 130


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "run",
        help="run the jobs here, as the server would",
        description="Run the jobs that an event asks for, on this machine and from the folder as "
        "it is, uncommitted changes included. Deployments run only with --deploy.",
    )
    target.add(parser)
    parser.add_argument(
        "--job", action="append", default=[], metavar="NAME", help="only this one; may be repeated"
    )
    parser.add_argument("--deploy", action="store_true", help="deployments too")
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a variable for the steps; without a value, the one that it has here",
    )
    parser.add_argument("--artifacts", type=Path, metavar="DIR", help="keep artifacts here")
    parser.add_argument("--no-cache", action="store_true", help="restore and store no caches")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument(
        "--sandbox",
        choices=(AUTO, *ORDER),
        default=Level.PLAIN.value,
        help="walls around the jobs: auto is the strongest that this machine has (%(default)s)",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="show all output")
    happening.add(parser)
    parser.set_defaults(call=run)


def run(options: argparse.Namespace) -> int:
    """0 when all jobs succeeded, 1 when one failed, 2 for mistakes, 130 when interrupted."""
    from dishwasher.cli import outcome, results
    from dishwasher.cli.checkout import Checkout
    from dishwasher.cli.validate import told
    from dishwasher.core.selection import select

    shown = paint()
    passed_on = _environment(options.env)
    _check_writable(options.json)
    read = target.read(options)
    if read.problems or read.config is None:
        show(told(read, paint(sys.stderr)))
    if read.config is None:
        return WRONG
    if read.format == outcome.IMPLIED and read.config.jobs:
        show([f"{shown('note', 'note')}: {outcome.UNWRITTEN}", ""])
    checkout = Checkout(options.path)
    happened = happening.happened(options, read.config, checkout)
    selection = select(read.config, happened.event, happened.changed)
    chosen = _chosen(options, selection)
    if not chosen:
        show(_nothing(options, selection))
        return OK
    show(f"{shown('note', 'note')}: {line}" for line in _held_back(options, selection))
    with tempfile.TemporaryDirectory(prefix="dishwasher-") as folder:
        local = _local(options, read, happened, Path(folder) / "objects", passed_on)
        show(
            f"{shown('note', 'note')}: {name}/ is a repository of its own, and left out"
            for name in local.snapshot.left_out
        )
        ended = _all(local, chosen, options, shown)
    show(results.summary(ended, shown, options.artifacts))
    if options.json is not None:
        _write(options.json, json.dumps(results.document(ended), indent=2) + "\n")
    return _code(local, ended)


def _local(
    options: argparse.Namespace,
    read: Outcome,
    happened: Happened,
    folder: Path,
    passed_on: tuple[tuple[str, str], ...],
) -> LocalRun:
    from dataclasses import replace

    from dishwasher.cli.checkout import Checkout
    from dishwasher.cli.local_run import LocalRun
    from dishwasher.cli.snapshot import snapshot
    from dishwasher.runner.sandbox import probe
    from dishwasher.runner.stop import Stop
    from dishwasher.wiring.settings import job_limits

    taken = snapshot(options.path.resolve(), folder)
    path = read.config.path if read.config else ""
    event = replace(happened.event, sha=taken.sha)
    base = Checkout(options.path).start(happened.base)
    caches = None if options.no_cache else _caches(options.path, event)
    isolation = None if options.sandbox == Level.PLAIN else probe.choose(options.sandbox)
    words = (event, taken, base, path, passed_on, options.artifacts, Stop(), caches)
    return LocalRun(*words, isolation=isolation, limits=job_limits(os.environ))


def _caches(path: Path, event: Event) -> LocalCaches:
    import os

    from dishwasher.cli.local_caches import LocalCaches, folder_of

    refs = (event.branch or f"tag {event.tag}", event.repository.default_branch)
    return LocalCaches(folder_of(path, os.environ), tuple(dict.fromkeys(refs)))


def _chosen(options: argparse.Namespace, selection: Selection) -> list[JobSpec]:
    if not options.job:
        return [spec for spec in selection.running if options.deploy or not _deploys(spec)]
    chosen = []
    for name in options.job:
        planned = target.job(name, selection)
        why = _deploys(planned.spec)
        if why and not options.deploy:
            raise UserError(f"{name} {why}: say --deploy if it shall really run")
        if not planned.runs:
            raise UserError(f"{name} would not run for this event. {planned.left_out}")
        chosen.append(planned.spec)
    return chosen


def _deploys(spec: JobSpec) -> str:
    """Why a laptop must not run it without being told to; empty where it may."""
    from dishwasher.core.config import Kind

    if spec.kind is Kind.DEPLOYMENT:
        return "is a deployment"
    # A buildspec has no deployments of its own: they stand among the commands of its build.
    return "" if spec.repeatable else "has commands that deploy or publish"


def _held_back(options: argparse.Namespace, selection: Selection) -> Iterator[str]:
    """Checks that would run on the server, and here only with --deploy."""
    from dishwasher.core.config import Kind

    for spec in selection.running:
        why = _deploys(spec)
        if why and spec.kind is Kind.CHECK and not (options.deploy or options.job):
            yield f"{clean(spec.name)} {why}, and is left out; --deploy runs it."


def _nothing(options: argparse.Namespace, selection: Selection) -> Iterator[str]:
    yield f"Nothing runs. {clean(selection.skipped)}".rstrip()
    for one in selection.planned:
        why = one.left_out or f"It {_deploys(one.spec)}; --deploy runs it."
        yield f"  {clean(one.spec.name)}: {clean(why)}"


def _check_writable(path: Path | None) -> None:
    """A whole run is not lost for a misspelt folder."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UserError(f"--json {path}: that is no file in a folder that is there")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise UserError(f"--json {path}: {error.strerror}") from error


def _environment(given: list[str]) -> tuple[tuple[str, str], ...]:
    import os

    values = []
    for text in given:
        name, equals, value = text.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UserError(f"--env {text}: {name or 'nothing'} can not be the name of a variable")
        if not equals and name not in os.environ:
            raise UserError(f"--env {name}: there is no such variable here; --env {name}=VALUE")
        values.append((name, value if equals else os.environ[name]))
    return tuple(values)


def _all(
    local: LocalRun, chosen: list[JobSpec], options: argparse.Namespace, shown: Paint
) -> list[Ended]:
    from dishwasher.cli import results
    from dishwasher.cli.local_run import cancel, in_order
    from dishwasher.cli.screen import Folded, Plain

    ended: dict[str, Ended] = {}
    handlers = {
        number: signal.signal(number, lambda *_: cancel(local.stop))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        for spec in in_order(chosen):
            show([shown("bold", clean(spec.name))])
            folded = shown.colours and shown.cut and not options.verbose
            view = Folded(shown) if folded else Plain(shown)
            try:
                ended[spec.name] = local.run(spec, view, ended)
            finally:
                view.close()
            told = results.verdict(ended[spec.name], shown, view.told, options.path)
            show([*told, ""])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return list(ended.values())


def _code(local: LocalRun, ended: list[Ended]) -> int:
    from dishwasher.core.job import Reason

    if local.stop.cause is not None:
        return INTERRUPTED
    if any(one.reason is Reason.INFRA for one in ended):
        return OURS
    return OK if all(one.is_fine for one in ended) else FAILED
