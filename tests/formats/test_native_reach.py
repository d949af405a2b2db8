"""Deployments of the native format that never run, or with nothing checked before."""

from __future__ import annotations

import pytest

from tests.formats.native_files import parse, warnings

FILE = """\
checks:
  tests: {run: pytest%s}
deployments:
  staging: {%s, run: ./deploy.sh}
  live: {%s, needs: staging, run: ./deploy.sh}
"""


@pytest.mark.parametrize(
    ("staging", "live"),
    [
        ("branch: main", "tag: v*"),
        ("tag: v*", "branch: main"),
        ("branch: main", "branch: release"),
        ("branch: [main, release], tag: v1", "branch: develop, tag: v2"),
        ("branch: main", "when: {event: tag}"),
        ("when: {event: tag, tag: v*}", "when: {event: manual}"),
    ],
)
def test_a_deployment_that_needs_one_for_other_refs_never_runs(staging: str, live: str) -> None:
    (found,) = parse(FILE % ("", staging, live)).warnings
    assert (found.line, found.code) == (5, "never-runs")
    assert found.message == (
        "`live` never runs: it needs `staging`, which is for other branches or tags"
    )


@pytest.mark.parametrize(
    ("staging", "live"),
    [
        ("branch: main", "branch: [main, release]"),
        ("branch: main, tag: v*", "tag: v1"),
        ("branch: '!topic'", "branch: release/*"),
        ("branch: main", "when: {event: manual}"),
        ("branch: /x.*/", "branch: main"),
    ],
)
def test_one_that_some_ref_reaches_is_not_warned_of(staging: str, live: str) -> None:
    assert warnings(FILE % ("", staging, live)) == []


def test_what_waits_for_one_that_never_runs_is_told_once() -> None:
    text = FILE % ("", "branch: main", "tag: v*")
    codes = warnings(f"{text}  last: {{tag: v*, needs: live, run: x}}\n")
    assert [code for code, _ in codes] == ["never-runs", "never-runs"]


@pytest.mark.parametrize(
    ("when", "what"),
    [
        (", when: {branch: main}", "tags"),
        (", when: {event: push}", "tags"),
        (", when: {tag: v*}", "branches"),
        (", when: {tag: beta}", "branches"),
        (", when: {event: [pull_request, tag]}", "branches"),
    ],
)
def test_a_deployment_with_nothing_checked_before_is_a_warning(when: str, what: str) -> None:
    both = "branch: main, tag: v1"
    found = warnings(FILE % (when, both, both))
    assert f"no check runs for the {what} that `live` deploys: it goes out unchecked" in [
        message for code, message in found if code == "unchecked"
    ]


@pytest.mark.parametrize(
    "when", ["", ", when: {path: src/**}", ", when: {branch: [main], tag: v*}"]
)
def test_one_check_is_enough(when: str) -> None:
    assert warnings(FILE % (when, "branch: main, tag: v1", "branch: main, tag: v1")) == []


def test_a_check_that_is_needed_and_left_out_is_a_warning() -> None:
    checks = "checks:\n  lint: flake8\n  tests: {run: pytest, when: {branch: main}}\n"
    found = warnings(checks + "deployments: {live: {tag: v*, needs: [tests, lint], run: x}}\n")
    message = "`tests` does not run for the tags that `live` deploys, and is not waited for there"
    assert found == [("unchecked", message)]


def test_nobody_is_warned_who_has_no_checks() -> None:
    assert warnings("deployments: {live: {tag: v*, run: ./deploy.sh}}\n") == []
