"""The extract of GitHub's description and the table of routes say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.demo.github import api, description
from dishwasher.demo.github.routes import ROUTES, find

ROOT = Path(__file__).parents[3]
# The same as compare/{basehead}, in an older spelling.
ALIASES = {"GET /repos/{owner}/{repo}/compare/{base}...{head}"}


def test_every_route_is_described_and_every_description_served() -> None:
    api.load()
    described = set(description.load().operations())
    assert {route.operation for route in ROUTES} == described - ALIASES


def test_the_extract_is_of_what_was_asked_for() -> None:
    asked = set((ROOT / "infra/openapi/operations.txt").read_text("utf-8").split())
    assert set(description.load().operations().values()) == asked


@pytest.mark.parametrize(
    ("path", "template", "name", "value"),
    [
        ("/repos/a/b/commits/x/check-runs", "/commits/{ref}/check-runs", "ref", "x"),
        ("/repos/a/b/commits/x/y", "/commits/{ref}", "ref", "x/y"),
        ("/repos/a/b/branches/feature%2Fone", "/branches/{branch}", "branch", "feature/one"),
        ("/repos/a/b/contents/a/b%20c", "/contents/{path}", "path", "a/b c"),
        ("/repos/a/b/compare/m...t/x", "/compare/{basehead}", "basehead", "m...t/x"),
    ],
)
def test_the_most_specific_route_wins(path: str, template: str, name: str, value: str) -> None:
    api.load()
    found = find("GET", path)
    assert found is not None
    assert found[0].template == "/repos/{owner}/{repo}" + template
    assert found[1][name] == value
