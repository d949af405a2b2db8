"""Commands of circle.yml: every modifier, and every odd spelling that must survive."""

from __future__ import annotations

import pytest
from dishwasher.core.step import Step
from dishwasher.formats.circle.commands import Commands

from tests.formats.test_circle import codes, mistake, parse


def step(text: str) -> Step:
    """The one command of `test.override`, given as YAML of its list."""
    (found,) = parse("test:\n  override:\n" + text).jobs[0].phases[-1].steps
    return found


def steps(text: str) -> list[str]:
    found = parse("test:\n  override:\n" + text).jobs[0].phases[-1].steps
    return [one.command for one in found]


# 3.4: modifiers


def test_timeout_is_silence_and_not_time() -> None:
    assert step("    - make:\n        timeout: 1200\n").silence == 1200.0


@pytest.mark.parametrize("value", ["soon", "0", "-5", "10m", "9999999", "[1]"])
def test_a_timeout_is_a_number_of_seconds(value: str) -> None:
    problem = mistake(f"test:\n  override:\n    - make:\n        timeout: {value}\n")
    assert (problem.line, problem.column) == (4, 18)


def test_pwd_is_where_the_command_runs() -> None:
    assert step("    - make:\n        pwd: web/js\n").pwd == "web/js"
    assert step("    - make\n").pwd == ""


def test_commands_of_machine_run_at_home() -> None:
    text = "machine:\n  pre:\n    - a\n    - b:\n        pwd: x\n    - c:\n        pwd: /tmp\n"
    machine = parse(text + "test: {override: [t]}").jobs[0].phases[0]
    assert [one.pwd for one in machine.steps] == ["~", "~/x", "/tmp"]


def test_environment_of_a_command_is_raw_text() -> None:
    found = step("    - make:\n        environment:\n          A: 3.10\n          B: True\n")
    assert found.environment == (("A", "3.10"), ("B", "True"))
    assert found.expand


@pytest.mark.parametrize("section", ["dependencies", "database", "compile", "test"])
@pytest.mark.parametrize("value", ["true", "false"])
def test_parallel_is_accepted_where_nodes_would_be(section: str, value: str) -> None:
    text = f"{section}:\n  pre:\n    - make:\n        parallel: {value}\n"
    config = parse(text, "tox.ini")
    assert config.jobs[0].steps[0].command == "make"
    assert codes(config) == []


def test_parallel_is_a_mistake_in_a_deployment() -> None:
    text = "test: {override: [t]}\ndeployment:\n  x:\n    branch: a\n    commands:\n"
    problem = mistake(text + "      - make:\n          parallel: true\n")
    assert (problem.line, problem.code) == (7, "parallel")


def test_parallel_false_is_no_mistake_there() -> None:
    text = "test: {override: [t]}\ndeployment:\n  x:\n    branch: a\n    commands:\n"
    assert codes(parse(text + "      - make:\n          parallel: false\n")) == []


def test_files_are_globs_with_rubys_braces() -> None:
    found = step("    - rspec:\n        files:\n          - spec/{unit,lib}/**/*_spec.rb\n")
    assert found.files == ("spec/{unit,lib}/**/*_spec.rb",)
    assert step("    - mocha:\n        files: test/*.js\n").files == ("test/*.js",)


def test_background_is_left_running() -> None:
    assert step("    - ./server:\n        background: true\n").background


def test_an_unknown_modifier_is_a_warning() -> None:
    config = parse("test:\n  override:\n    - make:\n        timeuot: 3\n")
    (warning,) = config.warnings
    assert (warning.line, warning.suggestion) == (4, "Did you mean `timeout`?")


# 3.9: odd spellings


def test_one_command_needs_no_dash() -> None:
    assert steps("    make test\n") == ["make test"]


@pytest.mark.parametrize("word", ["true", "3.10", "1:30", "~x", "0755"])
def test_a_scalar_is_its_raw_text(word: str) -> None:
    assert steps(f"    - {word}\n") == [word]


def test_a_complex_key_is_a_command() -> None:
    text = """\
    - ? |
        set -e
        make test
      : parallel: true
        timeout: 60
"""
    found = step(text)
    assert found.command == "set -e\nmake test\n"
    assert found.silence == 60.0


def test_a_case_with_a_closing_colon_is_a_command() -> None:
    case = "case $CIRCLE_NODE_INDEX in 0) npm test ;; 1) npm run e2e ;; esac"
    assert steps(f"    - {case}:\n        parallel: true\n") == [case]
    assert steps(f"    - {case}:\n") == [case]


@pytest.mark.parametrize(
    "command",
    [
        'echo "a: b"',
        "curl -H 'Accept: text/plain' example.com",
        'curl -H "Accept:  x" example.com',
        "psql -c 'select 1': y",
        "echo step 1: done",
    ],
)
def test_a_command_that_holds_a_colon_is_put_together_again(command: str) -> None:
    config = parse(f"test:\n  override:\n    - {command}\n")
    assert [one.command for one in config.jobs[0].steps] == [command]
    assert (3, "colon") in codes(config)


@pytest.mark.parametrize("value", ['"it\'s"', "'a b'", "'it''s'"])
def test_quotes_after_the_colon_are_kept(value: str) -> None:
    assert steps(f"    - echo a: {value}\n") == [f"echo a: {value}"]


def test_modifiers_beside_their_command_are_taken_as_meant() -> None:
    text = "test:\n  override:\n    - make:\n      timeout: 60\n      pwd: web\n    - lint\n"
    config = parse(text)
    first, second = config.jobs[0].steps
    assert (first.command, first.silence, first.pwd) == ("make", 60.0, "web")
    assert second.command == "lint"
    assert codes(config) == [(4, "indentation")]


def test_modifiers_half_beside_their_command_are_joined() -> None:
    found = step("    - make:\n        timeout: 60\n      pwd: web\n")
    assert (found.silence, found.pwd) == (60.0, "web")


def test_a_block_is_one_command() -> None:
    assert steps("    - |\n      a\n      b\n    - >\n      c\n      d\n") == ["a\nb\n", "c d\n"]


def test_an_anchor_is_the_command_it_names() -> None:
    assert steps("    - &test make test\n    - *test\n") == ["make test", "make test"]


def test_an_empty_command_is_left_out_with_a_warning() -> None:
    config = parse("test:\n  override:\n    -\n    - make\n    - ''\n")
    assert [one.command for one in config.jobs[0].steps] == ["make"]
    assert [code for _, code in codes(config)] == ["empty", "empty"]


def test_a_step_knows_its_line() -> None:
    found = parse("test:\n  pre:\n    - a\n  override:\n    - b:\n        pwd: x\n").jobs[0].steps
    assert [one.line for one in found] == [3, 5]


# What has no meaning


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("    - timeout: 60\n", (3, 7), "modifier"),
        ("    - [a, b]\n", (3, 7), "wrong-type"),
        ("    - {}\n", (3, 7), "wrong-type"),
        ("    - a:\n      b:\n", (4, 7), "modifier"),
        ("    - a: b\n      timeout: 3\n", (4, 7), "modifier"),
        ("    - name: |\n        a\n", (3, 13), "modifier"),
        ("    - a:\n        b\n", (3, 7), "modifier"),
        ("    - a:\n        - b\n", (3, 7), "modifier"),
        ("    make:\n      timeout: 3\n", (2, 3), "wrong-type"),
        ("    - make:\n        environment: x\n", (4, 22), "wrong-type"),
        ("    - make:\n        background: perhaps\n", (4, 21), "wrong-type"),
        ("    - make\n        timeout: 3\n", (4, 16), "syntax"),
    ],
)
def test_mistakes_are_at_their_place(text: str, place: tuple[int, int], code: str) -> None:
    problem = mistake("test:\n  override:\n" + text)
    assert ((problem.line, problem.column), problem.code) == (place, code)


def test_the_documented_schema_of_commands_is_json() -> None:
    made = Commands().schema()
    assert made["anyOf"][1]["type"] == "array"


def test_pwd_is_a_command_too() -> None:
    assert step("    - pwd:\n        pwd: web\n") == Step("pwd", 3, pwd="web")
    assert mistake("test:\n  override:\n    - pwd: web\n").code == "modifier"
