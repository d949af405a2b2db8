"""Checks of `.dishwasher.yml` that share a runner: what they must have in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dishwasher.formats.native.jobs import Read
from dishwasher.formats.native.matrix import VERSIONS
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Scalar


def check(reads: Sequence[Read], reader: Reader) -> None:
    """Note groups that one machine can not run in the order of the file."""
    groups: dict[str, list[Read]] = {}
    for read in reads:
        if read.group is not None:
            groups.setdefault(read.group.text, []).append(read)
    needs = {read.draft.spec.name: read.draft.spec.needs for read in reads}
    for members in groups.values():
        _check_machine(members, reader)
        _check_order(members, needs, reader)


def _check_machine(members: list[Read], reader: Reader) -> None:
    first = members[0]
    if len(members) == 1 and first.matrix is None and first.group is not None:
        message = f"{show(first.draft.spec.name)} is alone in the group {show(first.group.text)}"
        reader.warn(first.group, "no-effect", message, "Delete it, or add it to other checks.")
    for read in members:
        for axis in read.matrix.axes if read.matrix is not None else ():
            if axis.text in VERSIONS:
                message = f"a group shares one machine, which has one version of {axis.text}"
                reader.note(axis, "conflict", message, "Delete the axis or the group.")
        if read.group is not None and read.is_set_up != first.is_set_up:
            message = f"`setup` differs from that of {show(first.draft.spec.name)}, with which "
            message += f"{show(read.draft.spec.name)} shares a machine"
            reader.note(read.group, "conflict", message, "Choose another group.")


def _check_order(members: list[Read], needs: dict[str, tuple[str, ...]], reader: Reader) -> None:
    positions = {read.draft.spec.name: position for position, read in enumerate(members)}
    waiting: dict[str, str] = {}
    for position, read in enumerate(members):
        for need in read.draft.needs:
            if positions.get(need.text, -1) > position:
                message = f"{show(need.text)} stands later in the same group, which runs in the "
                reader.note(need, "conflict", message + "order of the file", "Swap the two.")
            elif need.text not in positions and need.text in needs:
                if need.text not in waiting:
                    waiting[need.text] = _waits_for(need.text, positions, needs)
                _check_outside(need, waiting[need.text], reader)


def _waits_for(name: str, group: Collection[str], needs: dict[str, tuple[str, ...]]) -> str:
    """The first of the group that the job outside of it waits for, or nothing."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        following = ahead.pop()
        if following not in seen:
            seen.add(following)
            ahead += needs.get(following, ())
    return min(seen.intersection(group), default="")


def _check_outside(need: Scalar, waiting: str, reader: Reader) -> None:
    """The group starts as one, so nothing that it waits for may wait for a part of it."""
    if waiting:
        message = f"{show(need.text)} waits for {show(waiting)}, which is of the same group: "
        message += "neither would begin"
        reader.note(need, "cycle", message, "Take one of them out of the group.")
