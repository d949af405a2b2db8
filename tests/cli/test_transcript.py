"""Bytes of a log and a growing journal, told as one story whatever the chunks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from dishwasher.cli.transcript import Transcript
from dishwasher.core.job import Reason
from dishwasher.core.result import PhaseResult, StepResult
from hypothesis import given
from hypothesis import strategies as st

LOG = b"[dishwasher] Checking out abc\n$ make\nbuilt\nwell\n$ make test\nno\n[dishwasher] failed\n"
MADE, TESTED = LOG.index(b"built"), LOG.index(b"no\n")
PHASES = (
    PhaseResult("checkout", Reason.OK, log_start=0, log_end=LOG.index(b"$ make")),
    PhaseResult(
        "build",
        Reason.FAILED,
        log_start=LOG.index(b"$ make"),
        log_end=len(LOG),
        steps=(
            StepResult("make", 0, log_start=MADE, log_end=LOG.index(b"$ make test")),
            StepResult("make test", 2, log_start=TESTED, log_end=TESTED + 3),
        ),
    ),
)
STORY = [
    "phase checkout",
    "note [dishwasher] Checking out abc",
    "phase build",
    "step make",
    "output built\nwell\n",
    "ended make 0",
    "step make test",
    "output no\n",
    "ended make test 2",
    "note [dishwasher] failed",
]


class Story:
    def __init__(self) -> None:
        self.told: list[str] = []

    def phase(self, name: str) -> None:
        self.told.append(f"phase {name}")

    def step(self, command: str) -> None:
        self.told.append(f"step {command}")

    def output(self, data: bytes) -> None:
        if self.told[-1].startswith("output "):
            self.told[-1] += data.decode()
        else:
            self.told.append(f"output {data.decode()}")

    def step_ended(self, step: StepResult) -> None:
        self.told.append(f"ended {step.command} {step.exit_code}")

    def note(self, text: str) -> None:
        self.told.append(f"note {text}")


@given(st.lists(st.integers(0, len(LOG)), max_size=8))
def test_the_story_is_the_same_wherever_the_log_is_cut(cuts: list[int]) -> None:
    story = Story()
    transcript = Transcript(story)
    ends = sorted({0, *cuts, len(LOG)})
    for start, end in pairwise(ends):
        transcript.feed(LOG[start:end], PHASES)
    transcript.finish(PHASES)
    assert story.told == STORY


def test_a_step_that_runs_is_shown_before_it_ends() -> None:
    story = Story()
    transcript = Transcript(story)
    step = replace(PHASES[1].steps[0], log_end=None, exit_code=None)
    transcript.feed(LOG[: MADE + 3], (PHASES[0], replace(PHASES[1], steps=(step,), log_end=None)))
    assert story.told == [*STORY[:4], "output bui"]
    transcript.feed(LOG[MADE + 3 :], PHASES)
    transcript.finish(PHASES)
    assert story.told == STORY
