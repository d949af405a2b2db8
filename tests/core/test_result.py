from __future__ import annotations

import json

from dishwasher.core.codec import decode, encode
from dishwasher.core.job import Reason
from dishwasher.core.result import (
    Artifact,
    PhaseResult,
    Result,
    StepResult,
    artifact_key,
    log_key,
    progress_key,
    result_key,
)

from tests.samples import finding


def test_a_phase_or_step_that_runs_has_no_end_yet() -> None:
    assert (PhaseResult("build").reason, PhaseResult("build").log_end) == (None, None)
    assert (StepResult("make").exit_code, StepResult("make").log_end) == (None, None)


def test_a_result_survives_the_way_to_the_server() -> None:
    step = StepResult("make", 2, 1.5, 0.5, 0, 10)
    result = Result(
        Reason.FAILED,
        "make ended with 2",
        phases=(PhaseResult("build", Reason.FAILED, 1.0, 2.0, 0, 10, (step,)),),
        findings=(finding(),),
        findings_total=1,
        artifacts=(Artifact("a", 1, "0" * 64),),
        tail=("no rule",),
        log_bytes=10,
        notes=("one chunk was lost",),
    )
    assert decode(Result, json.loads(json.dumps(encode(result)))) == result


def test_the_files_of_two_attempts_never_meet() -> None:
    keys = [
        key
        for attempt in ("build-0.1", "build-0.2", "build-01.1")
        for key in (
            log_key(attempt),
            result_key(attempt),
            progress_key(attempt),
            artifact_key(attempt, "log"),
        )
    ]
    assert len(set(keys)) == len(keys) == 12
