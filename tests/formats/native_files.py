"""Short ways to read a `.dishwasher.yml` in tests."""

from __future__ import annotations

import pytest
from dishwasher.core.config import Config, JobSpec
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import native

PATH = ".dishwasher.yml"


def parse(text: str) -> Config:
    return native.parse(PATH, text.encode())


def job(text: str) -> JobSpec:
    """The only job, or the one named `it`."""
    jobs = parse(text).jobs
    return next((one for one in jobs if one.name == "it"), jobs[0])


def check(keys: str, top: str = "") -> JobSpec:
    """The check with `run: x` and these keys in flow style."""
    return job(f"{top}checks: {{lint: x, it: {{run: x, {keys}}}}}\n")


def warnings(text: str) -> list[tuple[str, str]]:
    """Code and message of each warning of a valid file."""
    return [(problem.code, problem.message) for problem in parse(text).warnings]


def mistakes(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        native.parse(PATH, text.encode())
    return tuple(one for one in caught.value.problems if one.severity == "error")


def mistake(text: str) -> Problem:
    (problem,) = mistakes(text)
    return problem
