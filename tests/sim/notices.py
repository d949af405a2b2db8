"""What check runs say of jobs that had to move to a larger runner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dishwasher.core.job import Job

from tests.fakes.store import MemoryStore
from tests.sim.commits import Run
from tests.sim.deploys import of
from tests.sim.faults import SMALL_SKEW
from tests.sim.hub import Hub
from tests.sim.moves import Life, Moves
from tests.sim.world import World

AGAIN = "was run again"


def problems(world: World, rows: MemoryStore, hub: Hub, moves: Moves) -> Iterator[str]:
    """L13: each is concluded when its job is over, and tells the truth of where that has been."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for run in hub.runs.values():
        runs[run.external_id].append(run)
    for job in rows.all(Job):
        _, build = of(rows, job.attempt_id)
        if not job.is_over or hub.repos[build.event.repository.id].gone_at < float("inf"):
            continue
        for run in runs[job.id]:
            early = run.first_end + SMALL_SKEW < job.ended
            if early and world.faults.clocks_agree:
                yield f"L13 check run {run.id} of {job.id} was concluded before its job was over"
            # What GitHub does not take is left out.
            for why in () if hub.picky.get(job.id) else _wrong(run.summary, moves, job.id):
                yield f"L13 check run {run.id} of {job.id} {why}"


def _wrong(summary: str, moves: Moves, job: str) -> Iterator[str]:
    life, sizes = moves.lives.get(job, Life()), moves.sizes
    # In Markdown a full stop may be escaped.
    wanted = [life.died.detail.rstrip(".")] if life.died else []
    if life.moved is not None:
        wanted += [sizes[place].words for place in life.moved]
    yield from (f"does not say {words!r}" for words in wanted if words not in summary)
    if AGAIN in summary and life.moved is None:
        yield "says that it was run again, and it was not"
    if not (life.died or life.lost) and any(one.words in summary for one in sizes if one.words):
        yield "says where it ran, and there was no reason to"
