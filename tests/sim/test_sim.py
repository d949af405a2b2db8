"""A few worlds and mutants with every test run; `make sim` plays many more."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.sim import mutants, sometimes
from tests.sim.__main__ import main
from tests.sim.faults import FIXED, STRONGEST, Faults, draw
from tests.sim.story import play
from tests.sim.without.patch import Fate

SEEDS = range(20)
SURE = ("no-reaper", "not-stored", "no-renewal", "no-intent")
"""Mutants that hardly survive a world, whatever its seed."""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_that_fails_breaks_no_law(seed: int) -> None:
    assert play(seed).violations == ()


def test_a_kind_world_breaks_no_law_and_asks_nothing_again() -> None:
    outcome = play(1, faults=Faults())
    assert outcome.violations == ()
    faults = set(outcome.seen).intersection(sometimes.FAULTS)
    assert not [what for what in faults if not what.startswith("a job ")]


@pytest.mark.parametrize("name", SURE)
def test_a_world_without_a_protection_breaks_the_law_that_it_keeps(name: str) -> None:
    mutant = mutants.BY_NAME[name]
    worlds = (mutants.played(mutant, seed).violations for seed in range(6))
    violations = next(filter(None, worlds), ())
    assert violations
    assert mutant.fate(violations)[0] is Fate.KILLED


def test_who_is_caught_by_another_law_proves_nothing() -> None:
    mutant = mutants.BY_NAME["no-intent"]
    other = ("L2 something is not shown",)
    assert mutant.fate(other) == (Fate.ASTRAY, other[0])
    assert mutant.fate(("Traceback\n  NameError: oh",))[0] is Fate.BROKEN
    own = "S3 1/staging is deployed to without a stored intent"
    assert mutant.fate((*other, own)) == (Fate.KILLED, own)


@pytest.mark.parametrize("name", sorted(mutants.BY_NAME))
def test_a_mutant_is_called_like_what_it_replaces(name: str) -> None:
    """One that can not be called ends its world by a TypeError, and proves nothing."""
    for owner, attribute, replacement in mutants.BY_NAME[name].patches:
        original = getattr(owner, attribute)
        if not callable(original) or isinstance(original, type):
            continue
        for whole in (False, True):
            words, named = arguments(original, whole=whole)
            inspect.signature(replacement).bind(*words, **named)


def arguments(call: Any, *, whole: bool) -> tuple[list[str], dict[str, str]]:
    """What it may be called with: as little as it takes, or all."""
    parameters = [
        one
        for one in inspect.signature(call).parameters.values()
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        and (whole or one.default is one.empty)
    ]
    named = {one.name: one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
    return [one.name for one in parameters if one.name not in named], named


def test_every_mutant_names_a_law_and_is_told_from_the_others() -> None:
    assert len(mutants.BY_NAME) == len(mutants.ALL)
    for mutant in mutants.ALL:
        assert re.match(r"\(?[SLG][\d\[]", mutant.breaks), mutant.name


def test_the_table_of_mutants_tells_seed_and_law(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--mutants", "--mutant", "no-intent", "--seeds", "2", "--jobs", "1"]) == 0
    table = capsys.readouterr().out
    assert re.search(r"killed +no-intent +seed 0 +S3 .* without a stored intent", table)
    assert "1 mutants, 0 of them not killed" in table


def test_a_mutant_leaves_nothing_behind() -> None:
    before = [getattr(place, name) for mutant in mutants.ALL for place, name, _ in mutant.patches]
    for mutant in mutants.ALL:
        with mutants.applied(mutant):
            assert all(getattr(place, name) is value for place, name, value in mutant.patches)
    after = [getattr(place, name) for mutant in mutants.ALL for place, name, _ in mutant.patches]
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_the_same_seed_is_the_same_world() -> None:
    one, two = play(7, traced=True), play(7, traced=True)
    assert one.trace
    assert one == two


def test_a_world_does_not_depend_on_how_a_process_orders_its_sets() -> None:
    # https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHASHSEED: another one each time.
    one, two = (
        subprocess.run(
            [sys.executable, "-m", "tests.sim", "--trace", "99"],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        for seed in ("1", "2")
    )
    assert "seed 99 breaks no law" in one.stdout, (one.stdout[-2000:], one.stderr)
    assert one.stdout == two.stdout, two.stderr


def test_a_swarm_knows_every_fault() -> None:
    drawn = [draw(Random(seed)) for seed in range(100)]
    for field in fields(Faults):
        strengths = {getattr(faults, field.name) for faults in drawn}
        assert len(strengths) > 1 or field.name == "slow_longest"
        assert field.name in FIXED or getattr(STRONGEST, field.name) > 0


def test_a_failing_seed_is_told_with_its_trace_and_its_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seeds", "1", "--mutant", "no-intent", "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert "seed 0 violates" in said
    assert "again: python -m tests.sim --trace 0 --mutant no-intent" in said
    assert " effect " in said
    assert "NOT REPRODUCED" not in said
    assert "1 seeds, 1 violations" in said


def test_worlds_that_are_too_kind_prove_nothing() -> None:
    seen = dict.fromkeys(sometimes.EXPECTED, 1)
    assert sometimes.missing(seen) == []
    assert sometimes.missing(seen | {"a bell was lost": 0}) == ["a bell was lost"]
