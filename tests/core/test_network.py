from __future__ import annotations

import pytest
from dishwasher.core.config import JobSpec
from dishwasher.core.network import Network, Scope, granted, network, refusal
from dishwasher.core.sandbox import Level

from tests.samples import spec


def asking(on: bool = True, *hosts: str) -> JobSpec:
    return spec("tests", network=on, hosts=hosts)


@pytest.mark.parametrize(
    ("asked", "trusted", "expected"),
    [
        (asking(), True, Network()),
        (asking(), False, Network(Scope.PUBLIC)),
        (asking(False), True, Network(Scope.NONE)),
        (asking(False), False, Network(Scope.NONE)),
        (asking(False, "pypi.org"), True, Network(Scope.LISTED, ("pypi.org",))),
        (asking(False, "pypi.org"), False, Network(Scope.LISTED, ("pypi.org",))),
    ],
)
def test_only_a_trusted_job_shares_the_machines_network(
    asked: JobSpec, trusted: bool, expected: Network
) -> None:
    assert network(asked, trusted) == expected


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("level", Level)
def test_less_than_the_machines_network_takes_a_jail(scope: Scope, level: Level) -> None:
    said = refusal(Network(scope), level, ("no bubblewrap here",))
    assert bool(said) == (scope is not Scope.MACHINE and level is not Level.JAILED)
    assert not said or "no bubblewrap here" in said


def test_a_refusal_says_what_is_not_kept_and_why() -> None:
    off, listed = Network(Scope.NONE), Network(Scope.LISTED, ("pypi.org",))
    assert "keeps this job from the network, and this runner is plain: " in refusal(
        off, Level.PLAIN, ()
    )
    assert "that was not asked for" in refusal(off, Level.PLAIN, ())
    assert "keeps this job to its list of hosts" in refusal(listed, Level.CONFINED, ("a", "b"))
    assert "confined: a; b." in refusal(listed, Level.CONFINED, ("a", "b"))


@pytest.mark.parametrize(
    ("scope", "level", "single_use", "expected"),
    [
        (Scope.PUBLIC, Level.PLAIN, True, Scope.MACHINE),
        (Scope.PUBLIC, Level.CONFINED, True, Scope.MACHINE),
        (Scope.PUBLIC, Level.JAILED, True, Scope.PUBLIC),
        (Scope.PUBLIC, Level.PLAIN, False, Scope.PUBLIC),
        # What a job asks to be kept from, it is kept from everywhere or refused.
        (Scope.NONE, Level.PLAIN, True, Scope.NONE),
        (Scope.LISTED, Level.PLAIN, True, Scope.LISTED),
    ],
)
def test_a_machine_of_ones_own_has_none_but_public_ways(
    scope: Scope, level: Level, single_use: bool, expected: Scope
) -> None:
    assert granted(Network(scope), level, single_use=single_use).scope is expected
