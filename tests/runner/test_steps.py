"""What one step is given: its folder, its variables, its files; and what runs beside the others."""

from __future__ import annotations

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.outcome import TestSummary
from dishwasher.core.outputs import ReportFormat, ReportSet
from dishwasher.core.step import Shell, Step

from tests.runner.job import Jobs, phase
from tests.runner.processes import running

SHELLS = list(Shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_steps_start_in_the_jobs_folder(job: Jobs, shell: Shell) -> None:
    job.files = {"app/manage.py": ""}
    done = job(phase("build", "ls"), directory="app", shell=shell)
    assert done.printed == ["manage.py"]


def test_a_jobs_folder_that_is_not_there_is_named(job: Jobs) -> None:
    done = job(phase("build", "ls"), directory="app")
    assert done.verdict.reason is Reason.FAILED
    assert done.verdict.detail == "The folder `app` that the steps start in is not there."
    assert done.ran == ["build"]


@pytest.mark.parametrize(
    ("pwd", "where"),
    [
        ("deep", "checkout/app/deep"),
        ("../lib", "checkout/lib"),
        ("~", "home"),
        ("~/../checkout/lib", "checkout/lib"),
        ("$HOME", "home"),
        ("${WHERE:-deep}", "checkout/app/deep"),
        ("$OWN", "checkout/lib"),
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_step_has_its_own_folder(job: Jobs, shell: Shell, pwd: str, where: str) -> None:
    job.files = {"app/deep/x": "", "lib/x": ""}
    step = Step("pwd", pwd=pwd, environment=(("OWN", "../lib"),))
    done = job(phase("build", step), directory="app", shell=shell)
    assert done.printed == [f"{done.workspace.root}/{where}"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_steps_folder_that_is_missing_fails_it_with_its_name(job: Jobs, shell: Shell) -> None:
    done = job(phase("test", Step("ls", pwd="nope"), "echo on", keep_going=True), shell=shell)
    assert done.ran == ["test 1 0"]
    assert done.verdict.detail == (
        "step 1 `ls` has no folder to run in: its directory `nope` (nope) does not exist"
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_a_steps_variables_are_its_own_and_literal(job: Jobs, shell: Shell) -> None:
    step = Step('echo "$A"', environment=(("A", "$HOME 'x'"),))
    done = job(phase("build", step, 'echo "[$A]"'), shell=shell)
    assert done.printed == ["$HOME 'x'", "[]"]


def test_a_steps_variables_may_hold_others(job: Jobs) -> None:
    step = Step('echo "$A $B"', environment=(("A", "$CI-a"), ("B", "$A-b")), expand=True)
    assert job(phase("build", step)).printed == ["true-a true-a-b"]


@pytest.mark.parametrize("shell", SHELLS)
def test_files_are_sorted_quoted_and_appended(job: Jobs, shell: Shell) -> None:
    job.files = {"spec/b c.rb": "", "spec/a.rb": "", "spec/deep/d.rb": "", "spec/x.py": ""}
    step = Step("printf '%s\\n'\n", files=("spec/**/*.rb", "spec/{a,x}.{py,rb}"))
    done = job(phase("test", step), shell=shell)
    assert done.printed == ["spec/a.rb", "spec/b c.rb", "spec/deep/d.rb", "spec/x.py"]


def test_files_count_from_the_steps_folder(job: Jobs) -> None:
    job.files = {"app/test_a.py": ""}
    done = job(phase("test", Step("echo", pwd="app", files=("*.py",))))
    assert done.printed == ["test_a.py"]


def test_no_file_is_said(job: Jobs) -> None:
    done = job(phase("test", Step("echo no", files=("*.rb", "../*"))))
    assert done.verdict.reason is Reason.OK
    assert done.printed == []
    assert done.notes == ["step 1 `echo no` did not run: no file matches *.rb, ../*."]
    assert f"[dishwasher] {done.notes[0]}\n" in done.log


def test_more_files_than_one_argument_holds_reach_the_command(job: Jobs) -> None:
    job.files = {f"spec/{'x' * 100}{number:04}": "" for number in range(2000)}
    done = job(phase("test", Step("count() { echo $#; }; count", files=("spec/*",))))
    assert done.printed == ["2000"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_background_step_runs_beside_the_others_and_is_kept(job: Jobs, shell: Shell) -> None:
    server = Step("echo up; touch up; sleep 86501", background=True)
    done = job(phase("test", server, "until [ -e up ]; do sleep .02; done; echo on"), shell=shell)
    assert done.verdict.reason is Reason.OK
    assert done.printed == ["on"]
    assert running("86501") == []
    ((name, content),) = done.artifacts.items()
    assert name.startswith("stdout_echo_")
    assert name.endswith(".txt")
    assert content == "up\n"
    assert [(one.background, one.exit_code) for one in done.phases[0].steps] == [
        (True, None),
        (False, 0),
    ]
    assert f"what it prints becomes the artifact {name}." in done.log


def test_a_background_step_never_fails(job: Jobs) -> None:
    done = job(phase("test", Step("./bin/serve --port 1; exit 3", background=True), "true"))
    assert done.verdict.reason is Reason.OK
    (name,) = done.artifacts
    assert name.startswith("stdout_serve_")


def test_a_background_step_outlives_a_step_that_falls_silent(job: Jobs) -> None:
    server = Step("sleep 86502", background=True)
    silent = Step("sleep 86503", silence=0.2)
    check = "kill -0 $(pgrep -f 'sleep 8650[2]'); pgrep -f 'sleep 8650[3]' || echo gone"
    done = job(phase("test", server, silent, check, keep_going=True))
    assert done.ran == ["test None None 0"]
    assert done.printed == ["gone"]
    assert running("86502") == []


def test_a_background_step_may_tidy_up_at_the_end(job: Jobs) -> None:
    server = Step("trap 'echo bye; exit' TERM; echo > up; sleep 86504 & wait", background=True)
    done = job(phase("test", server, "until [ -e up ]; do sleep .02; done"))
    assert list(done.artifacts.values()) == ["bye\n"]
    assert running("86504") == []


def ran(tests: int, how: str) -> str:
    return f"{'-' * 70}\nRan {tests} tests in 0.250s\n\n{how}\n"


def test_the_words_of_steps_count_their_tests(job: Jobs) -> None:
    job.files = {"ran": ran(5, "\x1b[31mFAILED\x1b[0m (failures=2, skipped=1)")}
    told = job(phase("test", "cat ran; exit 1", "echo 2 passed in 0.50s", "ls", keep_going=True))
    assert told.build.outputs.tests == TestSummary(4, 2, 1, 0.75)
    silent = job(phase("test", "echo 2 tests passed"))
    assert silent.build.outputs.tests is None


def test_of_a_phase_that_is_tried_again_the_last_try_counts(job: Jobs) -> None:
    job.files = {"1": ran(9, "FAILED (errors=9)"), "2": ran(3, "OK")}
    done = job(phase("test", "mkdir tried && cat 1 && exit 1; cat 2", retries=1))
    assert done.verdict.fine
    assert done.build.outputs.tests == TestSummary(3, 0, 0, 0.25)


def test_a_report_counts_better_than_words(job: Jobs) -> None:
    job.files = {"r.xml": '<testsuite><testcase name="a"/></testsuite>'}
    wanted = (ReportSet(ReportFormat.JUNIT, ("r.xml",)),)
    done = job(phase("test", "echo 2 passed in 0.50s"), reports=wanted)
    assert done.build.outputs.tests == TestSummary(1, 0, 0)
