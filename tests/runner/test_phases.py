"""Every rule of order and failure: what runs, what does not, and what the verdict says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.step import OnFailure, Shell, Step
from dishwasher.runner.sink import Fenced
from dishwasher.runner.stop import Cause

from tests.runner.job import Jobs, phase
from tests.runner.processes import running

EACH, ONE, STRICT = Shell.EACH, Shell.ONE, Shell.STRICT


def test_phases_run_in_order_each_a_result_of_its_own(job: Jobs) -> None:
    done = job(phase("install", "echo 1"), phase("build", "echo 2", "echo 3"))
    assert done.ran == ["install 0", "build 0 0"]
    assert done.printed == ["1", "2", "3"]
    assert (done.verdict.reason, done.verdict.detail) == (Reason.OK, "All 3 steps passed.")


def test_a_failing_step_ends_its_phase_and_stops_the_job(job: Jobs) -> None:
    done = job(phase("install", "exit 3", "echo no"), phase("build", "echo no"), phase("post"))
    assert done.ran == ["install 3"]
    assert done.verdict.reason is Reason.FAILED
    assert done.verdict.detail == "step 1 of install `exit 3` exited with 3; not run: build, post"
    assert done.log.endswith(f"[dishwasher] {done.verdict.detail}\n")


def test_keep_going_runs_every_step_and_fails_at_its_end(job: Jobs) -> None:
    tests = phase("test", "echo a; exit 2", "echo b", "exit 4", keep_going=True)
    done = job(tests, phase("deployment", "echo no"), shell=EACH)
    assert done.ran == ["test 2 0 4"]
    assert done.verdict.detail == (
        "step 1 of test `echo a; exit 2` exited with 2; also step 3 of test `exit 4` exited with 4;"
        " not run: deployment"
    )
    assert done.build.tail == ("a",)


def test_the_verdict_names_three_further_failures_and_counts_the_rest(job: Jobs) -> None:
    done = job(phase("test", *(f"exit {code}" for code in range(1, 7)), keep_going=True))
    assert done.verdict.detail.endswith("`exit 4` exited with 4; and 2 more")


def test_closing_steps_run_after_a_failure(job: Jobs) -> None:
    done = job(phase("build", "false", "echo no", closing=("echo closed",)))
    assert done.ran == ["build 1 0"]
    assert done.printed == ["closed"]
    assert done.verdict.detail == "step 1 `false` exited with 1"


def test_a_failing_closing_step_fails_its_phase(job: Jobs) -> None:
    done = job(phase("build", "true", closing=("exit 5", "echo on")), phase("post", "echo no"))
    assert done.ran == ["build 0 5 0"]
    assert done.verdict.detail == ("closing step 1 of build `exit 5` exited with 5; not run: post")


def test_closing_steps_of_one_shell_build_on_each_other(job: Jobs) -> None:
    """`cd build` that failed must not be followed by `rm -r *`."""
    done = job(phase("build", "true", closing=("cd nowhere", "echo no")), shell=ONE)
    assert done.ran == ["build 0 1"]


def test_a_phase_that_goes_on_lets_the_next_run_and_says_so(job: Jobs) -> None:
    done = job(
        phase("build", "exit 2", on_failure=OnFailure.GO_ON),
        phase("post_build", "echo $GOOD"),
        shell=ONE,
        succeeding="GOOD",
    )
    assert done.ran == ["build 2", "post_build 0"]
    assert done.printed == ["0"]
    assert "[dishwasher] post_build runs although the job has failed.\n" in done.log
    assert done.verdict.reason is Reason.FAILED
    assert done.verdict.detail == (
        "step 1 of build `exit 2` exited with 2; post_build ran all the same"
    )


@pytest.mark.parametrize("shell", [EACH, ONE])
def test_succeeding_is_1_until_a_step_has_failed(job: Jobs, shell: Shell) -> None:
    done = job(
        phase("install", "echo install $GOOD"),
        phase("build", "false", closing=("echo closing $GOOD",), on_failure=OnFailure.GO_ON),
        phase("post", "echo post $GOOD"),
        shell=shell,
        succeeding="GOOD",
    )
    assert done.printed == ["install 1", "closing 0", "post 0"]


def test_after_a_phase_that_stops_later_ones_do_not_run_but_what_cleans_up_does(job: Jobs) -> None:
    done = job(
        phase("setup", "false"),
        phase("build", "echo no", closing=("echo no",)),
        phase("finally", closing=("echo clean",)),
    )
    assert done.ran == ["setup 1", "finally 0"]
    assert done.printed == ["clean"]
    assert "finally ran all the same; not run: build" in done.verdict.detail


def test_a_phase_is_tried_again_and_each_try_is_shown(job: Jobs) -> None:
    flaky = "echo x >> tries; [ $(wc -l < tries) = 3 ] || exit 7"
    done = job(phase("build", flaky, retries=3), phase("post", "echo $GOOD"), succeeding="GOOD")
    assert done.verdict.reason is Reason.OK
    assert [(one.name, one.tries, one.reason) for one in done.phases] == [
        ("build", 1, Reason.FAILED),
        ("build", 2, Reason.FAILED),
        ("build", 3, Reason.OK),
        ("post", 1, Reason.OK),
    ]
    assert done.printed == ["1"]
    assert [note.rpartition("; ")[2] for note in done.notes] == [
        "build is tried again (1 of 3).",
        "build is tried again (2 of 3).",
    ]
    assert done.build.tail == ()


def test_the_last_try_decides(job: Jobs) -> None:
    done = job(phase("build", "exit 7", retries=2, closing=("echo closed",)))
    assert done.ran == ["build 7 0"] * 3
    assert done.verdict.detail == "step 1 `exit 7` exited with 7"


@pytest.mark.parametrize(
    ("regex", "tries"),
    [("timed? out", 2), ("^connection", 2), ("refused", 1), ("", 2), ("(", 1)],
)
def test_only_what_the_regex_finds_is_tried_again(job: Jobs, regex: str, tries: int) -> None:
    step = "echo first; printf '\\033[31mconnection\\033[0m time out\\n'; exit 1"
    done = job(phase("build", step, retries=1, retry_on=regex))
    assert len(done.phases) == tries
    if regex == "(":
        assert done.notes == ["`(` is not a regex that can be searched for; not tried again."]


def test_a_regex_that_searches_for_ever_is_given_up(job: Jobs) -> None:
    begun = time.monotonic()
    evil = phase("build", f"echo {'a' * 40}!; exit 1", retries=1, retry_on="(a+)+$")
    done = job(evil)
    assert len(done.phases) == 1
    assert "was not done after 2 s" in done.notes[0]
    assert time.monotonic() - begun < 10


def cancel_at(job: Jobs, mark: Callable[[], bool], cause: Cause) -> threading.Thread:
    def watch() -> None:
        pause = threading.Event()
        while not mark():
            pause.wait(0.01)
        job.stop.request(cause)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.parametrize("shell", [STRICT, ONE])
def test_after_a_cancel_what_closes_still_runs(job: Jobs, shell: Shell) -> None:
    thread = cancel_at(job, lambda: bool(running("86401")), Cause.CANCELLED)
    done = job(
        phase("build", "export A=1; sleep 86401", "echo no", closing=("echo closed $A",)),
        phase("deploy", "echo no"),
        phase("finally", closing=("echo clean",)),
        shell=shell,
    )
    thread.join()
    assert done.ran == ["build None 0", "finally 0"]
    assert done.printed == ["closed 1" if shell is ONE else "closed", "clean"]
    assert done.verdict.reason is Reason.CANCELLED
    assert done.verdict.detail.startswith("Cancelled in step 1 of build")


def test_after_a_timeout_what_closes_has_time_of_its_own_which_ends(job: Jobs) -> None:
    job.seconds = 0.5
    begun = time.monotonic()
    done = job(phase("build", "sleep 86402", closing=("echo closed; sleep 86402", "echo late")))
    assert done.printed == ["closed"]
    assert "] closing step 1 `echo closed; sleep 86402` was stopped: what cleans up" in done.log
    assert done.verdict.reason is Reason.TIMED_OUT
    assert done.verdict.detail.startswith("The limit of 0.5 s was reached in step 1 `sleep 86402`;")
    assert time.monotonic() - begun < 10
    assert running("86402") == []


def test_who_is_fenced_while_closing_is_gone_at_once(job: Jobs) -> None:
    job.seconds = 0.3
    thread = cancel_at(job, lambda: bool(running("86403")), Cause.FENCED)
    with pytest.raises(Fenced):
        job(phase("build", "sleep 30", closing=("trap '' INT TERM; sleep 86403; echo no",)))
    thread.join()
    assert running("86403") == []


def test_a_silent_step_is_ended_and_named_with_its_setting(job: Jobs) -> None:
    step = Step("echo begun; sleep 86404", silence=0.3)
    done = job(phase("test", step, "echo on", keep_going=True), silence=30.0, shell=EACH)
    assert done.ran == ["test None 0"]
    assert done.verdict.reason is Reason.TIMED_OUT
    assert "printed nothing for 0.3 s and was ended" in done.verdict.detail
    assert "`silence`" in done.verdict.detail
    assert done.printed == ["begun", "on"]
    assert running("86404") == []


def test_output_keeps_a_step_alive(job: Jobs) -> None:
    """The limit is of silence, not of time."""
    done = job(phase("test", "for i in 1 2 3 4 5; do sleep 0.15; echo $i; done"), silence=0.5)
    assert done.verdict.reason is Reason.OK


def test_a_job_without_a_shell_is_ours_to_mend(job: Jobs) -> None:
    done = job(phase("build", "true"), program="no-such-shell")
    assert done.verdict.reason is Reason.INFRA
    assert done.verdict.detail == (
        "There is no no-such-shell on this machine, and every step needs it."
    )
    assert [one.name for one in done.phases] == ["build"]


@pytest.mark.parametrize(
    ("shell", "program", "code"),
    [
        (STRICT, "bash", 1),
        (EACH, "bash", 0),
        (ONE, "bash", 0),
        (ONE, "/bin/sh", 0),
        (STRICT, "/bin/sh", 1),
    ],
)
def test_which_statement_decides(job: Jobs, shell: Shell, program: str, code: int) -> None:
    done = job(phase("build", "false\ntrue"), shell=shell, program=program)
    assert done.ran == [f"build {code}"]


def test_separate_shells_share_files_only(job: Jobs) -> None:
    done = job(phase("build", "cd /; A=1; export A; echo x > $HOME/f", "pwd; echo $A; cat ~/f"))
    assert done.printed == [str(done.workspace.checkout), "", "x"]


def test_exit_in_one_shell_fails_the_phase_and_hands_the_state_on(job: Jobs) -> None:
    done = job(
        phase("build", "cd /; export A=1; exit 1", "echo no", on_failure=OnFailure.GO_ON),
        phase("post_build", "pwd; echo $A"),
        shell=ONE,
    )
    assert done.ran == ["build 1", "post_build 0"]
    assert done.printed == ["/", "1"]
