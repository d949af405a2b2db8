"""What must hold between the jobs of a file."""

from __future__ import annotations

import time

import pytest
from dishwasher.core.config import JobSpec, Kind
from dishwasher.errors import Problem
from dishwasher.formats import jobs
from dishwasher.formats.problems import Problems
from dishwasher.formats.tree import Scalar


def draft(line: int, name: str, *needs: str, kind: Kind = Kind.CHECK) -> jobs.Draft:
    places = tuple(Scalar(need, line, 20 + 5 * index) for index, need in enumerate(needs))
    return jobs.Draft(JobSpec(name, kind, line, needs=needs), Scalar(name, line, 3), places)


def found(*drafts: jobs.Draft) -> tuple[Problem, ...]:
    problems = Problems()
    jobs.check(drafts, problems)
    return problems.in_file_order()


def chain(*needs: str) -> tuple[jobs.Draft, ...]:
    """`a:b` is a job `a` that needs `b`; one a line."""
    parts = [need.partition(":") for need in needs]
    return tuple(
        draft(line, name, *filter(None, rest.split(",")))
        for line, (name, _, rest) in enumerate(parts, 1)
    )


@pytest.mark.parametrize("name", ["a", "Lint & tests / 3.12", "日本", "é", "x" * 80, "$(id)"])
def test_good_names(name: str) -> None:
    assert found(draft(1, name)) == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "a name is empty"),
        ("  ", "a name is empty"),
        ("x" * 81, "has 81 characters; at most 80 fit"),
        (" a", "the name ` a` begins or ends with a space"),
        ("a ", "the name `a ` begins or ends with a space"),
        ("a\nb", "the name `a\\u000ab` holds an invisible character"),
        ("a\u202eb", "the name `a\\u202eb` holds an invisible character"),
        ("a\u200bb", "the name `a\\u200bb` holds an invisible character"),
        ("a\u00a0b", "the name `a\\u00a0b` holds an invisible character"),
    ],
)
def test_bad_names(name: str, message: str) -> None:
    (problem,) = found(draft(7, name))
    assert (problem.line, problem.column, problem.code) == (7, 3, "bad-name")
    assert message in problem.message


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("Tests", "the name `Tests` looks like `tests` on line 1"),
        ("\uff54ests", "looks like `tests` on line 1"),
    ],
)
def test_names_that_look_the_same(second: str, message: str) -> None:
    (problem,) = found(draft(1, "tests"), draft(2, second))
    assert (problem.line, problem.code) == (2, "duplicate-name")
    assert message in problem.message


def test_a_check_and_a_deployment_of_one_name() -> None:
    (problem,) = found(draft(1, "site"), draft(5, "site", kind=Kind.DEPLOYMENT))
    assert (problem.line, problem.column, problem.code) == (5, 3, "duplicate-name")
    assert problem.message == "`site` is already the name of the check on line 1"


def test_fifty_jobs_and_one_more() -> None:
    drafts = [draft(number, f"job{number}") for number in range(1, 52)]
    assert found(*drafts[:50]) == ()
    (problem,) = found(*drafts)
    assert (problem.line, problem.code) == (51, "too-many-jobs")
    assert problem.message == "the file has 51 jobs; at most 50 are run"


def test_a_need_that_is_not_there() -> None:
    (problem,) = found(*chain("lint", "spelling", "tests:lint,speling"))
    assert (problem.line, problem.column, problem.code) == (3, 25, "unknown-need")
    assert problem.message == "`tests` needs `speling`, which is not in this file"
    assert problem.suggestion == "Did you mean `spelling`?"


def test_a_job_is_not_suggested_to_itself() -> None:
    (problem,) = found(*chain("tests:test"))
    assert problem.suggestion == ""


def test_a_check_can_not_need_a_deployment() -> None:
    (problem,) = found(draft(1, "a", "site"), draft(2, "site", kind=Kind.DEPLOYMENT))
    assert (problem.line, problem.code) == (1, "unknown-need")
    assert problem.message == "the check `a` can not need a deployment"


def test_long_ways_without_a_cycle() -> None:
    diamonds = chain("a", "b:a", "c:a", "d:b,c", "e:d,a")
    assert found(*diamonds) == ()
    assert found(*reversed(diamonds)) == ()


@pytest.mark.parametrize(
    ("needs", "line", "message"),
    [
        (("a:a",), 1, "`a` needs itself"),
        (("a:b", "b:a"), 1, "these jobs wait for each other for ever: `a` → `b` → `a`"),
        (("x", "c:x,a", "a:b", "b:c"), 2, "for ever: `c` → `a` → `b` → `c`"),
        (("after:a", "a:b", "b:a"), 2, "for ever: `a` → `b` → `a`"),
    ],
)
def test_cycles_are_named_in_full(needs: tuple[str, ...], line: int, message: str) -> None:
    (problem,) = found(*chain(*needs))
    assert (problem.line, problem.code) == (line, "cycle")
    assert message in problem.message
    assert problem.suggestion == "Delete one of these `needs`."


def test_several_cycles_are_all_named() -> None:
    problems = found(*chain("a:b", "b:a", "c:d", "d:c,a", "e:e"))
    assert [(problem.line, problem.code) for problem in problems] == [
        (1, "cycle"),
        (3, "cycle"),
        (5, "cycle"),
    ]


def test_fifty_jobs_that_all_need_each_other() -> None:
    names = [f"job{number}" for number in range(50)]
    started = time.process_time()
    assert found(*(draft(line, name, *names) for line, name in enumerate(names, 1)))
    assert time.process_time() - started < 2
