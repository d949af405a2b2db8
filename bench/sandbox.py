"""How much walls cost a step and a job: the levels side by side in one run.

python -m bench.sandbox [STEPS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import Limits
from dishwasher.errors import UserError
from dishwasher.runner import orphans
from dishwasher.runner.environment import Workspace
from dishwasher.runner.place import Here, Place
from dishwasher.runner.removal import remove
from dishwasher.runner.sandbox import probe
from dishwasher.runner.sandbox.enclosure import enclose
from dishwasher.runner.sandbox.limits import for_any

STEPS = 100
JOBS = 10
MOST = 25.0
"""Milliseconds that a jailed step may take beyond a plain one."""


@contextmanager
def ground(level: Level) -> Iterator[tuple[Place, Path, float]]:
    """A place for commands at this level, their folder, and the milliseconds that it took."""
    workspace = Workspace(Path(tempfile.mkdtemp(prefix="dishwasher-bench-")))
    workspace.make()
    began = time.perf_counter()
    enclosed = enclose(probe.choose(level), workspace, Limits(), os.environ)
    took = (time.perf_counter() - began) * 1000
    place: Place = enclosed.cell or enclosed.place or Here(for_any(Limits()))
    try:
        yield place, workspace.checkout, took
    finally:
        place.close()
        remove(workspace.root)


def step(place: Place, folder: Path) -> float:
    """Milliseconds of one `bash -c true`."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    began = time.perf_counter()
    code = place.start(("bash", "-c", "true"), folder, {"PATH": os.environ["PATH"]}, writer).wait()
    took = (time.perf_counter() - began) * 1000
    os.close(reader)
    os.close(writer)
    assert code == 0
    return took


def main() -> int:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    orphans.adopt()
    found: dict[Level, float] = {}
    for level in reversed(Level):
        try:
            probe.choose(level)
        except UserError as error:
            print(f"{level:9} {error}")
            continue
        made = []
        for _ in range(JOBS):
            with ground(level) as (_, _, took):
                made.append(took)
        with ground(level) as (place, folder, _):
            step(place, folder)
            found[level] = statistics.median(step(place, folder) for _ in range(steps))
        print(
            f"{level:9} a job's walls {statistics.median(made):6.1f} ms, "
            f"a step of `true` {found[level]:5.2f} ms (medians of {JOBS} and {steps})"
        )
    if Level.JAILED not in found:
        return 0
    more = found[Level.JAILED] - found[Level.PLAIN]
    print(f"a jailed step takes {more:+.2f} ms beside a plain one; at most {MOST:g} ms")
    return 0 if more < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
