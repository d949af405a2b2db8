"""What must hold between the jobs of one file, whatever its format."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.core.config import JOBS, JobSpec, Kind
from dishwasher.core.step import Step
from dishwasher.formats.problems import Problems, show
from dishwasher.formats.tree import Scalar

NAME_LENGTH = 80
"""Characters of a name, which stands in GitHub's list of checks and in paths."""
JOB_BYTES = 256 * 1024
"""Of one job as JSON, which is one row of a table; DynamoDB's have 400 KB, the log's end included:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""
_KEYS = 200
"""Bytes of a step or variable besides its text: names of fields, quotes, numbers."""

# Letters of Cyrillic and Greek that are drawn as Latin ones, small or large:
# https://www.unicode.org/Public/security/latest/confusables.txt
_TWINS = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458"
    "\u04bb\u04cf\u0501\u051b\u051d\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf"
    "\u03c1\u03c4\u03c5\u03c7\u0131",
    "abekmhopctyxsijhldqwabezhikmvoptyxi",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A job together with the places that its problems point at."""

    spec: JobSpec
    name: Scalar
    needs: tuple[Scalar, ...] = ()


def check(drafts: Sequence[Draft], problems: Problems) -> None:
    """Note bad and doubled names, unknown needs, cycles and too many jobs."""
    if len(drafts) > JOBS:
        place = drafts[JOBS].name
        message = f"the file has {len(drafts)} jobs; at most {JOBS} are run"
        problems.add(place.line, place.column, "too-many-jobs", message)
    for draft in drafts:
        _check_name(draft.name, problems)
    _check_doubles(drafts, problems)
    _check_sizes(drafts[:JOBS], problems)
    by_name = {draft.spec.name: draft for draft in reversed(drafts)}
    if len(drafts) <= JOBS:
        for draft in drafts:
            _check_needs(draft, by_name, problems)
        for cycle in _cycles(by_name):
            _note_cycle(cycle, problems)


def _check_name(name: Scalar, problems: Problems) -> None:
    text = name.text
    if not text.strip():
        message = "a name is empty"
    elif len(text) > NAME_LENGTH:
        message = f"the name {show(text)} has {len(text)} characters; at most {NAME_LENGTH} fit"
    elif not text.isprintable():
        message = f"the name {show(text)} holds an invisible character"
    elif text != text.strip():
        message = f"the name {show(text)} begins or ends with a space"
    else:
        return
    problems.add(name.line, name.column, "bad-name", message)


def _check_sizes(drafts: Sequence[Draft], problems: Problems) -> None:
    """What the jobs share is written into each, by aliases or because the format has it so."""
    known: dict[int, int] = {}
    for draft in drafts:
        spec, total = draft.spec, 0
        for phase in spec.phases:
            # Most are one and the same object in many jobs.
            if id(phase) not in known:
                known[id(phase)] = sum(map(_bytes, (*phase.steps, *phase.closing)))
            total += known[id(phase)]
        total += sum(_KEYS + len(one.value.encode()) for one in spec.machine.environment)
        if total > JOB_BYTES:
            message = f"the job {show(spec.name)} has {total:,} bytes, and {JOB_BYTES:,} are kept"
            suggestion = "Move long commands into scripts."
            problems.add(draft.name.line, draft.name.column, "too-large", message, suggestion)


def _bytes(step: Step) -> int:
    variables = sum(_KEYS + len(value.encode()) for _, value in step.environment)
    return _KEYS + len(step.command.encode()) + variables


def _check_doubles(drafts: Sequence[Draft], problems: Problems) -> None:
    """Names that differ only in case, or in characters that look the same, are one to people."""
    seen: dict[str, Draft] = {}
    for draft in drafts:
        first = seen.setdefault(_look(draft.spec.name), draft)
        if first is draft:
            continue
        if first.spec.name == draft.spec.name:
            message = f"{show(draft.spec.name)} is already the name of the {first.spec.kind}"
        else:
            message = f"the name {show(draft.spec.name)} looks like {show(first.spec.name)}"
        message += f" on line {first.name.line}"
        name = draft.name
        problems.add(name.line, name.column, "duplicate-name", message, "Rename one of the two.")


def _look(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().translate(_TWINS)


def _check_needs(draft: Draft, by_name: dict[str, Draft], problems: Problems) -> None:
    for need in draft.needs:
        needed = by_name.get(need.text)
        if needed is None:
            message = f"{show(draft.spec.name)} needs {show(need.text)}, which is not in this file"
            deploys = draft.spec.kind is Kind.DEPLOYMENT
            others = [
                name
                for name, other in reversed(by_name.items())
                if name != draft.spec.name and (deploys or other.spec.kind is Kind.CHECK)
            ]
            suggestion = problems.nearest(need.text, others)
            problems.add(need.line, need.column, "unknown-need", message, suggestion)
        elif needed.spec.kind is Kind.DEPLOYMENT and draft.spec.kind is Kind.CHECK:
            message = f"the check {show(draft.spec.name)} can not need a deployment"
            problems.add(need.line, need.column, "unknown-need", message)


def _cycles(by_name: dict[str, Draft]) -> list[list[Draft]]:
    """Each cycle once, beginning with its first job in the file."""
    open_needs = {
        name: [need.text for need in draft.needs if need.text in by_name]
        for name, draft in by_name.items()
    }
    cycles = []
    while _drop_satisfied(open_needs):
        # All that is left needs something that is left, so that following needs must come round.
        trail = [next(iter(open_needs))]
        while (following := open_needs[trail[-1]][0]) not in trail:
            trail.append(following)
        names = trail[trail.index(following) :]
        cycle = sorted((by_name[name] for name in names), key=lambda draft: _place(draft.name))
        first = names.index(cycle[0].spec.name)
        cycles.append([by_name[name] for name in names[first:] + names[:first]])
        for name in names:
            del open_needs[name]
    return cycles


def _place(name: Scalar) -> tuple[int, int]:
    return name.line, name.column


def _drop_satisfied(open_needs: dict[str, list[str]]) -> bool:
    """Take away all jobs that no cycle holds back; whether any is left."""
    while True:
        for name, needs in open_needs.items():
            open_needs[name] = [need for need in needs if need in open_needs]
        satisfied = [name for name, needs in open_needs.items() if not needs]
        if not satisfied:
            return bool(open_needs)
        for name in satisfied:
            del open_needs[name]


def _note_cycle(cycle: list[Draft], problems: Problems) -> None:
    first, following = cycle[0], cycle[1 % len(cycle)]
    place = next(need for need in first.needs if need.text == following.spec.name)
    names = " → ".join(show(draft.spec.name) for draft in (*cycle, first))
    message = f"these jobs wait for each other for ever: {names}"
    if len(cycle) == 1:
        message = f"{show(first.spec.name)} needs itself"
    problems.add(place.line, place.column, "cycle", message, "Delete one of these `needs`.")
