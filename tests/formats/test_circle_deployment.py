"""`deployment` of circle.yml: which entry runs for what, and what it does."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from dishwasher.core.selection import select

from tests.formats.test_circle import codes, commands, mistake, mistakes, parse, running
from tests.samples import REPOSITORY, pull_request, push

TEST = "test: {override: [t]}\n"


def test_only_the_first_entry_that_matches_runs() -> None:
    text = """\
deployment:
  live: {branch: master, commands: [a]}
  staging: {branch: [master, develop], commands: [b]}
  any: {branch: /.*/, commands: [c]}
"""
    config = parse(TEST + text)
    assert config.first_deployment_only
    assert running(config, branch="master") == ["build", "live"]
    assert running(config, branch="develop") == ["build", "staging"]
    assert running(config, branch="topic") == ["build", "any"]


@pytest.mark.parametrize(
    ("branch", "matching", "other"),
    [
        ("master", ["master"], ["master-2", "mastered"]),
        ("[a, b]", ["a", "b"], ["c"]),
        ("/feature-.*/", ["feature-x"], ["my-feature-x", "feature"]),
        ("[master, '/release-[0-9]+/']", ["master", "release-7"], ["release-7a"]),
        (r"/^(?!master$).*$/", ["topic", "masters"], ["master"]),
        (r"/^ultron\/.*/", ["ultron/x"], ["x/ultron/x"]),
        ("/.*?/", ["any/thing"], []),
    ],
)
def test_a_branch_is_matched_whole(branch: str, matching: list[str], other: list[str]) -> None:
    config = parse(f"{TEST}deployment:\n  x:\n    branch: {branch}\n    commands: [c]\n")
    for name in matching:
        assert running(config, branch=name) == ["build", "x"]
    for name in other:
        assert running(config, branch=name) == ["build"]


TAGS = """\
deployment:
  release:
    tag: /v[0-9]+(\\.[0-9]+)*/
    commands: [publish]
  staging:
    branch: develop
    commands: [push]
"""


def test_a_tag_builds_only_where_a_deployment_asks_for_it() -> None:
    config = parse(TEST + TAGS)
    assert running(config, branch="", tag="v1.2.3") == ["build", "release"]
    assert running(config, branch="", tag="nightly") == []
    assert running(config, branch="v1.2.3") == ["build"]
    assert running(parse(TEST), branch="", tag="v1") == []


def test_the_idiom_that_makes_all_tags_build() -> None:
    config = parse(TEST + 'deployment:\n  release: {tag: /.*/, commands: ["(true)"]}\n')
    assert running(config, branch="", tag="anything") == ["build", "release"]


def test_a_branch_and_a_tag_each_match() -> None:
    config = parse(TEST + "deployment: {x: {branch: master, tag: /v.*/, commands: [c]}}")
    assert running(config, branch="master") == ["build", "x"]
    assert running(config, branch="", tag="v1") == ["build", "x"]
    assert running(config, branch="v1") == ["build"]


def test_an_owner_keeps_forks_from_deploying() -> None:
    text = "deployment: {x: {branch: master, owner: %s, commands: [c]}}"
    assert running(parse(TEST + text % REPOSITORY.owner), branch="master") == ["build", "x"]
    assert running(parse(TEST + text % "someone-else"), branch="master") == ["build"]
    fork = replace(push(branch="master"), repository=replace(REPOSITORY, owner="forker"))
    selected = select(parse(TEST + text % REPOSITORY.owner), fork)
    assert [spec.name for spec in selected.running] == ["build"]


def test_a_pull_request_deploys_nothing() -> None:
    config = parse(TEST + "deployment: {x: {branch: topic, commands: [c]}}")
    assert [spec.name for spec in select(config, pull_request()).running] == ["build"]


def test_heroku_is_a_push_with_the_whole_history() -> None:
    text = "deployment:\n  live:\n    branch: master\n    heroku:\n      appname: foo-bar-123\n"
    config = parse(TEST + text)
    assert [spec.history for spec in config.jobs] == [False, True]
    (push_it,) = commands(config.jobs[1], "deployment")
    assert push_it.startswith('git push "https://heroku:${HEROKU_API_KEY:?')
    assert push_it.endswith('@git.heroku.com/foo-bar-123.git" "$CIRCLE_SHA1:refs/heads/master"')


def test_a_push_of_ones_own_has_the_whole_history_too() -> None:
    text = "deployment: {x: {branch: a, commands: [git push heroku master, heroku run migrate]}}"
    assert parse(TEST + text).jobs[1].history


@pytest.mark.parametrize("heroku", ["{}", "{appname: 'a b'}", "{appname: '$(x)'}", "app"])
def test_heroku_needs_the_name_of_an_application(heroku: str) -> None:
    text = f"{TEST}deployment:\n  x:\n    branch: a\n    heroku: {heroku}\n"
    assert mistake(text).line == 5


@pytest.mark.parametrize("key", ["pre", "post"])
def test_pre_and_post_are_a_mistake(key: str) -> None:
    problem = mistake(f"{TEST}deployment:\n  x:\n    branch: a\n    {key}:\n      - c\n")
    assert (problem.line, problem.code) == (5, "commands-list")
    assert "commands must be a list" in problem.message


def test_commands_must_be_a_list() -> None:
    text = "deployment:\n  x:\n    branch: a\n    commands:\n      override:\n        - c\n"
    problem = mistake(TEST + text)
    assert (problem.line, problem.code) == (5, "wrong-type")
    assert "must be a list of commands" in problem.message


def test_one_command_needs_no_dash() -> None:
    config = parse(TEST + "deployment: {x: {branch: a, commands: make deploy}}")
    assert commands(config.jobs[1], "deployment") == ["make deploy"]


def test_an_entry_needs_a_branch_or_a_tag_and_commands() -> None:
    assert [one.code for one in mistakes(TEST + "deployment:\n  x: {owner: a}\n")] == [
        "missing-branch",
        "missing-commands",
    ]


def test_the_section_maps_names() -> None:
    assert mistake(TEST + "deployment:\n  - branch: a\n").code == "wrong-type"
    assert mistake(TEST + "deployment:\n  x: [c]\n").code == "wrong-type"


def test_a_bad_regex_is_a_mistake() -> None:
    text = f"{TEST}deployment:\n  x:\n    branch: /feature-(/\n    commands: [c]\n"
    assert (mistake(text).line, mistake(text).code) == (4, "bad-regex")


@pytest.mark.parametrize(("name", "said"), [("release-*", "/release-.*/"), ("/rel", "/rel/")])
def test_a_name_that_was_meant_as_a_pattern_is_warned_of(name: str, said: str) -> None:
    config = parse(f"{TEST}deployment:\n  x:\n    branch: {name}\n    commands: [c]\n")
    (warning,) = config.warnings
    assert (warning.line, warning.code) == (4, "odd-name")
    assert said in warning.suggestion


def test_codedeploy_fails_instead_of_passing_undone() -> None:
    text = "deployment:\n  x:\n    branch: a\n    codedeploy:\n      app: {deployment_group: b}\n"
    config = parse(TEST + text)
    assert codes(config) == [(5, "unsupported-key")]
    assert commands(config.jobs[1], "deployment")[0].endswith("exit 1")


def test_an_unknown_key_is_a_warning() -> None:
    text = "deployment:\n  x:\n    branch: a\n    comands: [a]\n    commands: [c]\n"
    (warning,) = parse(TEST + text).warnings
    assert warning.suggestion == "Did you mean `commands`?"


def test_a_warning_of_unbuilt_branches_is_not_worth_minutes() -> None:
    regexes = "".join(f"      - /(a|aa)+{number}?/\n" for number in range(100))
    name = "a" * 60 + "-"
    entries = "".join(f"  d{n}: {{branch: {name}{n}, commands: [x]}}\n" for n in range(20))
    began = time.process_time()
    parse(f"general:\n  branches:\n    only:\n{regexes}deployment:\n{entries}")
    assert time.process_time() - began < 5
