"""GraphQL, as the stand-in understands it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from dishwasher.demo.github import StandIn
from dishwasher.demo.github.graphql import QueryError, answer

ROOT = {
    "__typename": "Query",
    "me": {"__typename": "User", "name": "ann", "age": 7},
    "all": [{"__typename": "User", "name": "ann"}, {"__typename": "Bot", "slug": "dishes"}],
    "nobody": None,
    "echo": lambda **given: json.dumps(given, sort_keys=True),
}


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ me { name } }", {"me": {"name": "ann"}}),
        ("query Q($n: Int = 1) { who: me { years: age } }", {"who": {"years": 7}}),
        ("{ nobody { name } }", {"nobody": None}),
        (
            "{ all { ...U, ... on Bot { slug } } } fragment U on User { name } # done",
            {"all": [{"name": "ann"}, {"slug": "dishes"}]},
        ),
        ("{ me { ... { name } } }", {"me": {"name": "ann"}}),
        (
            '{ echo(a: $n, b: "x\\"y", c: -1.5, d: true, e: OPEN, f: null) }',
            {"echo": '{"a": 3, "b": "x\\"y", "c": -1.5, "d": true, "e": "OPEN", "f": null}'},
        ),
    ],
)
def test_a_query_selects_what_it_names(query: str, data: dict[str, Any]) -> None:
    assert answer(query, {"n": 3}, ROOT) == data


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{ me { size } }", "Field 'size' doesn't exist on type 'User'"),
        ("{ me { ...Lost } }", "Fragment Lost was used, but not defined"),
        ("{ me { name }", "Parse error: expected more, actual: end"),
        ("mutation { me { name } }", "Parse error: expected query, actual: mutation"),
        ("{ % }", "Parse error at"),
        ("{ a " * 60, "Query has depth of more than 50"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(query: str, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        answer(query, {}, ROOT)


def asked(github: StandIn, query: str, token: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{github.url}/api/graphql",
        json.dumps({"query": query}).encode(),
        {"Authorization": f"bearer {token}"} if token else {},
    )
    try:
        with urllib.request.urlopen(request) as found:
            return found.status, json.loads(found.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def test_a_pull_request_without_checks_has_no_rollup(github: StandIn) -> None:
    repo = github.add_repo("acme/site", {"a.txt": "a"})
    repo.commit({"b.txt": "b"}, branch="topic")
    pull = repo.open_pull("topic")
    token = github.user("acme").token
    fields = "commits(last: 1) { nodes { commit { oid statusCheckRollup { state } } } }"
    query = '{ repository(owner: "acme", name: "site") { pullRequest(number: 1) { %s } } }'
    status, found = asked(github, query % fields, token)
    commit = {"oid": pull.head_sha, "statusCheckRollup": None}
    commits = {"commits": {"nodes": [{"commit": commit}]}}
    assert (status, found["data"]["repository"]["pullRequest"]) == (200, commits)
    _, found = asked(github, query.replace("1)", "9)", 1) % "id", token)
    assert "Could not resolve to a PullRequest" in found["errors"][0]["message"]
    _, found = asked(github, '{ node(id: "x") { id } }', token)
    assert "Could not resolve to a node" in found["errors"][0]["message"]
    assert asked(github, "{ viewer { login } }", "")[0] == 401
    assert asked(github, "{ viewer { login } }", "wrong")[0] == 401
