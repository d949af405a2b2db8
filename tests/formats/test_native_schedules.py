"""Schedules and inputs of the native format."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest
from cronsim import CronSim, CronSimError
from dishwasher.core.config import Input, Schedule
from dishwasher.formats.native.schedules import NICKNAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.native_files import mistake, mistakes, parse

CHECKS = "checks: {t: x, m: {run: x, matrix: {A: [1, 2]}}}\n"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def schedules(text: str) -> tuple[Schedule, ...]:
    return parse(f"{CHECKS}deployments: {{d: {{branch: m, run: x}}}}\nschedules:\n{text}").schedules


def test_a_schedule_in_short_and_in_full() -> None:
    assert schedules(
        "  a: 30 4 * * *\n  b: {cron: '0  6 * * mon', branch: release/1, jobs: [t, d]}\n"
    ) == (
        Schedule("a", "30 4 * * *", line=4),
        Schedule("b", "0 6 * * MON", "release/1", ("t", "d"), 5),
    )


def test_the_name_of_a_matrix_stands_for_all_its_jobs() -> None:
    (schedule,) = schedules("  a: {cron: 30 4 * * *, jobs: m}")
    assert schedule.jobs == ("m (1)", "m (2)")


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *",
        "*/15 8-18 * * 1-5",
        "0 0 1,15 * *",
        "0 0 L * *",
        "0 0 LW * *",
        "0 0 * * MON#1",
        "0 0 * * 5L",
        "0 0 29 2 *",
        "0 0 30 2 1",
        "5 4 * JAN-MAR SUN",
        "0 0 31 1-12 *",
        "0 0 * * 7",
    ],
)
def test_what_is_accepted_comes_to_pass(cron: str) -> None:
    (schedule,) = schedules(f"  a: {cron!r}".replace('"', "'"))
    assert len(list(islice(CronSim(schedule.cron, NOON), 3))) == 3


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("0 4 * *", "which has five fields"),
        ("0 0 4 * * *", "which has five fields"),
        ("60 * * * *", "`60` can not be the minute"),
        ("0 24 * * *", "`24` can not be the hour"),
        ("0 0 0 * *", "`0` can not be the day of the month"),
        ("0 0 * 13 *", "`13` can not be the month"),
        ("0 0 * * 8", "`8` can not be the day of the week"),
        ("0 0 * * FRIDAY", "`FRIDAY` can not be the day of the week"),
        ("*/0 * * * *", "`*/0` can not be the minute"),
        ("5-1 * * * *", "`5-1` can not be the minute"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
    ],
)
def test_what_is_no_time_of_cron_is_refused(cron: str, message: str) -> None:
    found = mistake(f'{CHECKS}schedules:\n  a: {{cron: "{cron}"}}')
    assert (found.line, found.column, found.code) == (3, 13, "bad-cron")
    assert message in found.message


@pytest.mark.parametrize("name", sorted(NICKNAMES))
def test_a_nickname_is_told_what_it_stands_for(name: str) -> None:
    found = mistake(f'{CHECKS}schedules: {{a: "{name}"}}')
    assert found.suggestion == f"Write `{NICKNAMES[name]}`."
    assert CronSim(NICKNAMES[name], NOON)


FIELDS = st.text("0123456789*/,-LW#MONJAFRSUE", min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.lists(FIELDS, min_size=5, max_size=5).map(" ".join))
def test_the_check_says_what_cronsim_says(cron: str) -> None:
    try:
        CronSim(cron, NOON)
    except CronSimError:
        assert mistake(f'{CHECKS}schedules: {{a: "{cron}"}}').code == "bad-cron"
    else:
        assert schedules(f'  a: "{cron}"')[0].cron == cron


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("{branch: m}", "missing-cron"),
        ("{cron: 0 4 * * *, jobs: [tt]}", "unknown-job"),
        ("{cron: 0 4 * * *, jobs: []}", "empty"),
        ("{cron: 0 4 * * *, branch: 'a*'}", "bad-branch"),
        ("{cron: 0 4 * * *, branch: 'a b'}", "bad-branch"),
        ("{cron: 0 4 * * *, branches: m}", "unknown-key"),
        ("{cron: [0, 4]}", "wrong-type"),
        ("[0 4 * * *]", "wrong-type"),
        ("~", "empty"),
    ],
)
def test_one_mistake_in_a_schedule(keys: str, code: str) -> None:
    assert mistake(f"{CHECKS}schedules: {{a: {keys}}}").code == code


def inputs(text: str) -> tuple[Input, ...]:
    return parse(f"checks: {{t: x}}\ninputs: {{{text}}}").inputs


def test_an_input_is_a_variable_with_all_that_is_known_of_it() -> None:
    assert inputs("A: {description: what, default: b, options: [a, b, c]}, B: {required: on}") == (
        Input("A", "what", "b", False, ("a", "b", "c"), 2),
        Input("B", required=True, line=2),
    )


def test_an_input_may_have_nothing_but_its_name() -> None:
    assert inputs("A: , B: {}") == (Input("A", line=2), Input("B", line=2))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a-b: {default: x}", "bad-name"),
        ("DISHWASHER_A: {default: x}", "reserved"),
        ("A: x", "wrong-type"),
        ("A: {options: x}", "wrong-type"),
        ("A: {options: [x]}", "bad-value"),
        ("A: {options: []}", "empty"),
        ("A: {options: [x, y], default: z}", "unknown-value"),
        ("A: {default: x, required: true}", "conflict"),
        ("A: {defalt: x}", "unknown-key"),
    ],
)
def test_one_mistake_in_an_input(text: str, code: str) -> None:
    assert mistake(f"checks: {{t: x}}\ninputs: {{{text}}}").code == code


@pytest.mark.parametrize(
    "text",
    [
        "machine: {environment: {A: b}}\nchecks: {t: x}\n",
        "checks: {t: {run: x, environment: {A: b}}}\n",
        "checks: {t: {run: x, secrets: A}}\n",
        "checks: {t: {run: x, matrix: {A: [1]}}}\n",
    ],
)
def test_an_input_that_is_already_a_variable_is_refused(text: str) -> None:
    found = mistake(f"{text}inputs: {{A: {{default: x}}}}")
    assert found.code == "conflict"
    assert found.message == "the input `A` is already a variable, on line 1"


def test_several_mistakes_are_told_at_once() -> None:
    text = f"{CHECKS}schedules: {{a: x, b: {{cron: y, jobs: z}}}}\ninputs: {{A: x}}"
    codes = [problem.code for problem in mistakes(text)]
    assert codes == ["bad-cron", "bad-cron", "unknown-job", "wrong-type"]
