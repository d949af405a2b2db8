"""A matrix: its combinations, their names, and the cap that is counted before expanding."""

from __future__ import annotations

import time

import pytest
from dishwasher.core.config import JOBS
from dishwasher.core.machine import Variable
from dishwasher.formats.native.matrix import AXES

from tests.formats.native_files import check, mistake, mistakes, parse


def names(matrix: str) -> list[str]:
    return [job.name for job in parse(f"checks: {{t: {{run: x, matrix: {matrix}}}}}").jobs]


def test_the_last_axis_turns_fastest_and_names_hold_the_values() -> None:
    assert names('{python: ["3.12", 3.13], DJANGO: [4.2, 5.2]}') == [
        "t (3.12, 4.2)",
        "t (3.12, 5.2)",
        "t (3.13, 4.2)",
        "t (3.13, 5.2)",
    ]


def test_one_value_needs_no_list() -> None:
    assert names("{python: 3.10}") == ["t (3.10)"]


def test_python_and_node_set_versions_and_other_axes_variables() -> None:
    top = 'machine: {python: "3.11", node: "20", environment: {A: b}}\n'
    text = f"{top}checks: {{t: {{run: x, matrix: {{python: 3.13, node: 22, DB: [pg]}}}}}}"
    (job,) = parse(text).jobs
    assert (job.machine.python, job.machine.node) == ("3.13", "22")
    assert job.machine.environment == (Variable("A", "b"), Variable("DB", "pg"))
    assert job.matrix == (("python", "3.13"), ("node", "22"), ("DB", "pg"))


def test_a_value_is_not_expanded() -> None:
    (job,) = parse("checks: {t: {run: x, matrix: {A: $HOME}}}").jobs
    assert job.machine.environment == (Variable("A", "$HOME"),)


def test_an_axis_python_asks_for_a_virtual_environment() -> None:
    (job,) = parse("checks: {t: {run: x, matrix: {python: 3.13}}}").jobs
    assert job.machine.virtualenv


def test_exclude_takes_away_what_holds_all_its_values() -> None:
    assert names("{A: [1, 2], B: [x, y], exclude: {A: 1, B: y}}") == [
        "t (1, x)",
        "t (2, x)",
        "t (2, y)",
    ]
    assert names("{A: [1, 2], B: [x, y], exclude: [{B: y}]}") == ["t (1, x)", "t (2, x)"]


def test_include_adds_combinations_in_the_order_of_the_axes() -> None:
    assert names("{A: [1], B: [x], include: [{B: y, A: 1}, {A: 2, B: x}]}") == [
        "t (1, x)",
        "t (1, y)",
        "t (2, x)",
    ]


def test_include_may_bring_back_what_exclude_took_away() -> None:
    assert names("{A: [1, 2], B: [x, y], exclude: {A: 1}, include: {A: 1, B: x}}") == [
        "t (2, x)",
        "t (2, y)",
        "t (1, x)",
    ]


def test_include_alone_is_a_matrix() -> None:
    assert names("{include: [{A: 1, B: x}, {B: y, A: 2}]}") == ["t (1, x)", "t (2, y)"]


def test_needs_of_a_matrix_means_all_its_combinations() -> None:
    jobs = parse(
        "checks:\n"
        "  t: {run: x, matrix: {A: [1, 2]}}\n"
        "  u: {run: x, needs: t, matrix: {B: [3, 4]}}\n"
        "deployments: {d: {branch: m, run: x, needs: [u]}}\n"
    ).jobs
    needs = {job.name: job.needs for job in jobs}
    assert needs["u (3)"] == needs["u (4)"] == ("t (1)", "t (2)")
    assert needs["d"] == ("u (3)", "u (4)")


def test_each_combination_stands_on_the_line_of_its_check() -> None:
    jobs = parse("checks:\n  lint: x\n  t:\n    run: x\n    matrix: {A: [1, 2]}\n").jobs
    assert [job.line for job in jobs] == [2, 3, 3]


def test_as_many_jobs_as_a_file_may_have() -> None:
    values = ", ".join(map(str, range(JOBS - 1)))
    assert len(parse(f"checks: {{a: x, t: {{run: x, matrix: {{A: [{values}]}}}}}}").jobs) == JOBS


def test_one_job_too_many_is_refused_with_the_cap_and_the_count() -> None:
    values = ", ".join(map(str, range(JOBS)))
    found = mistake(f"checks:\n  a: x\n  t: {{run: x, matrix: {{A: [{values}]}}}}")
    assert (found.line, found.column, found.code) == (3, 15, "too-many-jobs")
    assert f"has {JOBS + 1} jobs; at most {JOBS} are run" in found.message


def test_a_product_is_counted_and_not_expanded() -> None:
    axis = "[" + ", ".join(map(str, range(100))) + "]"
    axes = ", ".join(f"A{number}: {axis}" for number in range(AXES))
    started = time.process_time()
    found = mistake(f"checks: {{t: {{run: x, matrix: {{{axes}}}}}}}")
    assert time.process_time() - started < 1
    assert f"a file has at most {JOBS} jobs" in found.message
    assert "100 × 100" in found.message


def test_too_many_axes_are_refused() -> None:
    axes = ", ".join(f"A{number}: [1]" for number in range(AXES + 1))
    found = mistake(f"checks: {{t: {{run: x, matrix: {{{axes}}}}}}}")
    assert (found.code, found.message) == (
        "too-many-axes",
        f"the matrix has {AXES + 1} axes; at most {AXES} are read",
    )


def test_thousands_of_exclusions_are_read_soon() -> None:
    axis = "[" + ", ".join(map(str, range(30))) + "]"
    gone = ", ".join(["{A: 29, B: 29}"] * 900)
    text = f"checks: {{t: {{run: x, matrix: {{A: {axis}, B: {axis}, exclude: [{gone}]}}}}}}"
    started = time.process_time()
    assert {problem.code for problem in mistakes(text)} == {"conflict", "more"}
    assert time.process_time() - started < 10


def test_exclude_may_bring_a_product_below_the_cap() -> None:
    axis = "[" + ", ".join(map(str, range(10))) + "]"
    gone = ", ".join(f"{{A: {number}}}" for number in range(6))
    assert len(names(f"{{A: {axis}, B: {axis}, exclude: [{gone}]}}")) == 40


def test_what_exclude_and_include_leave_is_held_to_the_cap() -> None:
    axis = "[" + ", ".join(map(str, range(10))) + "]"
    found = mistake(
        f"checks: {{t: {{run: x, matrix: {{A: {axis}, B: {axis}, exclude: {{A: 1}}}}}}}}"
    )
    assert (found.code, found.message[:26]) == ("too-many-jobs", "90 combinations are left; ")


def test_hundreds_of_large_matrices_are_refused_soon() -> None:
    matrix = "{A: [1, 2, 3, 4, 5, 6, 7], B: [1, 2, 3, 4, 5, 6, 7]}"
    text = "checks:\n" + "".join(
        f"  t{number}: {{run: x, matrix: {matrix}}}\n" for number in range(600)
    )
    started = time.process_time()
    found = mistakes(text)
    assert time.process_time() - started < 5
    assert {problem.code for problem in found} == {"too-many-jobs"}


def test_a_combination_that_has_the_name_of_another_check_is_refused() -> None:
    found = mistake('checks:\n  "t (1)": x\n  t: {run: x, matrix: {A: [1]}}\n')
    assert (found.line, found.code) == (3, "duplicate-name")


def test_values_that_make_the_same_name_are_refused() -> None:
    found = mistake('checks: {t: {run: x, matrix: {A: ["1, 2", "1"], B: ["3", "2, 3"]}}}')
    assert found.code == "duplicate-name"


def test_a_name_that_grows_too_long_is_refused() -> None:
    found = mistake(f"checks: {{t: {{run: x, matrix: {{A: {'v' * 80}}}}}}}")
    assert found.code == "bad-name"


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        ("matrix: {python: [3.12, x]}", "bad-value", "`x` is not a version"),
        ("matrix: {A: [1, 1]}", "duplicate-value", "`1` stands twice in `A`"),
        ("matrix: {a-b: [1]}", "bad-name", "the axis `a-b` can not be"),
        ("matrix: {Node: [1]}", "bad-name", "the axis `Node` would be a variable"),
        ("matrix: {DISHWASHER_A: [1]}", "reserved", "begin with `DISHWASHER_`"),
        ('matrix: {A: ["a\\nb"]}', "bad-value", "holds an invisible character"),
        ("matrix: {A: [[1]]}", "wrong-type", "each item of `A` must be text"),
        ("matrix: {A: {b: c}}", "wrong-type", "`A` must be text or a list"),
        ("matrix: {A: []}", "empty", "`A` is an empty list"),
        ("matrix: {A: ''}", "empty", "`A` is empty"),
        ("matrix: {}", "empty", "the matrix has no axis"),
        ("matrix: ~", "empty", "the matrix has no axis"),
        ("matrix: [A]", "wrong-type", "`matrix` must map axes to their values"),
        ("matrix: {exclude: {A: 1}}", "empty", "the matrix has no axis"),
        ("matrix: {A: [1], include: []}", "empty", "`include` is an empty list"),
        ("matrix: {A: [1], include: [{}]}", "wrong-type", "this is an empty mapping"),
        ("matrix: {A: [1], include: 2}", "wrong-type", "each item of `include` must map"),
        ("matrix: {A: [1], include: {B: 2}}", "unknown-axis", "`B` is not an axis"),
        ("matrix: {A: [1], B: [1], include: {A: 2}}", "missing-axis", "no value for `B`"),
        ("matrix: {A: [1], include: {A: [2]}}", "wrong-type", "`A` must be text"),
        ("matrix: {A: [1], include: {A: 1}}", "duplicate-value", "the axes already give it"),
        ("matrix: {include: [{A: 1}, {A: 1}]}", "duplicate-value", "it stands here twice"),
        ("matrix: {include: [{A: 1}, {B: 1}]}", "unknown-axis", "`B` is not an axis"),
        ("matrix: {include: {a-b: 1}}", "bad-name", "the axis `a-b` can not be"),
        ("matrix: {python: 3.12, include: {python: x}}", "bad-value", "`x` is not a version"),
        ("matrix: {A: [1], exclude: {A: 2}}", "unknown-value", "`2` is not a value of `A`"),
        ("matrix: {A: [1], exclude: {B: 2}}", "unknown-axis", "`B` is not an axis"),
        ("matrix: {A: [1, 2], exclude: [{A: 1}, {A: 1}]}", "conflict", "no combination away"),
        ("matrix: {A: [1], exclude: {A: 1}}", "empty", "`exclude` leaves no combination"),
        ("matrix: {A: [1]}, environment: {A: 2}", "conflict", "axis of the matrix and a variable"),
        ("matrix: {A: [1]}, secrets: A", "conflict", "axis of the matrix and a variable"),
    ],
)
def test_one_mistake(keys: str, code: str, message: str) -> None:
    found = mistake(f"checks: {{it: {{run: x, {keys}}}}}")
    assert found.code == code
    assert message in found.message


def test_a_check_whose_matrix_is_wrong_can_be_needed() -> None:
    text = "checks: {t: {run: x, matrix: {}}, u: {run: x, needs: t}}"
    assert [problem.code for problem in mistakes(text)] == ["empty"]


def test_checks_without_a_matrix_have_no_values() -> None:
    assert check("timeout: 1m").matrix == ()
