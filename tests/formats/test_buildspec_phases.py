"""Which phase runs after which, what a failure leads to, and who runs the commands."""

from __future__ import annotations

import pytest
from dishwasher.core.step import OnFailure, Phase, Shell
from dishwasher.core.when import When

from tests.formats.buildspec_files import job, mistakes, phases, warnings

ALL = """
    install: {commands: [one]}
    pre_build: {commands: [two]}
    build: {commands: [three]}
    post_build: {commands: [four]}
    """


def phase(text: str, name: str = "build") -> Phase:
    return next(one for one in job(phases(text)).phases if one.name == name)


def test_a_failing_install_or_pre_build_stops_the_build() -> None:
    assert phase(ALL, "install").on_failure is OnFailure.STOP
    assert phase(ALL, "pre_build").on_failure is OnFailure.STOP


def test_post_build_runs_after_a_failing_build() -> None:
    assert phase(ALL, "build").on_failure is OnFailure.GO_ON


def test_the_job_tells_its_commands_whether_all_went_well() -> None:
    assert job(phases(ALL)).succeeding == "CODEBUILD_BUILD_SUCCEEDING"


def test_a_failing_command_skips_the_rest_of_its_phase() -> None:
    assert not phase("build: {commands: [one, two]}").keep_going


def test_phases_run_in_codebuilds_order_whatever_their_order_in_the_file() -> None:
    text = "post_build: {commands: [b]}\ninstall: {commands: [a]}\n"
    assert [one.name for one in job(phases(text)).phases] == ["install", "post_build"]


def test_finally_runs_after_the_commands() -> None:
    made = phase("build: {commands: [make], finally: [make clean, ls]}")
    assert [step.command for step in made.steps] == ["make"]
    assert [step.command for step in made.closing] == ["make clean", "ls"]


def test_abort_stops_after_the_phase() -> None:
    assert phase("build: {on-failure: ABORT, commands: [make]}").on_failure is OnFailure.STOP


def test_continue_goes_on_after_any_phase() -> None:
    text = "install: {on-failure: CONTINUE, commands: [make]}"
    assert phase(text, "install").on_failure is OnFailure.GO_ON


@pytest.mark.parametrize(
    ("written", "retries", "retry_on"),
    [
        ("RETRY", 3, ""),
        ("RETRY-5", 5, ""),
        ("RETRY-0", 0, ""),
        ("RETRY-100", 100, ""),
        ("RETRY-.*timed out.*", 3, ".*timed out.*"),
        ("RETRY-2-Connection (reset|refused)", 2, "Connection (reset|refused)"),
    ],
)
def test_retry_counts_and_asks_for_an_error(written: str, retries: int, retry_on: str) -> None:
    made = phase(f"build: {{on-failure: '{written}', commands: [make]}}")
    assert (made.retries, made.retry_on) == (retries, retry_on)
    assert made.on_failure is OnFailure.STOP


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("abort", "unknown-value"),
        ("STOP", "unknown-value"),
        ("RETRY-101", "bad-value"),
        ("RETRY-2-(", "bad-regex"),
    ],
)
def test_an_on_failure_that_codebuild_does_not_know_is_a_mistake(written: str, code: str) -> None:
    assert mistakes(phases(f"build: {{on-failure: '{written}', commands: [a]}}")) == [f"3 {code}"]


def test_version_0_2_keeps_one_shell_and_0_1_starts_one_for_each_command() -> None:
    text = phases("build: {commands: [make]}")
    assert job(text).shell is Shell.ONE
    assert job(text.replace("0.2", "0.1")).shell is Shell.EACH
    assert job(text.replace("0.2", '"0.2"')).shell is Shell.ONE


def test_a_block_of_several_lines_is_one_command() -> None:
    (step,) = phase("build:\n  commands:\n    - |\n      one\n      two\n").steps
    assert step.command == "one\ntwo\n"


def test_commands_may_be_one_text_or_an_alias_of_one() -> None:
    text = "pre_build: {commands: &one make}\nbuild: {commands: *one}\n"
    assert [step.command for step in job(phases(text)).steps] == ["make", "make"]


def test_a_phase_runs_as_its_own_user_before_the_files() -> None:
    text = "run-as: builder\n" + phases(
        """
        install: {run-as: root, commands: [a]}
        build: {run-as: tester, commands: [b]}
        post_build: {commands: [c]}
        """
    )
    assert [one.run_as for one in job(text).phases] == ["", "tester", "builder"]


def test_a_user_whose_name_linux_does_not_take_is_a_mistake() -> None:
    assert mistakes(phases("build: {run-as: 'no body', commands: [a]}")) == ["3 bad-value"]


def test_an_unknown_phase_is_a_mistake_with_a_suggestion() -> None:
    assert mistakes(phases("biuld: {commands: [make]}")) == ["3 unknown-key"]


def test_any_other_unknown_key_is_a_warning() -> None:
    text = phases("build: {comands: [a], commands: [b]}") + "\nenvironment: {}\n"
    assert warnings(text) == ["3 unknown-key", "4 unknown-key"]


def test_a_command_that_yaml_reads_as_a_mapping_is_a_mistake() -> None:
    text = phases('build:\n  commands:\n    - echo "a": b\n')
    assert mistakes(text) == ["5 wrong-type"]


def test_commands_that_are_all_commented_out_run_nothing_and_say_so() -> None:
    text = phases("pre_build:\n  commands:\nbuild: {commands: [make]}\n")
    assert warnings(text) == ["4 empty"]
    assert [one.name for one in job(text).phases] == ["build"]


def test_a_phase_without_commands_says_so() -> None:
    assert warnings(phases("pre_build: {}\nbuild: {commands: [make]}\n")) == ["3 empty"]


def test_a_file_without_a_command_is_a_mistake() -> None:
    assert mistakes("version: 0.2\n") == ["1 missing-phases"]
    assert mistakes("") == ["1 empty"]


def test_the_version_must_be_there_and_known() -> None:
    assert mistakes("phases: {build: {commands: [make]}}") == ["1 missing-version"]
    assert mistakes("version: 0.3\nphases: {build: {commands: [make]}}") == ["1 unknown-value"]


def test_github_actions_in_steps_are_refused() -> None:
    text = phases("build:\n  steps:\n    - uses: actions/checkout@v4\n")
    assert mistakes(text) == ["4 unsupported-key"]


def test_a_file_without_a_batch_is_one_job_called_build() -> None:
    made = job(phases(ALL))
    assert (made.name, made.line) == ("build", 2)


@pytest.mark.parametrize("command", ["case $T in tag/v*) make ;; esac", "test $R = refs/tags/v1"])
def test_a_file_that_asks_for_tags_runs_for_them_and_for_branches(command: str) -> None:
    when = job(phases(f"build: {{commands: ['{command}']}}")).when
    assert when.tags.admits("v1.2/beta") and when.branches.admits("feature/x")
    assert job(phases(ALL)).when == When()
