"""Many worlds: a process for each core, because a world's threads share one interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from multiprocessing import get_context

from tests.sim import mutants
from tests.sim.story import Outcome


def played(seeds: Iterable[int], mutant: str | None, jobs: int) -> Iterator[Outcome]:
    """The outcomes in the order of the seeds."""
    work = [(seed, mutant) for seed in seeds]
    if jobs <= 1:
        yield from map(_one, work)
        return
    with get_context("spawn").Pool(min(jobs, len(work))) as pool:
        yield from pool.imap(_one, work, chunksize=2)


def _one(work: tuple[int, str | None]) -> Outcome:
    seed, mutant = work
    return mutants.played(mutants.BY_NAME[mutant] if mutant else None, seed)
