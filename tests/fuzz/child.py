"""`python -m tests.fuzz.child TARGET FOUND [libFuzzer options]`: search a target by coverage."""

from __future__ import annotations

import hashlib
import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dishwasher.formats", "dishwasher.core"]):
    # Also those that the product imports when it needs them: later, nobody would count their edges.
    from dishwasher.formats import buildspec, circle, implied, native  # noqa: F401

    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, folder, *options = sys.argv[1:]
    target, found = TARGETS[name], Path(folder)
    seen: set[str] = set()

    def once(data: bytes) -> None:
        try:
            target(data)
        except Exception as error:
            # Where it happened tells one mistake from another; the search goes on after each.
            where = _where(error)
            if where not in seen:
                seen.add(where)
                _keep(found, data, error)

    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}"


def _keep(found: Path, data: bytes, error: Exception) -> None:
    path = found / hashlib.sha256(data).hexdigest()[:12]
    path.write_bytes(data)
    print(f"FOUND {path}", file=sys.stderr)
    traceback.print_exception(error, limit=-6)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
