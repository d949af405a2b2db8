"""Who may run at which level, and what somebody is told who may not."""

from __future__ import annotations

import pytest
from dishwasher.core.sandbox import AUTO, ORDER, Level, refusal


def test_the_levels_go_from_the_strongest_to_the_weakest() -> None:
    assert list(ORDER) == ["jailed", "confined", "plain"]
    assert AUTO not in ORDER


@pytest.mark.parametrize("level", Level)
def test_a_trusted_job_runs_at_every_level(level: Level) -> None:
    assert refusal(True, level, ()) == ""


@pytest.mark.parametrize("level", Level)
def test_an_untrusted_job_runs_on_a_machine_that_was_made_for_it(level: Level) -> None:
    assert refusal(False, level, (), single_use=True) == ""


def test_an_untrusted_job_runs_in_a_jail_only() -> None:
    assert refusal(False, Level.JAILED, ("the kernel has no Landlock",)) == ""
    assert refusal(False, Level.CONFINED, ("bubblewrap is not installed", "no luck")) == (
        "This job is not trusted, so it runs only where it can be jailed, and this runner is "
        "confined: bubblewrap is not installed; no luck."
    )
    assert refusal(False, Level.PLAIN, ()).endswith("is plain: that was not asked for.")
