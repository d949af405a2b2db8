from __future__ import annotations

import socket

import pytest
from dishwasher.core.network import Network, Scope
from dishwasher.errors import InfraError, Refused
from dishwasher.runner.egress.machine import Machine, Upstream
from dishwasher.runner.egress.request import Asked
from dishwasher.runner.egress.rules import Route, Rules, resolve, why

PUBLIC = Network(Scope.PUBLIC)
LISTED = Network(Scope.LISTED, ("a.example", "*.b.example:8443"))
NAMES = {
    "a.example": ["203.0.113.1", "2001:db8::1"],
    "rebound.example": ["127.0.0.1"],
    "mixed.example": ["169.254.169.254", "203.0.113.2"],
    "index.example": ["10.0.0.5"],
    "proxy.example": ["10.0.0.9"],
    "six.example": ["2001:db8::2"],
}


def names(name: str, port: int) -> list[str]:
    """As the machine's resolver, of these names; an address stands for itself."""
    if name.replace(".", "").isdigit() or ":" in name:
        return [name]
    try:
        return NAMES[name]
    except KeyError:
        raise OSError("Name or service not known") from None


def route(network: Network, name: str, port: int, machine: Machine | None = None) -> Route:
    return Rules(network, machine or Machine()).route(Asked(name, port), names)


def own_address() -> str:
    """Of this machine, and not of its loopback; skips where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("203.0.113.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(one.getsockname()[0])


def test_a_listed_host_is_reached_at_the_addresses_that_were_looked_at() -> None:
    assert route(LISTED, "a.example", 443) == Route(("203.0.113.1", "2001:db8::1"), 443)


@pytest.mark.parametrize(
    ("name", "port"), [("a.example", 22), ("c.example", 443), ("x.b.example", 443)]
)
def test_what_is_not_listed_is_refused_before_its_name_is_asked_for(name: str, port: int) -> None:
    def nobody(name: str, port: int) -> list[str]:
        raise AssertionError("a name that is asked for tells whoever answers")

    with pytest.raises(Refused, match=f"{name}:{port} is not in this job's network list; add it"):
        Rules(LISTED, Machine()).route(Asked(name, port), nobody)


@pytest.mark.parametrize("network", [PUBLIC, Network(Scope.LISTED, ("rebound.example",))])
def test_a_name_that_leads_inside_is_refused_though_it_is_listed(network: Network) -> None:
    with pytest.raises(Refused, match=r"rebound.example:80 is at 127.0.0.1, which is an address"):
        route(network, "rebound.example", 80)


def test_of_several_addresses_only_public_ones_are_tried() -> None:
    assert route(PUBLIC, "mixed.example", 80).addresses == ("203.0.113.2",)


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "169.254.169.254", "fd00:ec2::254", "10.0.0.1", "::ffff:127.0.0.1"]
)
def test_an_address_inside_is_refused_by_itself(name: str) -> None:
    with pytest.raises(Refused, match="jobs reach public addresses only"):
        route(PUBLIC, name, 80)


def test_an_address_of_this_machine_is_none_of_the_public_ones() -> None:
    assert why(own_address()) in ("an address of this machine", "a private address")
    assert why("203.0.113.1") == why("2001:db8::1") == ""


def test_strangers_send_no_mail() -> None:
    with pytest.raises(Refused, match="mail"):
        route(PUBLIC, "a.example", 25)
    assert route(PUBLIC, "a.example", 22).port == 22


def test_the_machines_index_may_be_private_and_needs_no_list() -> None:
    machine = Machine(indexes=(("index.example", 3141),))
    for network in (PUBLIC, LISTED):
        assert route(network, "index.example", 3141, machine) == Route(("10.0.0.5",), 3141)
        with pytest.raises(Refused):
            route(network, "index.example", 80, machine)


def test_a_name_that_nobody_knows_is_no_refusal() -> None:
    with pytest.raises(InfraError, match=r"unknown.example has no address: Name or service"):
        route(PUBLIC, "unknown.example", 443)


UPSTREAM = Upstream("proxy.example", 3128, "Basic eDp5")
BEHIND = Machine(indexes=(("index.example", 443),), http=UPSTREAM, https=UPSTREAM)


def test_through_the_machines_proxy_a_listed_host_is_asked_for_by_name() -> None:
    found = route(LISTED, "a.example", 443, BEHIND)
    assert found == Route(("10.0.0.9",), 3128, UPSTREAM, "a.example:443")
    # Behind a proxy, a machine may know no names.
    listed = Network(Scope.LISTED, ("unknown.example",))
    assert route(listed, "unknown.example", 443, BEHIND).target == "unknown.example:443"
    assert route(PUBLIC, "index.example", 443, BEHIND).target == "index.example:443"


def test_through_the_machines_proxy_a_stranger_gets_the_address_that_was_looked_at() -> None:
    assert route(PUBLIC, "a.example", 443, BEHIND).target == "203.0.113.1:443"
    assert route(PUBLIC, "six.example", 443, BEHIND).target == "[2001:db8::2]:443"
    with pytest.raises(Refused):
        route(PUBLIC, "rebound.example", 443, BEHIND)
    with pytest.raises(InfraError):
        route(PUBLIC, "unknown.example", 443, BEHIND)


def test_a_proxy_without_an_address_is_named() -> None:
    lost = Upstream("lost.example", 3128)
    with pytest.raises(InfraError, match=r"The machine's proxy lost.example has no address"):
        route(LISTED, "a.example", 443, Machine(https=lost))


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_whatever_the_resolver_takes_for_an_address_is_looked_at(spelling: str) -> None:
    assert all(why(text) for text in resolve(spelling, 80))


def test_the_machines_resolver_says_what_it_does_not_know() -> None:
    with pytest.raises(OSError, match=r"\w"):
        resolve("no-such-name.invalid", 80)
