"""`make soak`: 10,000 deliveries of all kinds, garbage and duplicates included, and one server.

    python -m tests.soak [--deliveries 10000] [--seed N]

Exit code 1 where a bound is broken or a delivery is lost: memory that grows, disk that fills, an
answer that is none of ours, a valid event that is neither built nor ignored with a reason.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.run import Soak

NICE = 10
"""Others may work on this machine."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    options = parser.parse_args()
    os.nice(NICE)
    print(f"{options.deliveries} deliveries, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(Path(folder), random.Random(options.seed), options.deliveries)
        soak.run()
        if soak.wrong:
            print(*soak.wrong[:40], soak.log[-4000:], sep="\n")
            print(f"again with: python -m tests.soak --seed {options.seed}")
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
