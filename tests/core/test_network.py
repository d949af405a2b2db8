from __future__ import annotations

from dataclasses import dataclass

import pytest
from dishwasher.core.network import Network, Scope, network, refusal
from dishwasher.core.sandbox import Level


@dataclass
class Spec:
    network: bool = True
    hosts: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("spec", "trusted", "expected"),
    [
        (Spec(), True, Network()),
        (Spec(), False, Network(Scope.PUBLIC)),
        (Spec(False), True, Network(Scope.NONE)),
        (Spec(False), False, Network(Scope.NONE)),
        (Spec(False, ("pypi.org",)), True, Network(Scope.LISTED, ("pypi.org",))),
        (Spec(False, ("pypi.org",)), False, Network(Scope.LISTED, ("pypi.org",))),
    ],
)
def test_only_a_trusted_job_shares_the_machines_network(
    spec: Spec, trusted: bool, expected: Network
) -> None:
    assert network(spec, trusted) == expected


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
