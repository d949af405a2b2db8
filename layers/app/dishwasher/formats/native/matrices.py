"""The jobs of all matrices of `.dishwasher.yml`, counted before they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dishwasher.core.config import JOBS, JobSpec
from dishwasher.core.machine import Variable
from dishwasher.formats import jobs
from dishwasher.formats.native.jobs import Read
from dishwasher.formats.native.matrix import VERSIONS, Combination
from dishwasher.formats.reader import Reader


def expand(
    reads: Sequence[Read], reader: Reader
) -> tuple[tuple[JobSpec, ...], dict[str, tuple[str, ...]]]:
    """All jobs, and for each name in the file those that it stands for, which `needs` then means.

    Nothing is expanded where there would be too many.
    """
    if not _fit(reads, reader):
        return tuple(read.draft.spec for read in reads), {
            read.draft.spec.name: (read.draft.spec.name,) for read in reads
        }
    names = {read.draft.spec.name: tuple(_names(read)) for read in reads}
    specs = tuple(spec for read in reads for spec in _specs(read, names))
    if not reader.problems:
        places = [read.draft.name for read in reads for _ in names[read.draft.spec.name]]
        jobs.check(
            [
                jobs.Draft(spec, replace(place, text=spec.name))
                for spec, place in zip(specs, places, strict=True)
            ],
            reader.problems,
        )
    return specs, names


def _fit(reads: Sequence[Read], reader: Reader) -> bool:
    """Whether the file has few enough jobs; that of files without a matrix is told elsewhere."""
    counts = [1 if read.matrix is None else len(read.matrix.combinations) for read in reads]
    total = sum(counts)
    if total <= JOBS or len(reads) > JOBS:
        return total <= JOBS
    so_far = 0
    for read, count in zip(reads, counts, strict=True):
        so_far += count
        if so_far > JOBS:
            place = read.draft.name if read.matrix is None else read.matrix.place
            message = f"with all combinations of its matrices the file has {total} jobs; "
            reader.note(place, "too-many-jobs", f"{message}at most {JOBS} are run")
            break
    return False


def _names(read: Read) -> list[str]:
    name = read.draft.spec.name
    if read.matrix is None:
        return [name]
    return [
        f"{name} ({', '.join(value for _, value in combination)})"
        for combination in read.matrix.combinations
    ]


def _specs(read: Read, names: Mapping[str, tuple[str, ...]]) -> list[JobSpec]:
    spec = read.draft.spec
    needs = tuple(name for need in spec.needs for name in names.get(need, ()))
    spec = replace(spec, needs=needs)
    if read.matrix is None:
        return [spec]
    combinations = read.matrix.combinations
    own = names[spec.name]
    return [_combined(spec, *pair) for pair in zip(combinations, own, strict=True)]


def _combined(spec: JobSpec, combination: Combination, name: str) -> JobSpec:
    versions = {axis: value for axis, value in combination if axis in VERSIONS}
    variables = tuple(Variable(*pair) for pair in combination if pair[0] not in VERSIONS)
    machine = replace(
        spec.machine,
        python=versions.get("python", spec.machine.python),
        node=versions.get("node", spec.machine.node),
        virtualenv=spec.machine.virtualenv or "python" in versions,
        environment=(*spec.machine.environment, *variables),
    )
    return replace(spec, name=name, machine=machine, matrix=combination)
