"""Configuration files of 500 lines, read and checked inside the process, beside bare PyYAML.

`python -m bench.validate` (or `make bench`) prints median and worst of many reads of one file of
each format with the bound; exit code 1 when one is missed. The yardstick is `yaml.load` of the same
bytes, in the same run, turn by turn: by libyaml and by PyYAML's own parser, which say nothing of
places, doubled keys or mistakes.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import yaml
from dishwasher.core.config import Config
from dishwasher.errors import ConfigError
from dishwasher.formats import choose
from dishwasher.formats.recognise import BUILDSPEC, CIRCLE, NATIVE
from dishwasher.formats.repository import Repository

from bench.webhook import Table

LINES = 500
TIMES = 60
BOUND = 50.0
"""Milliseconds of the slowest read: of processor time, which other programs do not lengthen."""

_HEADS = {
    NATIVE: """\
machine:
  python: "3.12"
  services: [postgres, redis]
  environment: {DEBUG: "True", DATABASE_URL: "postgres://localhost/app_test"}
dependencies:
  - pip install -r requirements.txt
checks:
  part-0: "true"
""",
    CIRCLE: """\
machine:
  timezone: America/New_York
  python:
    version: 2.7.12
  environment:
    DATABASE_URL: postgres://ubuntu@localhost/circle_test
dependencies:
  pre:
    - pip install --upgrade pip
deployment:
  staging:
    branch: [master, /release-.*/]
    commands:
      - ./deploy.sh staging
test:
  override:
""",
    BUILDSPEC: """\
version: 0.2
env:
  variables:
    DEBUG: "True"
reports:
  tests:
    files: ["reports/*.xml"]
    file-format: JUNITXML
artifacts:
  files: ["**/*"]
phases:
  build:
    commands:
""",
}
_BLOCKS = {
    NATIVE: """\
  part-{n}:
    run:
      - cd part-{n}
      - |
        python manage.py test part_{n} --settings=settings.testing
        coverage xml -o reports/part-{n}.xml
    needs: [{need}]
    when:
      branch: [main, release/*, "/v[0-9]+/"]
    environment:
      PART: "{n}"
    timeout: 10m
    reports: {{junit: "reports/*.xml"}}
    artifacts: reports/part-{n}/**
""",
    CIRCLE: """\
    - python manage.py test part_{n} --settings=settings.testing:
        timeout: 300
        environment:
          PART: {n}
    - >
      coverage xml
      -o $CIRCLE_ARTIFACTS/part-{n}.xml
""",
    BUILDSPEC: """\
      - echo "part {n}"
      - |
        python manage.py test part_{n} --settings=settings.testing
        coverage xml -o reports/part-{n}.xml
""",
}


def sample(format: str, wrong: bool = False) -> bytes:
    """A file of LINES lines; a wrong one has a misspelt word in every block."""
    text, number = _HEADS[format], 1
    while True:
        block = _BLOCKS[format].format(n=number, need=f"part-{number - 1}")
        if wrong:
            block = block.replace("timeout:", "timeuot:").replace('"part', "'part")
        if (text + block).count("\n") > LINES:
            break
        text, number = text + block, number + 1
    return (text + "# \n" * (LINES - text.count("\n"))).encode()


def main() -> int:
    argparse.ArgumentParser(prog="bench.validate", description=__doc__).parse_args()
    table = Table()
    for path, format in (
        (".dishwasher.yml", NATIVE),
        ("circle.yml", CIRCLE),
        ("buildspec.yml", BUILDSPEC),
    ):
        measure(format, sample(format), reading(path, format), table)
    wrong = sample(NATIVE, wrong=True)
    measure(
        "native with a mistake in every check",
        wrong,
        reading(choose.OWN, NATIVE),
        table,
        valid=False,
    )
    return 0 if table.kept else 1


def reading(path: str, format: str) -> Callable[[bytes], Any]:
    look = Repository(frozenset({path, "requirements.txt", "manage.py"}))

    def read(data: bytes) -> Any:
        try:
            return choose.parse(path, data, lambda: look, format)
        except ConfigError as error:
            return error.problems

    return read


def measure(
    name: str, data: bytes, read: Callable[[bytes], Any], table: Table, *, valid: bool = True
) -> None:
    rivals: dict[str, Callable[[bytes], Any]] = {"": read, "PyYAML": pure}
    if yaml.__with_libyaml__:
        rivals["libyaml"] = libyaml
    taken: dict[str, list[float]] = {rival: [] for rival in rivals}
    for rival in rivals.values():
        rival(data)
    # A collection of what other reads left would be nobody's.
    gc.collect()
    assert isinstance(read(data), Config) == valid, read(data)
    for _ in range(TIMES):
        for rival, call in rivals.items():
            began = time.process_time()
            call(data)
            taken[rival].append(1e3 * (time.process_time() - began))
    ours = taken.pop("")
    lines = data.count(b"\n")
    table.row(f"{name}, {lines} lines: median", statistics.median(ours), "ms")
    table.row(f"{name}, {lines} lines: worst of {TIMES}", max(ours), "ms", BOUND)
    for rival, seconds in taken.items():
        table.row(f"  {rival} on the same bytes: median", statistics.median(seconds), "ms")


def pure(data: bytes) -> Any:
    return yaml.load(data, Loader=yaml.SafeLoader)


def libyaml(data: bytes) -> Any:
    return yaml.load(data, Loader=yaml.CSafeLoader)


if __name__ == "__main__":
    sys.exit(main())
