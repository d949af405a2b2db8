"""What one push may cost: each save waits for the disk, and each call for GitHub.

Counted and not timed, so that whoever adds one sees it here, on any machine.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dishwasher.ports import Topic

from tests.flow.house import CHECKS, House
from tests.samples import push


class Meter:
    """How often a step of the flow saved, and what it asked of GitHub."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, step: Callable[[], object]) -> tuple[int, list[str]]:
        saves, calls = self._house.store.saves, len(self._house.forge.calls)
        step()
        return self._house.store.saves - saves, self._house.forge.calls[calls:]


@pytest.mark.parametrize("branch", ["main", "topic"])
def test_a_push_costs_so_much_and_no_more(branch: str) -> None:
    house = House(CHECKS)
    cost, event = Meter(house), push(branch=branch)

    house.deliver(event)
    # Only a branch beside the default one can have a pull request that builds it.
    asked = [] if branch == "main" else ["open_from"]
    assert cost(lambda: house.plan(event.delivery)) == (1, [*asked, "file"])
    build = house.build(house.delivery(event.delivery).build)
    (lint,) = house.jobs(build).values()
    assert house.rung(Topic.REPORTS) == [build.id]
    # Taken, announced, made and let go.
    assert cost(lambda: house.reports(build.id)) == (4, ["create"])

    token = ""

    def start() -> None:
        nonlocal token
        token = house.started(lint)

    # Claimed by the dispatcher and by the runner, and begun.
    assert cost(start) == (3, ["clone_token"])
    assert house.rung(Topic.REPORTS) == [build.id]
    # Taken, made and let go.
    assert cost(lambda: house.reports(build.id)) == (3, ["update"])

    assert cost(lambda: house.settle_as(lint, token)) == (1, [])
    assert house.rung(Topic.REPORTS) == [build.id]
    # Taken, announced, made, told and let go.
    assert cost(lambda: house.reports(build.id)) == (5, ["update"])

    assert (house.rung(Topic.REPORTS), house.rung(Topic.DELIVERIES)) == ([], [])
    assert cost(lambda: house.reports(build.id)) == (2, [])
