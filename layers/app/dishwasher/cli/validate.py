"""`dishwasher validate`: every mistake of configuration files, as a good compiler tells them."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dishwasher.cli.terminal import Paint, clean, fit, paint, show
from dishwasher.core.config import Config, JobSpec, Kind
from dishwasher.formats.recognise import FORMATS

if TYPE_CHECKING:
    from dishwasher.cli.outcome import Outcome

OK, WRONG = 0, 2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "validate",
        help="show every mistake in a configuration",
        description="Read configuration files and show every mistake with its place and what to "
        "write instead. Nothing is run. Of a folder, the file is read that would be taken there.",
        epilog="The exit code is 0 when all files are valid, warnings or not, and 2 otherwise.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="file or folder; - for standard input; default ."
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="", help="instead of what it looks like"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(call=validate)


def validate(options: argparse.Namespace) -> int:
    """0 when every file can be used, 2 otherwise."""
    from dishwasher.cli import outcome

    outcomes = [outcome.of_name(name, options.format) for name in options.files or ["."]]
    if options.json:
        show([json.dumps([_json(one) for one in outcomes], indent=2)])
    else:
        shown = paint()
        for one in outcomes:
            show(told(one, shown))
        if len(outcomes) > 1:
            show([_total(outcomes, shown)])
    return OK if all(one.config for one in outcomes) else WRONG


def told(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """Every problem, then a valid file's notes and what it would run."""
    from dishwasher.cli.excerpt import Source, excerpt

    source = None if outcome.data is None else Source(outcome.data)
    for problem in outcome.problems:
        yield from excerpt(problem, source, outcome.path, paint)
    if outcome.config is not None:
        for note in outcome.config.notes:
            yield f"{paint('note', 'note')}: {clean(note)}"
        yield from _valid(outcome, outcome.config, paint)
    else:
        yield f"{paint('error', '✖')} {_verdict(outcome)}"


def _valid(outcome: Outcome, config: Config, paint: Paint) -> Iterator[str]:
    yield f"{paint('good', '✔')} {_verdict(outcome)}"
    summary = _summary(config)
    yield "  " + (fit(summary, paint.cut - 2) if paint.cut else summary)


def _verdict(outcome: Outcome) -> str:
    from dishwasher.cli.outcome import IMPLIED, UNWRITTEN

    if outcome.format == IMPLIED and outcome.config is not None and outcome.config.jobs:
        return UNWRITTEN
    errors = sum(problem.severity == "error" for problem in outcome.problems)
    warnings = len(outcome.problems) - errors
    counts = [_counted(errors, "error"), _counted(warnings, "warning")]
    told = " and ".join(filter(None, counts))
    format = f" ({outcome.format})" if outcome.format else ""
    if outcome.config is None:
        return f"{clean(outcome.path)}{format}: {told}"
    return f"{clean(outcome.path)}{format} is valid" + (f", with {told}" if told else "")


def _total(outcomes: list[Outcome], paint: Paint) -> str:
    wrong = sum(one.config is None for one in outcomes)
    files = _counted(len(outcomes), "file")
    if not wrong:
        return f"\n{paint('good', '✔')} {files}, all valid"
    return f"\n{paint('error', '✖')} {files}, {wrong} of them with mistakes"


def _summary(config: Config) -> str:
    """In one line, what the file would run."""
    parts = []
    for kind, noun, told in (
        (Kind.CHECK, "check", _name),
        (Kind.DEPLOYMENT, "deployment", _deploys),
    ):
        jobs = [job for job in config.jobs if job.kind is kind]
        counts = Counter(map(told, jobs))
        names = [name if count == 1 else f"{name} ×{count}" for name, count in counts.items()]
        if jobs:
            parts.append(f"{_counted(len(jobs), noun)}: {', '.join(names)}")
    if config.schedules:
        times = ", ".join(f"{one.name} at {one.cron}" for one in config.schedules)
        parts.append(f"{_counted(len(config.schedules), 'schedule')}: {times}")
    return clean("; ".join(parts) or "nothing to run")


def _name(job: JobSpec) -> str:
    """The jobs of one matrix are told as one."""
    return job.name.partition(" (")[0] if job.matrix else job.name


def _deploys(job: JobSpec) -> str:
    refs = [str(job.when.branches)] if job.when.branches else []
    refs += [f"tag {job.when.tags}"] if job.when.tags else []
    return f"{_name(job)} from {' and '.join(refs)}" if refs else _name(job)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""


def _json(outcome: Outcome) -> dict[str, Any]:
    return {
        "path": outcome.path,
        "format": outcome.format,
        "valid": outcome.config is not None,
        "problems": [
            {
                "line": problem.line,
                "column": problem.column,
                "severity": problem.severity,
                "code": problem.code,
                "message": problem.message,
                "suggestion": problem.suggestion,
            }
            for problem in outcome.problems
        ],
    }
