"""A plan as a table: every job, what it is, what it waits for, and why it does not run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from dishwasher.cli.graph import MARK, STYLE
from dishwasher.cli.terminal import Paint, clean, columns, fit, pad
from dishwasher.core.config import JobSpec, Kind, Uses
from dishwasher.core.machine import Machine
from dishwasher.core.selection import Planned

LEFT_OUT = "○"
NAME, NEEDS = 26, 22
"""Columns of the widest cells, where a terminal is as narrow as it usually is."""
ROOMY = 100
"""Columns from which names and needs may be half as wide again."""
LEAST = 24
"""Columns that are left for what a job does, at least."""
WHERE = 7
"""Columns of the word `where`, and a gap."""
EVERY_CHECK = "every check"
KINDS = {Kind.CHECK: "check", Kind.DEPLOYMENT: "deploy"}


def table(planned: Sequence[Planned], paint: Paint) -> Iterator[str]:
    """A heading and a row for each job; a long reason takes several lines."""
    every = {one.spec.name for one in planned if one.runs and one.spec.kind is Kind.CHECK}
    rows = [_cells(one, every) for one in planned]
    more = 1.5 if paint.width >= ROOMY else 1.0
    caps = (int(NAME * more), max(map(len, KINDS.values())), int(NEEDS * more), 5)
    heads = ("job", "kind", "needs", "line")
    widths = [
        min(cap, max(columns(cell) for cell in (head, *(row[place] for row in rows))))
        for place, (head, cap) in enumerate(zip(heads, caps, strict=True))
    ]
    room = max(LEAST, paint.width - 2 - sum(widths) - 2 * len(widths))
    heading = "  ".join(pad(head, width) for head, width in zip(heads, widths, strict=True))
    yield paint("bold", f"  {heading}  what")
    for one, cells in zip(planned, rows, strict=True):
        yield from _row(one, cells, widths, room, paint)


def _cells(one: Planned, every: set[str]) -> tuple[str, str, str, str]:
    spec = one.spec
    needs = ", ".join(spec.needs)
    if spec.kind is Kind.DEPLOYMENT and len(every) > 1 and every <= set(spec.needs):
        needs = ", ".join([EVERY_CHECK, *(name for name in spec.needs if name not in every)])
    line = str(spec.line) if spec.line else ""
    return clean(spec.name), KINDS[spec.kind], clean(needs) if one.runs else "", line


def _row(
    one: Planned, cells: Sequence[str], widths: Sequence[int], room: int, paint: Paint
) -> Iterator[str]:
    kind = one.spec.kind
    name, its_kind, needs, line = (
        fit(cell, width) for cell, width in zip(cells, widths, strict=True)
    )
    left = (pad(name, widths[0]), pad(its_kind, widths[1]), pad(needs, widths[2]))
    head = "  ".join((*left, line.rjust(widths[3])))
    if one.runs:
        yield f"{paint(STYLE[kind], MARK[kind])} {head}  {fit(summary(one.spec), room)}".rstrip()
        return
    reason = textwrap.wrap(clean(one.left_out), room) or [""]
    indent = " " * (columns(head) + 4)
    yield paint("faint", f"{LEFT_OUT} {head}  {reason[0]}".rstrip())
    yield from (paint("faint", indent + more) for more in reason[1:])


def places(planned: Sequence[Planned], paint: Paint) -> Iterator[str]:
    """On what the jobs run: each machine with its jobs, where it is more than a plain one."""
    by_machine: dict[str, list[str]] = {}
    for one in planned:
        if one.runs and one.spec.uses is Uses.RUN:
            by_machine.setdefault(machine(one.spec.machine), []).append(clean(one.spec.name))
    for number, (made, names) in enumerate(by_machine.items()):
        text = made or "a plain machine"
        if len(by_machine) > 1:
            text += f": {', '.join(names)}"
        elif not made:
            return
        lines = textwrap.wrap(text, paint.width - WHERE - 2, break_on_hyphens=False)
        yield f"  {paint('bold', pad('' if number else 'where', WHERE))}{lines[0]}"
        yield from (" " * (WHERE + 2) + line for line in lines[1:])


def summary(spec: JobSpec) -> str:
    """What a job does, in one line: its last phase says what it is for."""
    if spec.uses is not Uses.RUN:
        return f"Dishwasher's own {spec.uses}"
    if not spec.phases:
        return ""
    phase = next((one for one in reversed(spec.phases) if one.steps), spec.phases[-1])
    commands = [*phase.steps, *phase.closing]
    if not commands:
        return ""
    first = clean(commands[0].command.strip().partition("\n")[0])
    others = len(spec.steps) - 1
    return f"{first} (+{others})" if others else first


def machine(made: Machine) -> str:
    """Versions, services and time zone, in one line; empty for the plain machine."""
    versions = [("python", made.python), ("node", made.node), *made.others]
    parts = [f"{name} {version}" for name, version in versions if version]
    parts += ["a virtual environment"] if made.virtualenv and not made.python else []
    parts += [service.name for service in made.services]
    parts += [made.timezone] if made.timezone else []
    return clean(", ".join(parts))
