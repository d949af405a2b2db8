"""`dishwasher doctor`: what is wrong with this server, and what to do about it."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.cli import account
from dishwasher.cli.terminal import Paint, clean, pad, paint, show
from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.cli.checkup.finding import Finding

MARKS = {
    "ok": ("good", "✔"),
    "note": ("note", "·"),
    "warning": ("warning", "!"),
    "failure": ("error", "✖"),
}
WIDTH = 15
"""Columns of what is looked at."""
OK, FAILED = 0, 1


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "doctor",
        help="find what is wrong with this server, and what to do",
        description="Look at the settings, this machine, the data folder and GitHub. Nothing is "
        "changed. With --aws, look at the stack in your account instead. Ends with 1 when "
        "something does not work.",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="data folder (DISHWASHER_DATA, or .dishwasher)"
    )
    account.add(parser)
    parser.set_defaults(call=doctor)


def doctor(options: argparse.Namespace) -> int:
    """Tell every finding; 1 where one is a failure."""
    findings: list[Finding] = []
    colour, area = paint(), ""
    for finding in _on_aws(options) if options.aws else _here(options):
        findings.append(finding)
        if not options.json:
            if finding.area != area:
                show([*([""] if area else []), colour("bold", finding.area)])
                area = finding.area
            show(_row(finding, colour))
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        show(["", _sum(findings, colour)])
    return FAILED if any(finding.level == "failure" for finding in findings) else OK


def _here(options: argparse.Namespace) -> Iterator[Finding]:
    from dishwasher.wiring.settings import DATA

    data = options.data or Path(os.environ.get("DISHWASHER_DATA") or DATA)
    yield from examine({**os.environ, "DISHWASHER_DATA": str(data)}, data)


def _on_aws(options: argparse.Namespace) -> Iterator[Finding]:
    """The stack, its parts, and GitHub with the settings that its functions have."""
    from dishwasher.cli.checkup import github
    from dishwasher.cli.checkup.finding import fail, split

    with account.opened(options) as opened:
        from dishwasher.cli.checkup import parts, stack

        yield from stack.look(opened)
        yield from parts.look(opened)
        try:
            settings = opened.settings()
        except UserError as error:
            yield fail("GitHub", "settings", *split(str(error)))
            return
        yield from github.look(settings, os.environ, remedies=opened.remedies())


def examine(environment: Mapping[str, str], data: Path) -> Iterator[Finding]:
    """Everything, what needs no network first."""
    from dishwasher.cli.checkup import data as folder
    from dishwasher.cli.checkup import github, machine
    from dishwasher.cli.checkup.finding import fail, ok
    from dishwasher.core.environment import SANDBOX
    from dishwasher.core.sandbox import AUTO
    from dishwasher.wiring import settings

    chosen = None
    try:
        chosen = settings.read(environment)
        yield ok("settings", "settings", f"for the App {chosen.app_id} on {chosen.url}")
    except UserError as error:
        head, *lines = str(error).splitlines()
        *mistakes, last, todo = lines or (head, "")
        for mistake in mistakes:
            yield fail("settings", "settings", mistake.strip(), "")
        yield fail("settings", "settings", last.strip(), todo)
    sandbox = chosen.sandbox if chosen else environment.get(SANDBOX, "").strip() or AUTO
    yield from machine.look(environment, data, sandbox)
    yield from folder.look(environment, data)
    if chosen is not None:
        yield from github.look(chosen, environment)


def _row(finding: Finding, colour: Paint) -> Iterator[str]:
    style, mark = MARKS[finding.level]
    room = colour.width - WIDTH - 6
    lines = textwrap.wrap(clean(finding.text), room, break_on_hyphens=False) or [""]
    yield f"  {colour(style, mark)} {pad(finding.what, WIDTH)} {lines[0]}"
    indent = " " * (WIDTH + 5)
    yield from (indent + line for line in lines[1:])
    todo = textwrap.wrap(
        clean(finding.todo), room - 2, break_on_hyphens=False, break_long_words=False
    )
    for number, line in enumerate(todo):
        yield indent + colour("help", f"{'  ' if number else '→ '}{line}")


def _sum(findings: list[Finding], colour: Paint) -> str:
    counts = {level: sum(one.level == level for one in findings) for level in MARKS}
    if counts["failure"]:
        text = colour("error", _count(counts["failure"], "failure"))
    else:
        text = colour("good", "Nothing is broken")
    if counts["warning"]:
        text += f", {_count(counts['warning'], 'warning')}"
    return f"{text}; {counts['ok']} fine"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
