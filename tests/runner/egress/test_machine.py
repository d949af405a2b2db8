from __future__ import annotations

import pytest
from dishwasher.runner.egress.machine import Machine, Upstream, machine


def test_a_machine_that_says_nothing_has_nothing() -> None:
    assert machine({"PATH": "/usr/bin"}) == Machine()


def test_indexes_are_known_by_the_variables_of_their_tools() -> None:
    found = machine(
        {
            "PIP_INDEX_URL": "https://me:secret@pypi.example/simple",
            "PIP_EXTRA_INDEX_URL": "http://one.example:8080/a http://two.example/b",
            "PIP_FIND_LINKS": "/opt/wheels http://three.example",
            "NPM_CONFIG_REGISTRY": "http://localhost:4873/",
            "UV_INDEX": "name=http://127.0.0.1:3141/root/pypi",
            "GOPROXY": "https://go.example|https://other.example,direct",
            "NPM_CONFIG_PROXY": "http://proxy.example:3128",
            "UV_DEFAULT_INDEX": "http://[broken",
            "OTHER_URL": "http://not-an-index.example",
        }
    )
    assert set(found.indexes) == {
        ("pypi.example", 443),
        ("one.example", 8080),
        ("two.example", 80),
        ("three.example", 80),
        ("go.example", 443),
        ("other.example", 443),
    }
    assert found.doors == (3141, 4873)


def test_its_proxies_are_used_for_what_is_not_reached_directly() -> None:
    found = machine(
        {
            "http_proxy": "http://plain.example",
            "HTTP_PROXY": "http://ignored.example",
            "HTTPS_PROXY": "http://me:pass%21@secure.example:3128/",
            "NO_PROXY": "localhost, .inside.example,*.other.example one.example:8080",
        }
    )
    secure = Upstream("secure.example", 3128, "Basic bWU6cGFzcyE=")
    assert found.upstream("pypi.org", tunnel=True) == secure
    assert secure.field == b"Proxy-Authorization: Basic bWU6cGFzcyE=\r\n"
    assert found.upstream("pypi.org", tunnel=False) == Upstream("plain.example", 80)
    assert Upstream("plain.example", 80).field == b""
    for name in ("localhost", "127.0.0.1", "a.inside.example", "b.other.example", "one.example"):
        assert found.upstream(name, tunnel=True) is None
    assert found.upstream("notinside.example", tunnel=True) == secure


def test_one_proxy_may_be_for_all() -> None:
    found = machine({"ALL_PROXY": "proxy.example:8888"})
    assert found.http == found.https == Upstream("proxy.example", 8888)
    assert machine({"ALL_PROXY": "http://a", "no_proxy": "*"}).upstream("b", tunnel=True) is None


@pytest.mark.parametrize(
    "text", ["socks5://proxy.example:1080", "https://proxy.example", "http://x:y"]
)
def test_a_proxy_that_is_not_of_http_is_not_used_and_named(text: str) -> None:
    found = machine({"https_proxy": text})
    assert found.https is None
    assert found.unusable
