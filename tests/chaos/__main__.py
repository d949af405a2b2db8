"""`make chaos N=50`: that many kills at random moments, in rounds of at most 25."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.run import Chaos

ROUND = 25


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    options = parser.parse_args()
    left, seed, killed, builds = options.kills, options.seed, 0, 0
    while left > 0:
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            chaos = Chaos(Path(folder), seed, print)
            print(f"round of {min(left, ROUND)} kills, seed {seed}", flush=True)
            well = chaos.run(min(left, ROUND))
            log = (Path(folder) / "serve.log").read_text()
        killed += sum(chaos.kills.values())
        builds += len(chaos.pushed)
        if not well:
            print("\n".join(chaos.wrong), log[-6000:], sep="\n")
            print(f"again with: python -m tests.chaos --kills {min(left, ROUND)} --seed {seed}")
            return 1
        left, seed = left - ROUND, seed + 1
    print(f"{killed} kills, {builds} builds: nothing lost, stuck or deployed twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
