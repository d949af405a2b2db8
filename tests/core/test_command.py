"""The grammar of commands, to the letter."""

from __future__ import annotations

import pytest
from dishwasher.core.command import MOST, WITHIN, Command, Tally, Verb, read

from tests.fakes.clock import NOON
from tests.samples import SHA


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/rerun", Command(Verb.RERUN)),
        ("/rerun tests", Command(Verb.RERUN, "tests")),
        ("/rerun  unit tests (3.12)", Command(Verb.RERUN, "unit tests (3.12)")),
        ("/cancel", Command(Verb.CANCEL)),
        ("/approve", Command(Verb.APPROVE)),
        (f"/approve {SHA}", Command(Verb.APPROVE, SHA)),
        (f"/approve {SHA + SHA[:24]}", Command(Verb.APPROVE, SHA + SHA[:24])),
        ("/help", Command(Verb.HELP)),
    ],
)
def test_a_command_is_read(line: str, command: Command) -> None:
    assert read(line) == command


@pytest.mark.parametrize(
    "line",
    [
        *("", "/", "rerun", "/RERUN", "/Rerun", "/lgtm", "/retest", "/rerunall", "/approved"),
        *("//rerun", "@bot /rerun", "please /approve", "/approve\n/rerun", "/approve\t" + SHA),
        "/hel\u0440",
    ],
)
def test_what_is_none_of_ours_is_left_to_others(line: str) -> None:
    assert read(line) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/cancel tests", "/cancel stands alone."),
        ("/help me", "/help stands alone."),
        (f"/approve {SHA[:12]}", "whole SHA"),
        (f"/approve {SHA} {SHA}", "whole SHA"),
        (f"/approve {SHA.upper()}", "whole SHA"),
        ("/approve main", "whole SHA"),
    ],
)
def test_what_is_ours_and_wrong_is_told(line: str, why: str) -> None:
    command = read(line)
    assert command is not None and why in command.mistake


def test_one_person_gives_so_many_commands_and_no_more() -> None:
    tally = Tally("7/1")
    for number in range(MOST):
        after = tally.with_one(f"delivery-{number}", NOON + number)
        assert after is not None
        tally = after
    assert tally.with_one("delivery-x", NOON + 20) is None
    # A delivery that comes again is the same command.
    assert tally.with_one("delivery-3", NOON + 20) == tally
    later = tally.with_one("delivery-x", NOON + WITHIN)
    assert later is not None and len(later.given) == MOST
    assert (later.group, later.due) == ("", NOON + 2 * WITHIN)
