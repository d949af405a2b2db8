"""`python -m tests.image`: build infra/runner/Dockerfile, and use it as docker and AWS do.

Minutes: a Debian is made and packages are fetched, the first time. What docker keeps of it is in
build/image, if it is a daemon of our own, which `--forget` removes.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.image import boot, debian, docker, function, nested, sample

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "image"
IMAGE = "dishwasher-runner:test"
GOOD = {"success", "neutral"}

T = TypeVar("T")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.image", description=__doc__)
    parser.add_argument("--suite", choices=sorted(debian.SUITES), default="trixie")
    parser.add_argument("--base", help="an image to build on, instead of a Debian that is made")
    parser.add_argument("--pythons", help='with --base; default "3.11 3.12 3.13"')
    parser.add_argument("--forget", action="store_true", help="keep nothing for the next time")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with docker.started(FOLDER) as engine:
            return _all(engine, options)
    finally:
        if options.forget:
            shutil.rmtree(FOLDER, ignore_errors=True)


def _all(engine: docker.Docker, options: argparse.Namespace) -> int:
    arguments = {}
    if options.base:
        arguments["BASE"] = options.base
    else:
        base = _timed("a Debian", lambda: debian.made(engine, options.suite))
        # Others can not be had from Debian; where uv's builds are to be had, --base takes them.
        arguments = {"BASE": base, "PYTHONS": debian.SUITES[options.suite]}
    if options.pythons:
        arguments["PYTHONS"] = options.pythons
    pythons = arguments.get("PYTHONS", "3.11 3.12 3.13").split()
    _timed("docker build", lambda: engine.build(IMAGE, ROOT, arguments))
    print(f"{engine.megabytes(IMAGE)} MB", flush=True)
    lacks = _timed("its programs", lambda: boot.programs(engine, IMAGE, pythons))
    found = _timed("the sample site", lambda: sample.built(engine, IMAGE, pythons[-1]))
    for name, conclusion in found.items():
        print(f"  {name}: {conclusion}", flush=True)
    _timed("a job of CodeBuild", lambda: boot.job(engine, IMAGE))
    _timed("a job of a MicroVM", lambda: boot.microvm(engine, IMAGE))
    print(_timed("a job with Docker on CodeBuild", lambda: nested.job(engine, IMAGE)), flush=True)
    _timed("one without privileges", lambda: nested.refused(engine, IMAGE))
    cold, after = function.jobs(engine, IMAGE)
    print(f"a job of the function: {cold:.1f} s, after another one: {after:.1f} s", flush=True)
    for lack in lacks:
        print(f"MISSING: {lack}")
    failed = [name for name, conclusion in found.items() if conclusion not in GOOD]
    return 1 if lacks or failed or not found else 0


def _timed(what: str, work: Callable[[], T]) -> T:
    begun = time.monotonic()
    done = work()
    print(f"{what}: {time.monotonic() - begun:.1f} s", flush=True)
    return done


if __name__ == "__main__":
    sys.exit(main())
