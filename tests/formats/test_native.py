"""The native format: what it becomes, and every mistake at its place."""

from __future__ import annotations

import pytest
from dishwasher.core.config import Config, JobSpec, Kind, Uses
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import native

PATH = ".dishwasher.yml"


def parse(text: str) -> Config:
    return native.parse(PATH, text.encode())


def mistakes(text: str | bytes) -> tuple[Problem, ...]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        native.parse(PATH, data)
    assert caught.value.path == PATH
    return caught.value.problems


def mistake(text: str | bytes) -> Problem:
    (problem,) = mistakes(text)
    return problem


FULL = """\
checks:
  lint: {run: flake8 app, annotate: flake8}
  spelling: {uses: spelling}
  tests:
    needs: [lint, spelling]
    run:
      - cd app
      - python manage.py test
    artifacts: reports/*.xml
deployments:
  staging:
    branch: [master, main]
    run: ./deploy.sh staging
"""


def test_everything_that_the_format_knows() -> None:
    assert parse(FULL) == Config(
        PATH,
        (
            JobSpec("lint", Kind.CHECK, 2, steps=("flake8 app",), annotate=("flake8",)),
            JobSpec("spelling", Kind.CHECK, 3, uses=Uses.SPELLING),
            JobSpec(
                "tests",
                Kind.CHECK,
                4,
                steps=("cd app", "python manage.py test"),
                needs=("lint", "spelling"),
                artifacts=("reports/*.xml",),
            ),
            JobSpec(
                "staging",
                Kind.DEPLOYMENT,
                11,
                steps=("./deploy.sh staging",),
                branches=("master", "main"),
            ),
        ),
    )
