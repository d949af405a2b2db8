"""`network` of a file and of a job: what it means, and what is said of what is none."""

from __future__ import annotations

import re

import pytest
from dishwasher.core.config import JobSpec
from dishwasher.errors import ConfigError
from dishwasher.formats import native
from dishwasher.formats.native.network import PATTERN


def jobs(text: str) -> dict[str, JobSpec]:
    return {job.name: job for job in native.parse(".dishwasher.yml", text.encode()).jobs}


def reach(value: str) -> tuple[bool, tuple[str, ...]]:
    (spec,) = jobs(f"checks: {{a: {{run: 'true', network: {value}}}}}").values()
    return spec.network, spec.hosts


def mistake(value: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as error:
        reach(value)
    (problem,) = error.value.problems
    return problem.message, problem.suggestion


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", (True, ())),
        ("on", (True, ())),
        ("false", (False, ())),
        ("off", (False, ())),
        ("pypi.org", (False, ("pypi.org",))),
        ("[pypi.org, '*.PythonHosted.org', pypi.org]", (False, ("pypi.org", "*.pythonhosted.org"))),
        ("['git.example.org:22', 203.0.113.7]", (False, ("git.example.org:22", "203.0.113.7"))),
        ("'[2001:db8::1]:8080'", (False, ("[2001:db8::1]:8080",))),
        ("example.org.", (False, ("example.org",))),
    ],
)
def test_it_is_on_off_or_a_list(value: str, expected: tuple[bool, tuple[str, ...]]) -> None:
    assert reach(value) == expected
    for host in expected[1]:
        assert re.search(PATTERN, host)


def test_without_it_the_network_is_on() -> None:
    (spec,) = jobs("checks: {a: 'true'}").values()
    assert (spec.network, spec.hosts) == (True, ())


def test_that_of_the_file_holds_for_jobs_that_say_nothing() -> None:
    read = jobs(
        "machine: {python: '3.12'}\n"
        "network: [pypi.org]\n"
        "checks: {short: 'true', long: {run: 'true'}, none: {run: 'true', network: false},\n"
        "  all: {run: 'true', network: true}}\n"
        "deployments: {live: {branch: main, run: 'true', network: live.example.org}}\n"
    )
    assert {name: (spec.network, spec.hosts) for name, spec in read.items()} == {
        "short": (False, ("pypi.org",)),
        "long": (False, ("pypi.org",)),
        "none": (False, ()),
        "all": (True, ()),
        "live": (False, ("live.example.org",)),
    }


@pytest.mark.parametrize(
    ("value", "message", "suggestion"),
    [
        ("https://pypi.org/simple", "is a URL, and a host is wanted", "Write `pypi.org`."),
        ("'https://me@a.org:8443/x'", "is a URL", "Write `a.org:8443`."),
        ("'https:///x'", "is a URL", "such as `pypi.org`"),
        ("10.0.0.0/8", "is a range of addresses", "the names of the hosts"),
        ("'2001:db8::/32'", "is a range of addresses", "the names of the hosts"),
        ("10.0.0.1-10.0.0.9", "is a range of addresses", "the names of the hosts"),
        ("git@github.com:me/it.git", "names a user", "Write `github.com:22`."),
        ("me@example.org", "names a user", "Write `example.org`."),
        ("pypi.org/simple", "holds a path", "Write `pypi.org`."),
        ("'pypi.org:0'", "has a port that is none", "1 to 65535"),
        ("'pypi.org:https'", "has a port that is none", "1 to 65535"),
        ("'pypi.org:²'", "has a port that is none", "1 to 65535"),
        ("'2001:db8::1'", "is no host", "in brackets"),
        ("'*'", "is no host", "`network: true`"),
        ("none", "is no host", "`network: false`"),
        ("'www*.example.org'", "has a `*`", "Write `*.example.org`."),
        ("'*.*'", "has a `*`", "such as `pypi.org`"),
        ("bücher.example", "is no host as the network knows it", "Write `xn--bcher-kva.example`."),
        ("'ä..b'", "is no host as the network knows it", "such as `pypi.org`"),
        ("'a b'", "is not the name of a host", "such as `pypi.org`"),
        ("999.1.1.1", "is not the name of a host", "such as `pypi.org`"),
        ("169.254.169.254", "link-local address", ""),
        ("localhost", "is the machine itself", ""),
        ("'db.localhost:5432'", "is the machine itself", ""),
        ("'[::1]'", "is an address of this machine", ""),
        ("[]", "is an empty list", "Write `false`"),
        ("{a: b}", "is a mapping", "such as `pypi.org`"),
        ("", "is empty", ""),
    ],
)
def test_a_mistake_says_what_to_write(value: str, message: str, suggestion: str) -> None:
    said, told = mistake(value)
    assert message in said
    assert suggestion in told


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("network: false", [2]),
        ("checks: {a: {run: 'true', network: false}}", [2]),
        ("checks: {a: {run: 'true', network: false, setup: false}}", []),
        ("checks: {a: {run: 'true', network: [a.example]}}", []),
    ],
)
def test_dependencies_without_a_network_are_warned_of(text: str, lines: list[int]) -> None:
    more = "" if "checks" in text else "\nchecks: {a: 'true'}"
    data = f"dependencies: pip install x\n{text}{more}\n".encode()
    config = native.parse(".dishwasher.yml", data)
    assert [one.line for one in config.warnings if one.code == "no-network"] == lines


def test_every_mistake_of_a_list_is_told() -> None:
    with pytest.raises(ConfigError) as error:
        reach("[https://a.org, b.org, 'c d']")
    assert len(error.value.problems) == 2


def test_a_check_that_runs_nothing_of_the_users_has_none() -> None:
    with pytest.raises(ConfigError) as error:
        jobs("checks: {a: {uses: spelling, network: false}}")
    assert "`uses` and `network` can not stand together" in error.value.problems[0].message
