"""The oven keeps who asks waiting for as long as the story wants."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from dishwasher.demo.oven import Oven, State

SECONDS = 10.0


@pytest.fixture
def oven() -> Iterator[Oven]:
    made = Oven()
    made.start()
    yield made
    made.stop()


def ask(oven: Oven, sha: str) -> str:
    with urllib.request.urlopen(f"{oven.url}/{sha}", timeout=SECONDS) as answer:
        return str(answer.read(), "utf-8")


def test_whoever_asks_is_told_its_state(oven: Oven) -> None:
    assert ask(oven, "a") == "hot"
    oven.turn(State.COLD)
    assert ask(oven, "a") == "cold"


def test_nobody_is_answered_while_it_is_busy(oven: Oven) -> None:
    oven.turn(State.BUSY)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, oven, "b")
        assert oven.wait_for("b", SECONDS)
        assert not asked.done()
        oven.turn(State.HOT)
        assert asked.result(SECONDS) == "hot"
    assert not oven.wait_for("c", 0.0)
