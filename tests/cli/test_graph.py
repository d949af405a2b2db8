"""Needs as lanes beside the names: what waits for what can be followed with a finger."""

from __future__ import annotations

from dishwasher.cli.graph import graph, nodes, stages
from dishwasher.cli.terminal import Paint
from dishwasher.core.config import JobSpec, Kind


def job(name: str, *needs: str, deploys: bool = False, axis: str = "") -> JobSpec:
    kind = Kind.DEPLOYMENT if deploys else Kind.CHECK
    return JobSpec(name, kind, 1, needs=needs, matrix=(("python", axis),) if axis else ())


def drawn(*jobs: JobSpec) -> str:
    return "\n".join(graph(jobs, Paint()))


def test_a_job_that_nothing_waits_for_stands_alone() -> None:
    assert drawn(job("lint")) == "● lint"


def test_what_waits_is_led_to_from_all_that_it_waits_for() -> None:
    assert drawn(job("lint"), job("spelling"), job("tests", "lint", "spelling")) == (
        "● lint ──────╮\n"  #
        "● spelling ──┤\n"
        "● tests ◀────╯"
    )


def test_a_need_that_another_need_waits_for_is_not_drawn_twice() -> None:
    lint, tests = job("lint"), job("tests", "lint")
    assert drawn(lint, tests, job("staging", "lint", "tests", deploys=True)) == (
        "● lint ─────╮\n"  #
        "● tests ◀───╯\n"
        "╰───────────╮\n"
        "▲ staging ◀─╯"
    )


def test_a_diamond() -> None:
    jobs = (job("build"), job("unit", "build"), job("e2e", "build"), job("pack", "unit", "e2e"))
    assert drawn(*jobs) == (
        "● build ──╮\n● unit ◀──┤\n╰─────────│──╮\n● e2e ◀───╯  │\n╰────────────┤\n● pack ◀─────╯"
    )


def test_lanes_that_are_passed_are_told_from_lanes_that_are_joined() -> None:
    jobs = (
        *map(job, "abc"),
        job("x", "a", "b"),
        job("y", "b", "c"),
        job("z", "a", "c"),
    )
    assert drawn(*jobs) == (
        "● a ────────╮\n● b ──╮     │\n● c ──│──╮  │\n● x ◀─┼──│──┤\n● y ◀─┴──┤  │\n● z ◀────┴──╯"
    )


def test_a_matrix_is_one_row_where_nothing_tells_its_jobs_apart() -> None:
    matrix = [job(f"tests ({one})", "lint", axis=one) for one in ("3.11", "3.12")]
    assert drawn(job("lint"), *matrix) == "● lint ──────╮\n● tests ×2 ◀─╯"
    told_apart = (*matrix, job("cover", "tests (3.12)"))
    assert [node.label for node in nodes((job("lint"), *told_apart))] == [
        "lint",
        "tests (3.11)",
        "tests (3.12)",
        "cover",
    ]


def test_stages_follow_the_longest_way() -> None:
    jobs = (job("c", "a", "b"), job("b", "a"), job("a"), job("d", "gone"))
    names = [[one.name for one in stage] for stage in stages(jobs)]
    assert names == [["a", "d"], ["b"], ["c"]]


def test_fifty_jobs_fit_eighty_columns() -> None:
    checks = [job(f"check number {one}") for one in range(49)]
    all_names = [one.name for one in checks]
    shown = drawn(*checks, job("production", *all_names, deploys=True))
    assert max(map(len, shown.splitlines())) <= 80
