"""Jobs and what they wait for as text: a row for each, lanes to the right lead on to who waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dishwasher.cli.terminal import Paint, clean, columns, fit
from dishwasher.core.config import JobSpec, Kind

MARK = {Kind.CHECK: "●", Kind.DEPLOYMENT: "▲"}
STYLE = {Kind.CHECK: "good", Kind.DEPLOYMENT: "deploy"}
LONGEST = 44
"""Columns of a name."""
LANE = 3
"""Columns from one lane to the next."""

_Alike = tuple[str, Kind, frozenset[str], frozenset[str]]
"""Name without the matrix, kind, needs, and who waits."""
# (comes from above, goes on below, the line goes on to the right)
_JOINT = {
    (False, True, False): "╮",
    (True, True, False): "┤",
    (True, False, False): "╯",
    (False, True, True): "┬",
    (True, True, True): "┼",
    (True, False, True): "┴",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A job, or those of one matrix that wait for the same and are waited for by the same."""

    label: str
    kind: Kind
    needs: frozenset[str]
    """Names of jobs, without those that another need waits for anyway."""
    waited_by: frozenset[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Net:
    """What leads from nodes to all those that wait for them."""

    rows: tuple[int, ...]
    """Where it joins a node, in order."""
    lane: int = 0

    def spans(self, row: int) -> bool:
        return self.rows[0] <= row <= self.rows[-1]


def stages(jobs: Sequence[JobSpec]) -> list[list[JobSpec]]:
    """The jobs by how long the chain of needs before them is, in file order within a stage.

    A need that is not among the jobs is none; needs in a circle have no stage.
    """
    left = {job.name: job for job in jobs}
    found: list[list[JobSpec]] = []
    while left:
        ready = [job for job in left.values() if not any(need in left for need in job.needs)]
        if not ready:
            break
        found.append(ready)
        for job in ready:
            del left[job.name]
    return found


def nodes(jobs: Sequence[JobSpec]) -> list[Node]:
    """By stage; jobs of one matrix are one node where nothing tells them apart."""
    ordered = [job for stage in stages(jobs) for job in stage]
    behind: dict[str, frozenset[str]] = {}
    needs: dict[str, frozenset[str]] = {}
    for job in ordered:
        direct = frozenset(need for need in job.needs if need in behind)
        far = frozenset().union(*(behind[need] for need in direct))
        behind[job.name] = direct | far
        needs[job.name] = direct - far
    groups: dict[_Alike, list[JobSpec]] = {}
    for job in ordered:
        waited_by = frozenset(name for name, its in needs.items() if job.name in its)
        base = job.name.partition(" (")[0] if job.matrix else job.name
        groups.setdefault((base, job.kind, needs[job.name], waited_by), []).append(job)
    return [_node(key, tuple(job.name for job in members)) for key, members in groups.items()]


def _node(key: _Alike, names: tuple[str, ...]) -> Node:
    base, kind, needs, waited_by = key
    label = names[0] if len(names) == 1 else f"{base} ×{len(names)}"
    return Node(label, kind, needs, waited_by, names)


def graph(jobs: Sequence[JobSpec], paint: Paint) -> Iterator[str]:
    """`●` is a check, `▲` a deployment; `◀` stands at what waits."""
    shown = nodes(jobs)
    rows = [
        (node, leads)
        for node in shown
        for leads in ((False, True) if node.needs and node.waited_by else (bool(node.waited_by),))
    ]
    nets = _laid_out(_nets(rows))
    width = min(LONGEST, max((columns(node.label) for node in shown), default=0))
    for number, (node, leads) in enumerate(rows):
        is_second = leads and bool(node.needs)
        name = "" if is_second else fit(clean(node.label), width)
        head = "╰─" if is_second else f"{paint(STYLE[node.kind], MARK[node.kind])} {name} "
        joins = bool(node.needs) or leads
        gap = width + 4 - (2 if is_second else columns(name) + 3)
        line = ("◀" if node.needs and not is_second else "─" if joins else " ") + (
            "─" if joins else " "
        ) * gap
        tail = line + _lanes(number, nets)
        if is_second:
            head = paint("faint", head)
        yield (head + paint("faint", tail.rstrip())).rstrip()


def _nets(rows: Sequence[tuple[Node, bool]]) -> list[_Net]:
    """One for each set of nodes that are waited for by the same."""
    at: dict[frozenset[str], list[int]] = {}
    for number, (node, leads) in enumerate(rows):
        if leads:
            at.setdefault(node.waited_by, []).append(number)
    made = []
    for waiting, sources in at.items():
        targets = [
            number
            for number, (node, leads) in enumerate(rows)
            if waiting.intersection(node.names) and not (leads and node.needs)
        ]
        made.append(_Net(tuple(sorted({*sources, *targets}))))
    return made


def _laid_out(nets: Sequence[_Net]) -> list[_Net]:
    """Each in the first lane that is free along its rows, the short ones inside."""
    placed: list[_Net] = []
    for net in sorted(nets, key=lambda net: (net.rows[-1] - net.rows[0], net.rows)):
        taken = {
            other.lane
            for other in placed
            if other.rows[0] <= net.rows[-1] and net.rows[0] <= other.rows[-1]
        }
        lane = next(lane for lane in range(len(nets)) if lane not in taken)
        placed.append(replace(net, lane=lane))
    return placed


def _lanes(row: int, nets: Sequence[_Net]) -> str:
    """What stands in the lanes of one row."""
    here: Mapping[int, _Net] = {net.lane: net for net in nets if net.spans(row)}
    joined = [lane for lane, net in here.items() if row in net.rows]
    furthest = max(joined, default=-1)
    parts = []
    for lane in range(max(here, default=-1) + 1):
        net = here.get(lane)
        if net is None:
            sign = "─" if lane < furthest else " "
        elif row in net.rows:
            sign = _JOINT[row > net.rows[0], row < net.rows[-1], lane < furthest]
        else:
            sign = "│"
        parts.append(sign + ("─" if lane < furthest else " ") * (LANE - 1))
    return "".join(parts)
