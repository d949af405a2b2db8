from __future__ import annotations

from ipaddress import ip_address

import pytest
from dishwasher.core.host import Host, host, kind


@pytest.mark.parametrize(
    ("line", "name", "port", "expected"),
    [
        ("pypi.org", "pypi.org", 443, True),
        ("PyPI.org", "pypi.org", 80, True),
        ("pypi.org", "pypi.org", 22, False),
        ("pypi.org", "evil-pypi.org", 443, False),
        ("pypi.org", "files.pypi.org", 443, False),
        ("pypi.org:8443", "pypi.org", 8443, True),
        ("pypi.org:8443", "pypi.org", 443, False),
        ("*.example.org", "a.example.org", 443, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("203.0.113.7", "203.0.113.7", 443, True),
        ("[2001:DB8::1]:8080", "2001:db8::1", 8080, True),
    ],
)
def test_a_line_of_a_list_admits_a_host_and_its_ports(
    line: str, name: str, port: int, expected: bool
) -> None:
    assert host(line).admits(name, port) is expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "*.", "a.*.b", "a..b", ".a", "-a.b", "a-.b", "a b", "https://a", "a/b", "a:"),
        *("a:0", "a:65536", "a:123456", "1.2.3.4/8", "1.2.3", "::1", "[::1", "[1]", "ä.org"),
        *("a\n", "a@b", "x" * 64, ".".join(["x" * 60] * 5)),
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        host(text)


def test_a_host_without_a_port_has_none() -> None:
    assert host("a.b") == Host("a.b")


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "169.254.169.254", "fd00:ec2::254"),
        *("10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1", "198.19.0.1", "fc00::1"),
        *("fe80::1", "224.0.0.1", "255.255.255.255", "ff02::1", "192.0.0.1"),
        # The same in other clothes: mapped, compatible, NAT64, 6to4, Teredo.
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b:1::1", "::ffff:0:a9fe:a9fe"),
        # Of Azure, though it looks like any other.
        *("168.63.129.16", "::ffff:168.63.129.16"),
        "2001:0:1:2:3:4:80ff:fffe",
    ],
)
def test_no_job_is_let_through_to_an_address_inside(text: str) -> None:
    assert kind(ip_address(text))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]
)
def test_public_addresses_are_public_in_every_spelling(text: str) -> None:
    assert kind(ip_address(text)) == ""


def test_metadata_of_a_cloud_is_named() -> None:
    assert "keys" in kind(ip_address("169.254.169.254"))
    assert "keys" in kind(ip_address("fd00:ec2::254"))
