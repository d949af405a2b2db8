"""`python -m tests.corpus [--accept] [FILE…]`: show what files plan, or write it beside them.

An accepted plan is a claim about the format: read it against the rules before it is committed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.corpus.case import Case, cases


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--accept", action="store_true", help="write each plan beside its file")
    parser.add_argument("files", nargs="*", type=Path, help="by default, those without a plan")
    options = parser.parse_args()
    chosen = [Case(path.resolve()) for path in options.files]
    for case in chosen or [case for case in cases() if not case.expected.exists()]:
        if options.accept:
            case.expected.write_text(case.described(), encoding="utf-8")
        print(f"=== {case.name}\n{case.described()}")


if __name__ == "__main__":
    main()
