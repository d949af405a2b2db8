from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import CONCLUSION, Conclusion, Reason, State
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result, StepResult
from dishwasher.web import views
from dishwasher.web.views import Tone

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, EVENT, SHA, job


def test_every_conclusion_and_state_has_a_look() -> None:
    assert set(views.TONE) == set(Conclusion)
    assert set(views.WORD) == set(State) - {State.CONCLUDED}
    assert set(views.LEVEL) == set(Level)


@pytest.mark.parametrize("reason", Reason)
def test_a_finished_job_says_how_it_ended(reason: Reason) -> None:
    line = views.job_line(
        job(state=State.CONCLUDED, reason=reason, started=NOON - 90, ended=NOON - 10), NOON
    )
    assert line.over and line.tone is views.TONE[CONCLUSION[reason]]
    assert line.word and line.time == "1 min 20 s"


def test_a_running_job_says_for_how_long() -> None:
    line = views.job_line(job(), NOON)
    assert (line.tone, line.word, line.time, line.over) == (Tone.RUN, "Running", "20 s", False)


def test_a_waiting_job_has_no_time() -> None:
    line = views.job_line(job(state=State.BLOCKED, started=0.0), NOON)
    assert (line.tone, line.word, line.time) == (Tone.WAIT, "Waits for other jobs", "")


def test_deployments_and_retries_are_told() -> None:
    deployment = job(spec=JobSpec("staging", Kind.DEPLOYMENT, 1), lost_retries=1, attempt=2)
    line = views.job_line(deployment, NOON)
    assert line.deployment and line.attempt == 2 and "lost its runner" in line.retries
    assert "did not come up" in views.job_line(job(infra_retries=1), NOON).retries
    assert views.job_line(job(), NOON).retries == ""


def test_links_to_the_forge() -> None:
    commit = views.commit(BUILD, "https://github.com")
    assert commit.commit_url == f"https://github.com/acme/site/commit/{SHA}"
    assert commit.branch_url == "https://github.com/acme/site/tree/opening-hours"
    assert commit.pull_request_url == "https://github.com/acme/site/pull/12"


def test_links_are_quoted_and_the_pull_request_can_come_from_the_event() -> None:
    event = replace(EVENT, branch='a/"><x>#?')
    commit = views.commit(replace(BUILD, event=event, pull_request=0), "https://github.com")
    assert commit.branch_url == "https://github.com/acme/site/tree/a/%22%3E%3Cx%3E%23%3F"
    assert commit.pull_request == 12
    event = replace(EVENT, pull_request=None)
    assert views.commit(replace(BUILD, event=event, pull_request=0), "x").pull_request == 0


PHASES = (
    PhaseResult("checkout", Reason.OK, NOON - 20, 1.5),
    PhaseResult(
        "build",
        None,
        NOON - 15,
        steps=(
            StepResult("make lint", 0, NOON - 15, 5.0, 0, 10),
            StepResult("make one\nmake two", 3, NOON - 10, 2.0, 10, 20, False, 1.5, 3 * 10**8),
            StepResult("sleep 1000", None, NOON - 8, 2.0, 20, 30),
            StepResult("x" * 300, None, NOON - 5),
        ),
    ),
)


def test_phases_of_a_running_job() -> None:
    checkout, build = views.phases(job(), None, Progress(PHASES), NOON)
    assert (checkout.tone, checkout.time, checkout.open) == (Tone.GOOD, "1.5 s", False)
    assert (build.tone, build.time, build.open) == (Tone.RUN, "15 s", True)
    lint, make, sleep, long = build.steps
    assert (lint.id, lint.tone, lint.exit, lint.time, lint.script) == (
        "s2-1",
        Tone.GOOD,
        "",
        "5.0 s",
        "",
    )
    assert (make.tone, make.title, make.exit) == (Tone.BAD, "make one", "exit 3")
    assert make.script == "make one\nmake two"
    assert make.used == "1.5 s of processor time, 300 MB of memory at most"
    assert sleep.used == ""
    assert (sleep.tone, sleep.exit) == (Tone.STOP, "stopped")
    assert (long.tone, long.time) == (Tone.RUN, "5.0 s")
    assert len(long.title) == views.COMMAND_LIMIT + 1 and long.script == "x" * 300


def test_what_never_ended_does_not_run_for_ever() -> None:
    over = job(state=State.CONCLUDED, reason=Reason.LOST, ended=NOON)
    build = views.phases(over, None, Progress(PHASES), NOON + 1000)[1]
    assert (build.tone, build.time) == (Tone.STOP, "")
    assert (build.steps[3].tone, build.steps[3].time) == (Tone.STOP, "")


def test_the_result_outweighs_the_progress() -> None:
    result = Result(Reason.OK, "", PHASES[:1])
    assert len(views.phases(job(), result, Progress(PHASES), NOON)) == 1
    assert views.phases(job(), None, None, NOON) == ()


def test_an_empty_command() -> None:
    phase = PhaseResult("build", Reason.OK, steps=(StepResult("\n \n", 0),))
    assert views.phases(job(), None, Progress((phase,)), NOON)[0].steps[0].title == "(empty)"


def test_a_step_in_the_background_has_not_stopped_and_a_second_try_is_named() -> None:
    steps = (StepResult("serve", None, log_end=1, background=True),)
    again = PhaseResult("build", Reason.OK, steps=steps, tries=2)
    tries = (PhaseResult("build", Reason.FAILED), again)
    first, second = views.phases(job(), None, Progress(tries), NOON)
    assert (first.name, second.name) == ("build", "build, try 2")
    assert (second.steps[0].tone, second.steps[0].exit) == (Tone.GOOD, "left running")


def test_findings_are_shown_worst_first() -> None:
    found = (
        Finding("a.py", 3, 3, Level.NOTICE, "n"),
        Finding("dir/ü <x>.py", 0, 0, Level.FAILURE, "f", "E1"),
    )
    shown = views.findings(Result(Reason.OK, "", findings=found), SHA, "https://h/acme/site")
    assert [view.tone for view in shown] == [Tone.BAD, Tone.NOTE]
    assert shown[0].place == "dir/ü <x>.py:1"
    assert shown[0].url == f"https://h/acme/site/blob/{SHA}/dir/%C3%BC%20%3Cx%3E.py#L1"
    many = Result(Reason.OK, "", findings=found * 500)
    assert len(views.findings(many, SHA, "")) == views.FINDINGS_SHOWN
    assert views.findings(None, SHA, "") == ()


def test_several_artifacts_can_be_had_as_one_file() -> None:
    def links(*paths: str) -> list[tuple[str, str, str]]:
        kept = [Artifact(path, 1000, "0" * 64) for path in paths]
        return [(one.path, one.url, one.size) for one in views.bundles(job(), kept)]

    everything = "/jobs/b1-0/artifacts.tar.gz"
    assert links() == links("docs/a") == []
    assert links("a", "docs/b") == [("all of them", everything, "2.0 KB")]
    assert links("docs/a", "docs/b") == [("all of them", everything, "2.0 KB")]
    assert links("x", "d o&c/a", "d o&c/b") == [
        ("all of them", everything, "3.0 KB"),
        ("d o&c/", f"{everything}?folder=d%20o%26c", "2.0 KB"),
    ]


def test_artifacts_link_to_themselves() -> None:
    (view,) = views.artifacts(job(), [Artifact("a b/ü.txt", 1500, "0" * 64)])
    assert (view.path, view.size) == ("a b/ü.txt", "1.5 KB")
    assert view.url == "/jobs/b1-0/artifacts/a%20b/%C3%BC.txt"


def test_a_build_of_a_tag_leads_to_the_tag() -> None:
    tagged = replace(BUILD, event=replace(EVENT, branch="", tag="v1/rc"))
    line = views.commit(tagged, "https://github.com")
    assert (line.branch, line.branch_url.rpartition("/tree/")[2]) == ("v1/rc", "v1/rc")
