"""`python -m tests.fuzz [--minutes 20] [TARGET…]`: look for bytes that break a parser's promises.

The minutes are of all targets together, shared alike. What breaks a promise is written below
tests/fuzz/found/, where `make test` replays it from then on: mend the parser and commit the file.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import dishwasher.formats

from tests.corpus.case import ROOT as CORPUS
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
FOUND, SEEDS = HERE / "found", HERE / "seeds"
WORK = HERE.parents[1] / "build" / "fuzz"
FORMATS = Path(dishwasher.formats.__file__).parent

MEMORY = 1024
"""Megabytes of a whole search; the parsers themselves stay below a tenth."""
HANG = 10
"""Wall seconds of one input, after which the search is ended."""
LONGEST = 16_384
"""Bytes of one input; what larger ones do is in tests/abuse."""
EVERY = 20.0
"""Seconds between two words on how it goes."""
_PROGRESS = re.compile(r"^#(\d+)\s.*cov: (\d+).*corp: (\d+).*exec/s: (\d+)")


@dataclass(frozen=True, slots=True)
class Ended:
    """What the search of one target came to."""

    target: str
    runs: int
    edges: int
    inputs: int
    rate: int
    found: tuple[Path, ...]
    code: int
    tail: tuple[str, ...]
    """Its last lines."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="of all targets together")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    chosen = options.targets or list(TARGETS)
    unknown = [name for name in chosen if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}; there is {', '.join(TARGETS)}")
    at_once = min(options.at_once, len(chosen))
    rounds = -(-len(chosen) // at_once)
    seconds = max(1, round(options.minutes * 60 / rounds))
    print(f"{len(chosen)} targets, {seconds} s each, {at_once} at once", flush=True)
    with ThreadPoolExecutor(at_once) as pool:
        ended = list(pool.map(lambda name: search(name, seconds), chosen))
    return told(ended)


def search(name: str, seconds: int) -> Ended:
    """One target for so many seconds, going on from what earlier searches have learnt."""
    work, found = WORK / name, FOUND / name
    work.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    seeds = [folder for folder in (CORPUS / name, SEEDS / name) if folder.is_dir()]
    command = [sys.executable, "-W", "error", "-m", "tests.fuzz.child", name, str(found)]
    command += [f"-max_total_time={seconds}", f"-timeout={HANG}", f"-rss_limit_mb={MEMORY}"]
    command += [f"-max_len={LONGEST}", f"-dict={dictionary(name)}", f"-artifact_prefix={found}/"]
    command += [str(folder) for folder in (work, *seeds, found)]
    runs = edges = inputs = rate = 0
    tail: list[str] = []
    shown = time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as child:
        assert child.stderr is not None
        for line in child.stderr:
            tail = [*tail[-20:], line.rstrip()]
            progress = _PROGRESS.match(line)
            if progress:
                runs, edges, inputs, rate = map(int, progress.groups())
            if "FOUND" in line:
                print(f"{name:>10}: {line.strip()}", flush=True)
            elif progress and time.monotonic() > shown + EVERY:
                shown = time.monotonic()
                print(f"{name:>10}: {runs:,} tried, {rate:,} a second, {edges:,} edges", flush=True)
    new = tuple(sorted(set(found.iterdir()) - before))
    return Ended(name, runs, edges, inputs, rate, new, child.returncode, tuple(tail))


def dictionary(name: str) -> Path:
    """The words of a format: every short text that stands in the modules of its reader."""
    words = {"<<: *a", "&a ", "*a", "- ", ": ", "|\n", "'", '"', "{", "}", "[", "]", "\t", "\r\n"}
    for path in [*FORMATS.glob(f"{name}*.py"), *FORMATS.glob(f"{name}/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
    escaped = sorted(
        "".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words if len(word) <= 40
    )
    path = WORK / f"{name}.dict"
    path.write_text("".join(f'"{word}"\n' for word in escaped if word), encoding="ascii")
    return path


def told(ended: list[Ended]) -> int:
    """Print what came out; 1 when a promise was broken."""
    print(
        f"\n{'target':>10} {'inputs tried':>14} {'per s':>7} {'edges':>7} {'kept':>6} {'found':>6}"
    )
    for one in ended:
        print(f"{one.target:>10} {one.runs:>14,} {one.rate:>7,} {one.edges:>7,}", end=" ")
        print(f"{one.inputs:>6,} {len(one.found):>6}")
    broken = [one for one in ended if one.found or one.code]
    for one in broken:
        print(f"\n{one.target}, exit code {one.code}:", *map(str, one.found), sep="\n    ")
        if not one.found:
            print(*one.tail, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
