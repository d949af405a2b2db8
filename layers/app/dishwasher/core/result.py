"""What an attempt brings home (phases, steps, findings, artifacts, a log), and under which keys."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.findings import Finding
from dishwasher.core.job import Reason
from dishwasher.core.outcome import TestSummary
from dishwasher.core.size import Resource

FINDINGS_KEPT = 1000
"""Findings that a result carries; `findings_total` counts all of them."""
TAIL_LINES = 40
"""Last lines of the failing step that a check run shows."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """One command; `exit_code` is None while it runs or when it never ended by itself."""

    command: str
    exit_code: int | None = None
    started: float = 0.0
    """Seconds since the epoch."""
    seconds: float = 0.0
    log_start: int = 0
    """Byte offsets of its output in the attempt's log."""
    log_end: int | None = None
    background: bool = False
    """Left running; its output is an artifact, and it has no exit code."""
    cpu_seconds: float = 0.0
    """Processor time of its processes together, so far as its shell has waited for them."""
    peak_bytes: int = 0
    """Memory of the largest of them; 0 where nobody knows."""


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """A named stage of the job; `reason` is None while it runs."""

    name: str
    reason: Reason | None = None
    started: float = 0.0
    seconds: float = 0.0
    log_start: int = 0
    log_end: int | None = None
    steps: tuple[StepResult, ...] = ()
    tries: int = 1
    """Which try at this phase it was; each is a result of its own."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A kept file: path relative to the artifact root, size in bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What a beat says: how far the phases are."""

    phases: tuple[PhaseResult, ...] = ()

    @property
    def done(self) -> tuple[int, int]:
        """How many phases and steps have begun: what a summary of it tells anew."""
        return len(self.phases), sum(len(phase.steps) for phase in self.phases)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, in the runner's words; the server decides what follows."""

    reason: Reason
    detail: str
    phases: tuple[PhaseResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    findings_total: int = 0
    artifacts: tuple[Artifact, ...] = ()
    tail: tuple[str, ...] = ()
    """The failing step's last lines, colours stripped."""
    log_bytes: int = 0
    """Bytes of log that were offered; the stored log can be shorter where a chunk was lost."""
    notes: tuple[str, ...] = ()
    """What did not change the verdict and should be known: a lost log chunk, a skipped file."""
    tests: TestSummary | None = None
    """What the job's test reports say; None where it has none."""
    sandbox: str = ""
    """At which level of `core.sandbox` its commands ran; empty where there were none."""
    exported: tuple[tuple[str, str], ...] = ()
    """Variables that the job hands on, with their values at its end."""
    exhausted: Resource | None = None
    """What of its runner it used up, where that is why it failed."""


def added_key(build_id: str) -> str:
    """The lines that the build's commit adds."""
    return f"builds/{build_id}/added.json"


def log_key(attempt_id: str) -> str:
    return f"attempts/{attempt_id}/log"


def artifact_key(attempt_id: str, path: str) -> str:
    return f"attempts/{attempt_id}/artifacts/{path}"


def result_key(attempt_id: str) -> str:
    return f"attempts/{attempt_id}/result.json"


def progress_key(attempt_id: str) -> str:
    return f"attempts/{attempt_id}/progress.json"
