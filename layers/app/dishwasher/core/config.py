"""The configuration that every format becomes; nothing after `formats/` knows which one it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a job is for; a deployment has effects that can not be taken back."""

    CHECK = "check"
    DEPLOYMENT = "deployment"


class Uses(StrEnum):
    """The checks that Dishwasher brings along; `RUN` is the user's own commands."""

    RUN = "run"
    SPELLING = "spelling"


MATCHERS = ("flake8",)
"""Tools whose output becomes annotations: what a job's `annotate` may name."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One check or deployment as written in the configuration."""

    name: str
    kind: Kind
    line: int
    """1-based line of its name in the file."""
    uses: Uses = Uses.RUN
    steps: tuple[str, ...] = ()
    """Each is one `bash -eo pipefail` script; the first that fails stops the job."""
    needs: tuple[str, ...] = ()
    annotate: tuple[str, ...] = ()
    """Names of the problem matchers that read this job's log."""
    artifacts: tuple[str, ...] = ()
    """Globs, relative to the checkout, kept besides everything in `$DISHWASHER_ARTIFACTS`."""
    branches: tuple[str, ...] = ()
    """Deployments only: the exact names of the branches that deploy."""


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration file, valid."""

    path: str
    jobs: tuple[JobSpec, ...]
