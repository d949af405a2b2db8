"""circle.yml as a whole: the order of its sections, what fails when, and the article's file."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.core import facts
from dishwasher.core.config import Config, JobSpec, Kind
from dishwasher.core.outputs import ArtifactSet, ReportFormat
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.selection import select
from dishwasher.core.step import OnFailure, Phase, Shell
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import circle
from dishwasher.formats.circle import deployment, keys
from dishwasher.formats.circle.commands import MODIFIERS
from dishwasher.formats.circle.variables import FACTS
from dishwasher.formats.repository import Repository
from dishwasher.formats.schema import Record

from tests.samples import pull_request, push

PATH = "circle.yml"
CORPUS = Path(__file__).parents[1] / "corpus" / "circle"
ALL = """\
test:
  pre: [t1]
  override: [t2]
  post: [t3]
compile: {pre: [p1], override: [p2], post: [p3]}
database: {pre: [d1], override: [d2], post: [d3]}
dependencies: {pre: [i1], override: [i2], post: [i3]}
checkout: {post: [c1]}
machine: {pre: [m1], post: [m2]}
deployment:
  live: {branch: master, commands: [l1, l2]}
"""


def parse(text: str, *files: str, **contents: str) -> Config:
    named = {name.replace("_", "."): content for name, content in contents.items()}
    repository = Repository(frozenset({*files, *named}), named.get)
    return circle.parse(PATH, text.encode(), repository)


def build(text: str, *files: str, **contents: str) -> JobSpec:
    return parse(text, *files, **contents).jobs[0]


def mistakes(text: str | bytes) -> tuple[Problem, ...]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        circle.parse(PATH, data)
    assert caught.value.path == PATH
    return caught.value.problems


def mistake(text: str | bytes) -> Problem:
    (problem,) = (one for one in mistakes(text) if one.severity == "error")
    return problem


def commands(spec: JobSpec, name: str) -> list[str]:
    return [step.command for phase in spec.phases if phase.name == name for step in phase.steps]


def codes(config: Config) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in config.warnings]


def running(config: Config, **event: str) -> list[str]:
    return [spec.name for spec in select(config, push(**event)).running]


# 3.1: order and failure


def test_sections_run_in_circlecis_order_whatever_theirs_in_the_file() -> None:
    names = [phase.name for phase in build(ALL).phases]
    assert names == ["machine", "checkout", "dependencies", "database", "compile", "test"]


def test_within_a_section_pre_comes_first_and_post_last() -> None:
    steps = [step.command for step in build(ALL).steps]
    assert " ".join(steps) == "m1 m2 c1 i1 i2 i3 d1 d2 d3 p1 p2 p3 t1 t2 t3"


def test_every_command_has_a_shell_of_its_own_and_its_last_statement_decides() -> None:
    assert {spec.shell for spec in parse(ALL).jobs} == {Shell.EACH}


def test_a_failing_set_up_command_stops_the_build() -> None:
    for phase in build(ALL).phases[:-1]:
        assert not phase.keep_going
        assert phase.on_failure is OnFailure.STOP


def test_a_failing_test_stops_neither_the_others_nor_post() -> None:
    test = build(ALL).phases[-1]
    assert test.keep_going
    assert [step.command for step in test.steps] == ["t1", "t2", "t3"]


def test_a_deployment_repeats_the_set_up_but_not_the_tests_and_stops_at_a_failure() -> None:
    live = parse(ALL).jobs[1]
    names = [phase.name for phase in live.phases]
    assert names == ["machine", "checkout", "dependencies", "database", "compile", "deployment"]
    assert not any(phase.keep_going for phase in live.phases)
    assert commands(live, "deployment") == ["l1", "l2"]
    assert live.kind is Kind.DEPLOYMENT


def test_a_deployment_waits_for_the_build() -> None:
    (_, live) = select(parse(ALL), push(branch="master")).running
    assert live.needs == ("build",)


def test_override_replaces_what_is_inferred_and_pre_and_post_do_not() -> None:
    files = ("requirements.txt",)
    given = "dependencies: {pre: [a], post: [b]}\ntest: {override: [t]}"
    inferred = "pip install -r requirements.txt"
    assert commands(build(given, *files), "dependencies") == ["a", inferred, "b"]
    given = "dependencies: {override: [x]}\ntest: {override: [t]}"
    assert commands(build(given, *files), "dependencies") == ["x"]


@pytest.mark.parametrize("noop", ['["true"]', "['echo']", "[]", "[':']"])
def test_a_no_op_or_an_empty_list_switches_inference_off(noop: str) -> None:
    spec = build(f"dependencies: {{override: {noop}}}\ntest: {{override: [t]}}", "requirements.txt")
    assert "pip install -r requirements.txt" not in commands(spec, "dependencies")


def test_an_override_that_says_nothing_is_as_if_absent() -> None:
    config = parse("dependencies:\n  override:\ntest: {override: [t]}", "requirements.txt")
    assert commands(config.jobs[0], "dependencies") == ["pip install -r requirements.txt"]
    assert codes(config) == [(2, "empty")]


def test_checkout_has_no_override() -> None:
    config = parse("checkout: {override: [git clone]}\ntest: {override: [t]}")
    assert codes(config) == [(1, "unknown-key")]
    assert commands(config.jobs[0], "checkout") == []


def test_a_command_is_silent_for_at_most_ten_minutes() -> None:
    assert {spec.silence for spec in parse(ALL).jobs} == {600.0}


def test_secrets_of_the_repository_are_variables() -> None:
    assert all(spec.all_secrets for spec in parse(ALL).jobs)


# 3.3: what happens without tests


def test_without_tests_the_build_fails_and_says_so() -> None:
    config = parse("machine: {timezone: UTC}")
    (test,) = config.jobs[0].phases
    assert test.name == "test"
    assert "There are no tests" in test.steps[0].command
    assert test.steps[0].command.endswith("exit 1")
    (warning,) = config.warnings
    assert warning.code == "no-tests"
    assert "nothing is tested" in warning.message


def test_an_empty_list_of_tests_is_no_test_either() -> None:
    assert codes(parse("machine: {}\ntest:\n  override: []")) == [(2, "no-tests")]


def test_a_language_that_is_not_inferred_is_named() -> None:
    (warning,) = parse("machine: {}", "Gemfile").warnings
    assert "Ruby (Gemfile) are not inferred" in warning.message


def test_an_empty_file_is_all_inference() -> None:
    spec = build("", "tox.ini")
    assert commands(spec, "test") == ["tox"]


# 3.5: artifacts and reports


def test_general_artifacts_are_kept_relative_to_the_build_directory() -> None:
    text = "general:\n  build_dir: web\n  artifacts: [coverage, log/test.log]\n"
    spec = build(text + "test: {override: [t]}")
    assert spec.artifacts == (ArtifactSet(("coverage", "log/test.log"), base="web"),)


def test_artifacts_may_be_below_home() -> None:
    text = "general: {artifacts: [~/simplecov, /home/ubuntu/logs, $HOME/x]}\ntest: {override: [t]}"
    assert build(text).artifacts == (ArtifactSet(("~/simplecov", "~/logs", "~/x")),)


def test_an_artifact_outside_the_checkout_is_warned_of() -> None:
    config = parse("general:\n  artifacts:\n  - ../x\n  - /tmp/y\n  - z\ntest: {override: [t]}")
    assert codes(config) == [(3, "bad-path"), (4, "bad-path")]
    assert config.jobs[0].artifacts == (ArtifactSet(("z",)),)


def test_junit_below_the_reports_folder_is_read() -> None:
    (reports,) = build(ALL).reports
    assert reports.format is ReportFormat.JUNIT
    assert reports.base == "{reports}"


# 3.7: branches


def test_general_branches_hold_for_the_build_and_for_deployments() -> None:
    text = """\
general:
  branches:
    only: [master, /release-.*/]
test: {override: [t]}
deployment:
  live: {branch: /.*/, commands: [x]}
"""
    config = parse(text)
    assert running(config, branch="master") == ["build", "live"]
    assert running(config, branch="release-2") == ["build", "live"]
    assert running(config, branch="topic") == []


def test_an_ignored_branch_is_not_built() -> None:
    config = parse("general: {branches: {ignore: gh-pages}}\ntest: {override: [t]}")
    assert config.jobs[0].when.branches == Filter(ignore=(Pattern("gh-pages"),))
    assert running(config, branch="gh-pages") == []
    assert running(config, branch="gh-pages-2") == ["build"]


def test_a_branch_that_is_never_built_and_deployed_is_warned_of() -> None:
    text = "general: {branches: {ignore: [live]}}\ntest: {override: [t]}\n"
    config = parse(text + "deployment:\n  x:\n    branch: live\n    commands: [c]\n")
    assert codes(config) == [(5, "never-built")]
    assert running(config, branch="live") == []


def test_skip_texts_skip_the_push() -> None:
    assert running(parse(ALL), branch="master", message="Fix\n\n[ci skip]") == []


def test_experimental_and_notify_are_accepted_and_said_to_be_unused() -> None:
    text = """\
experimental:
  notify: {branches: {only: [master]}}
notify:
  webhooks: [{url: "https://example.com/hook"}]
test: {override: [t]}
"""
    assert codes(parse(text)) == [(1, "not-used"), (3, "not-used")]


# general.build_dir


def test_build_dir_moves_commands_and_inference() -> None:
    spec = build("general: {build_dir: ./api/}", "api/tox.ini", "requirements.txt")
    assert spec.directory == "api"
    assert commands(spec, "test") == ["tox"]
    assert commands(spec, "dependencies") == []


@pytest.mark.parametrize("directory", ["/srv", "../x", "~/x", "a/../b"])
def test_build_dir_stays_inside_the_checkout(directory: str) -> None:
    assert mistake(f"general:\n  build_dir: {directory}").code == "bad-path"


# 3.8: variables


def test_variables_are_circlecis() -> None:
    known = {name: f"<{name}>" for name in facts.NAMES} | {
        "tag": "",
        "head_owner": "",
        "head_repository": "",
        "fork_pull_request": "",
    }
    filled = {name: facts.fill(template, known) for name, template in FACTS}
    assert filled["CIRCLECI"] == filled["CI"] == "true"
    assert filled["CIRCLE_BRANCH"] == "<branch>"
    assert filled["CIRCLE_PROJECT_REPONAME"] == "<repository_name>"
    assert filled["CI_PULL_REQUEST"] == filled["CI_PULL_REQUESTS"] == "<pull_request_url>"
    assert (filled["CIRCLE_NODE_TOTAL"], filled["CIRCLE_NODE_INDEX"]) == ("1", "0")
    unset = {name for name, value in filled.items() if value is None}
    forks = {"CIRCLE_PR_USERNAME", "CIRCLE_PR_REPONAME", "CIRCLE_PR_NUMBER"}
    assert unset == {"CIRCLE_TAG"} | forks


def test_templates_ask_for_facts_that_exist() -> None:
    assert all(facts.names(template) <= facts.NAMES for _, template in FACTS)
    assert all(spec.facts == FACTS for spec in parse(ALL).jobs)


# Mistakes


def test_a_misspelt_section_is_said_to_be_unused() -> None:
    (warning,) = (
        one
        for one in parse("dependancies:\n  override: [x]\ntest: {override: [t]}").warnings
        if one.line == 1
    )
    assert warning.message.startswith("`dependancies` is not a section, so that none of its")
    assert warning.suggestion == "Did you mean `dependencies`?"


def test_an_unknown_key_is_a_warning_with_a_suggestion() -> None:
    (warning,) = parse("test:\n  overide: [x]\n  post: [t]").warnings
    assert (warning.line, warning.column, warning.severity) == (2, 3, "warning")
    assert warning.suggestion == "Did you mean `override`?"


@pytest.mark.parametrize(
    "text", ["version: 2\njobs: {build: {}}", "jobs: {}", "version: 2.1\norbs: {}"]
)
def test_a_file_of_circleci_2_is_refused(text: str) -> None:
    assert {problem.code for problem in mistakes(text)} == {"later-version"}


@pytest.mark.parametrize("text", ["- a\n- b", "just text"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert mistake(text).code == "wrong-type"


def test_modifiers_under_a_command_without_a_colon_get_the_right_advice() -> None:
    problem = mistake("test:\n  override:\n    - bundle install\n        timeout: 240\n")
    assert (problem.line, problem.code) == (4, "syntax")
    assert "needs a colon at its end" in problem.suggestion


def test_duplicate_keys_are_shown_with_both_lines() -> None:
    problem = mistake("test:\n  override: [a]\n\ntest:\n  override: [b]\n")
    assert (problem.line, problem.code) == (4, "duplicate-key")
    assert "lines 1 and 4" in problem.message


def test_all_mistakes_come_in_one_pass_in_file_order() -> None:
    text = """\
machine:
  timezone: Not a zone
general:
  build_dir: /x
test:
  override:
    - cmd:
        timeout: soon
deployment:
  live:
    commands: [x]
"""
    assert [problem.line for problem in mistakes(text)] == [2, 4, 8, 10]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("general:\n  artifacts:\n    - {a: b}\n", 3),
        ("dependencies:\n  cache_directories:\n    - [a]\n", 3),
        ("machine:\n  services:\n    redis: true\n", 2),
        ("general:\n  branches:\n    only:\n      - [master]\n", 4),
    ],
)
def test_a_list_of_names_holds_texts(text: str, line: int) -> None:
    problem = mistake(text)
    assert (problem.line, problem.code) == (line, "wrong-type")


def test_each_key_has_an_example_that_fits_its_schema() -> None:
    validator = pytest.importorskip("jsonschema_rs")
    records = [key.type for key in keys.SECTIONS if isinstance(key.type, Record)]
    for record in (*records, deployment.ENTRY, MODIFIERS):
        for key in record.keys:
            assert validator.is_valid(key.type.schema(), key.example), (record.where, key.name)


def test_a_deployment_may_be_called_build() -> None:
    config = parse("test: {override: [t]}\ndeployment:\n  build: {branch: a, commands: [c]}")
    assert [spec.name for spec in config.jobs] == ["build and test", "build"]


def test_commands_with_effects_are_not_repeated() -> None:
    assert build("test: {override: [pytest]}").repeatable
    assert not build("test: {override: [pytest], post: [./deploy.sh live]}").repeatable
    assert not parse(ALL).jobs[1].repeatable


# The article


def article() -> Config:
    return circle.parse(PATH, (CORPUS / "01-article.yml").read_bytes())


def test_the_articles_file_is_built_on_a_branch_and_deployed_from_master() -> None:
    config = article()
    assert running(config, branch="spring-campaign") == ["build"]
    assert [spec.name for spec in select(config, pull_request()).running] == ["build"]
    assert running(config, branch="master") == ["build", "staging"]


def test_the_articles_commands_are_those_of_its_author() -> None:
    check, staging = article().jobs
    assert [phase.name for phase in check.phases] == ["dependencies", "test"]
    assert check.phases[1] == Phase("test", check.phases[1].steps, keep_going=True)
    assert commands(check, "test") == [
        "CIRCLECI=True flake8 app",
        "./scripts/check-customer-name-spelling.sh",
        "cd app && python manage.py test --settings=settings.testing",
        "sphinx-build -b html docs $CIRCLE_ARTIFACTS/docs",
        'tar -cvzf $CIRCLE_ARTIFACTS/docs.$(date +"%Y-%m-%d").tar.gz -C $CIRCLE_ARTIFACTS docs',
        "rm -rf $CIRCLE_ARTIFACTS/docs",
    ]
    assert [phase.name for phase in staging.phases] == ["dependencies", "deployment"]
    assert commands(staging, "deployment")[0] == "/bin/bash deploy.sh staging -vv"


def test_the_articles_machine_is_what_it_asks_for() -> None:
    machine = article().jobs[0].machine
    assert (machine.node, machine.timezone, machine.virtualenv) == (
        "6.1.0",
        "America/New_York",
        True,
    )
    values = {variable.name: variable.value for variable in machine.environment}
    assert values == {"DEBUG": "True", "DATABASE_URL": "postgres://localhost/circle_test"}
    assert [service.name for service in machine.services] == ["postgresql"]


def test_every_doc_regex_matches_whole_names() -> None:
    text = "test: {override: [t]}\ndeployment:\n  a: {tag: '/v[0-9]+(\\.[0-9]+)*/', commands: [x]}"
    (pattern,) = parse(text).jobs[1].when.tags.only
    assert pattern.syntax is Syntax.REGEX
    assert [pattern.matches(name) for name in ("v1", "v1.2.3", "v1-rc", "dev1")] == [
        True,
        True,
        False,
        False,
    ]
