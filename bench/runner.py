"""What the runner costs: a step over bash, and its output by the megabyte.

`python -m bench.runner` (or `make bench`) prints each figure with its bound; exit code 1 when one
is missed.
"""

from __future__ import annotations

import argparse
import sys

from bench import pump, steps
from bench.webhook import Table


def main() -> int:
    argparse.ArgumentParser(prog="bench.runner", description=__doc__).parse_args()
    table = Table()
    steps.rows(table)
    pump.rows(table)
    return 0 if table.kept else 1


if __name__ == "__main__":
    sys.exit(main())
