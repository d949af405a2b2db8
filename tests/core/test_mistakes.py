"""The problems of a configuration as GitHub and people see them."""

from __future__ import annotations

import pytest
from dishwasher.core.findings import Finding, Level
from dishwasher.core.mistakes import LINES, count, findings, lines
from dishwasher.errors import Problem

ERROR = Problem(3, 5, "unknown-key", "`runs` is not a key", "Did you mean `run`?")
WARNING = Problem(7, 1, "no-root", "`sudo` needs root", severity="warning")


def test_each_problem_is_one_annotation_on_its_line() -> None:
    assert findings("circle.yml", (ERROR, WARNING)) == (
        Finding(
            "circle.yml",
            3,
            3,
            Level.FAILURE,
            "`runs` is not a key. Did you mean `run`?",
            title="unknown-key",
        ),
        Finding("circle.yml", 7, 7, Level.WARNING, "`sudo` needs root", title="no-root"),
    )


def test_the_summary_repeats_as_many_as_people_read() -> None:
    assert lines("circle.yml", (ERROR,)) == ("circle.yml:3:5: `runs` is not a key",)
    assert len(lines("circle.yml", (ERROR,) * 100)) == LINES


@pytest.mark.parametrize(
    ("problems", "told"),
    [
        ((ERROR,), "1 mistake"),
        ((ERROR, ERROR, WARNING), "2 mistakes and 1 warning"),
        ((WARNING, WARNING), "2 warnings"),
    ],
)
def test_mistakes_and_warnings_are_counted_apart(problems: tuple[Problem, ...], told: str) -> None:
    assert count(problems) == told
