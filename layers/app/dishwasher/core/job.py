"""A job: what is stored of it, its states and why it may end. How it moves: `core.lifecycle`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.bill import Bill
from dishwasher.core.config import JobSpec
from dishwasher.errors import Refused


class State(StrEnum):
    BLOCKED = "blocked"
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    CONCLUDED = "concluded"


LIVE = frozenset({State.STARTING, State.RUNNING})
"""States in which an attempt's runner may speak."""


class Reason(StrEnum):
    """The closed vocabulary of why a job ended as it did."""

    OK = "ok"
    FAILED = "failed"
    CONFIG = "config"
    LOST = "lost"
    INFRA = "infra"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    NEED_FAILED = "need_failed"
    FILTERED = "filtered"
    ADVISORY = "advisory"
    REFUSED = "refused"
    AWAITING_APPROVAL = "awaiting_approval"
    UNKNOWN_EFFECT = "unknown_effect"


class Conclusion(StrEnum):
    """GitHub's conclusions of a check run, as far as an App may send them."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    ACTION_REQUIRED = "action_required"


CONCLUSION: dict[Reason, Conclusion] = {
    Reason.OK: Conclusion.SUCCESS,
    Reason.FAILED: Conclusion.FAILURE,
    Reason.CONFIG: Conclusion.FAILURE,
    Reason.LOST: Conclusion.FAILURE,
    Reason.INFRA: Conclusion.FAILURE,
    Reason.TIMED_OUT: Conclusion.TIMED_OUT,
    # GitHub lets a *skipped* required check merge, so a job that should have run never says so.
    Reason.CANCELLED: Conclusion.CANCELLED,
    Reason.SUPERSEDED: Conclusion.CANCELLED,
    Reason.NEED_FAILED: Conclusion.CANCELLED,
    Reason.FILTERED: Conclusion.SKIPPED,
    Reason.ADVISORY: Conclusion.NEUTRAL,
    Reason.REFUSED: Conclusion.ACTION_REQUIRED,
    Reason.AWAITING_APPROVAL: Conclusion.ACTION_REQUIRED,
    Reason.UNKNOWN_EFFECT: Conclusion.ACTION_REQUIRED,
}

MEETS_A_NEED = frozenset({Reason.OK, Reason.ADVISORY})


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that bound an attempt; smaller in tests, never different in kind."""

    start: float = 60.0
    """From dispatch to `/started`."""
    lease: float = 60.0
    """From one beat to the verdict that the runner is lost."""
    beat: float = 20.0
    job: float = 3600.0
    """The job's own limit, kept by the runner."""
    hold: float = 30.0
    """Of the claim on reporting a commit, renewed by each step: twice a call's time limit."""
    retry: float = 2.0
    """Between an attempt that died and the next: what broke it may need a moment."""


@dataclass(frozen=True, slots=True)
class Job:
    """What runs on one runner, and one check run on GitHub."""

    KIND: ClassVar[str] = "job"

    id: str
    build: str
    position: int
    spec: JobSpec
    needs: tuple[str, ...]
    """Ids of the jobs that must meet this one's needs."""
    state: State
    attempt: int = 0
    """The fencing number: 0 before the first attempt, then one more for each."""
    deadline: float = 0.0
    """When the reaper should look, in seconds since the epoch; 0 for never."""
    infra_retries: int = 0
    lost_retries: int = 0
    code: str = ""
    """SHA-256 of the attempt's one-time code, emptied by its use."""
    token: str = ""
    """SHA-256 of the attempt's token."""
    cancel: bool = False
    cancel_as: Reason = Reason.CANCELLED
    """What its end is called when the runner has obeyed."""
    cancel_why: str = ""
    """One sentence for people."""
    reason: Reason | None = None
    detail: str = ""
    """One sentence for people: what decided the reason."""
    mirrors: str = ""
    """Id of the job of another build of this commit that runs in its place; it ends as that."""
    silent: bool = False
    """It has no check run: that of another build has its name."""
    size: str = ""
    """Name of the `core.size` that its last attempt got; empty where all runners are alike."""
    outgrown: str = ""
    """One sentence for people: why it runs on a larger runner than the one it began on."""
    crowded: float = 0.0
    """Since when no runner could be had because of a limit; 0 when that is not so."""
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    bill: Bill = Bill()
    replaced: str = ""
    """Id of the deployment that has taken the place of this one, where GitHub has to be told."""
    version: int = 0

    @property
    def group(self) -> str:
        return self.build

    @property
    def due(self) -> float:
        return self.deadline

    @property
    def attempt_id(self) -> str:
        return f"{self.id}.{self.attempt}"

    @property
    def apart(self) -> str:
        """Why it has no check run, and where it runs where that is elsewhere; or empty."""
        if self.mirrors:
            return f"It runs once, in another build of this commit: /jobs/{self.mirrors}"
        named = "It has no check run: the pull request's own has its name, and builds the merge."
        return named if self.silent else ""

    @property
    def conclusion(self) -> Conclusion | None:
        return None if self.reason is None else CONCLUSION[self.reason]

    @property
    def is_over(self) -> bool:
        return self.state is State.CONCLUDED


def parse_attempt(attempt_id: str) -> tuple[str, int]:
    """Split `<job id>.<number>`; raises Refused for anything else."""
    job_id, dot, number = attempt_id.rpartition(".")
    # isascii: "²".isdigit() is true and int("²") raises.
    if not dot or not job_id or not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise Refused("that is not the id of an attempt")
    return job_id, int(number)
