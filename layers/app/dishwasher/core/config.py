"""The configuration that every format becomes; nothing after `formats/` knows which one it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dishwasher.core.machine import Machine
from dishwasher.core.outputs import ArtifactSet, Cache, ReportSet, Secret
from dishwasher.core.step import Phase, Shell, Step
from dishwasher.core.when import When
from dishwasher.errors import Problem

JOBS = 50
"""Jobs in one file, a matrix counted in full; each is a runner and a check run on GitHub."""


class Kind(StrEnum):
    """What a job is for; a deployment has effects that can not be taken back."""

    CHECK = "check"
    DEPLOYMENT = "deployment"


class Uses(StrEnum):
    """The checks that Dishwasher brings along; `RUN` is the user's own commands."""

    RUN = "run"
    SPELLING = "spelling"


MATCHERS = ("flake8", "ruff", "mypy", "pylint", "eslint", "tsc", "pytest", "gcc", "sphinx")
"""Tools whose output becomes annotations without a file that says how."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the built-in spelling check is set."""

    brands: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(the one right spelling, wrong ones besides those that are derived from it)"""
    words: tuple[str, ...] = ()
    """Words that are right here."""
    fail: bool = False
    """Misspelt words fail the check; brands always do."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One check or deployment as written in the configuration, complete in itself."""

    name: str
    kind: Kind
    line: int
    """1-based line of its name in the file."""
    uses: Uses = Uses.RUN
    spelling: Spelling = Spelling()
    phases: tuple[Phase, ...] = ()
    shell: Shell = Shell.STRICT
    program: str = "bash"
    """The shell that reads the steps."""
    directory: str = ""
    """Where steps start, relative to the checkout."""
    machine: Machine = Machine()
    facts: tuple[tuple[str, str], ...] = ()
    """Variables and their templates of `core.facts`: what this job calls its branch, commit, …"""
    secrets: tuple[Secret, ...] = ()
    all_secrets: bool = False
    """Every secret stored for the repository is a variable, besides those named."""
    exported: tuple[str, ...] = ()
    """Variables whose value at the end is part of the result."""
    succeeding: str = ""
    """Name of the variable that is 1 while no phase of the job has failed, and 0 afterwards."""
    needs: tuple[str, ...] = ()
    when: When = When()
    annotate: tuple[str, ...] = ()
    """What reads this job's log: names of MATCHERS, and paths of files with problem matchers."""
    artifacts: tuple[ArtifactSet, ...] = ()
    reports: tuple[ReportSet, ...] = ()
    caches: tuple[Cache, ...] = ()
    timeout: float = 0.0
    """Seconds of the whole job; 0 for the server's limit."""
    silence: float = 0.0
    """Seconds without output after which a step is ended; 0 for no such limit."""
    allow_failure: bool = False
    """A failure is shown as neutral and meets the needs of others."""
    network: bool = True
    """Steps reach the network, and not only the job's own services."""
    hosts: tuple[str, ...] = ()
    """What they reach where they do not reach the network: lines as `core.host` reads them."""
    history: bool = False
    """The checkout has the whole history of its commit, not the commit alone."""
    repeatable: bool = True
    """A runner that is lost may be replaced: the steps have no effects that can not be repeated."""
    group: str = ""
    """Jobs of one group run on one runner, in file order."""
    matrix: tuple[tuple[str, str], ...] = ()
    """The axes' values that this job of a matrix stands for."""
    url: str = ""
    """Deployments only: where the environment can be looked at; may hold variables."""
    smoke: str = ""
    """Deployments only: path of the smoke tests of the live site."""
    screenshots: str = ""
    """Deployments only: path of the list of pages and sizes."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which they run when nothing fails."""
        return tuple(step for phase in self.phases for step in (*phase.steps, *phase.closing))


@dataclass(frozen=True, slots=True)
class Schedule:
    """A time at which something is built without a push."""

    name: str
    cron: str
    """Five fields, UTC."""
    branch: str = ""
    """Empty for the default branch."""
    jobs: tuple[str, ...] = ()
    """Names; empty for every check."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """A value that whoever starts a build by hand may give; a variable of every job."""

    name: str
    description: str = ""
    default: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration, valid."""

    path: str
    jobs: tuple[JobSpec, ...]
    schedules: tuple[Schedule, ...] = ()
    inputs: tuple[Input, ...] = ()
    first_deployment_only: bool = False
    """Of the deployments that match an event, only the first in the file runs."""
    fail_fast: bool = False
    """When one job fails, those that have not started are cancelled."""
    warnings: tuple[Problem, ...] = ()
    """What is valid and will hardly do what its author wants."""
    notes: tuple[str, ...] = ()
    """How the plan came about where no file says it, one sentence each."""

    def given(self, inputs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Each input that has a value: what was given by hand, or else its default."""
        values = dict(inputs)
        known = ((one.name, values.get(one.name) or one.default) for one in self.inputs)
        return tuple((name, value) for name, value in known if value)

    def refuses(self, inputs: tuple[tuple[str, str], ...]) -> str:
        """Why nothing may be started by hand with these inputs; empty where it may."""
        values = dict(self.given(inputs))
        for one in self.inputs:
            value = values.get(one.name, "")
            if one.required and not value:
                return f"the input {one.name} is required"
            if value and one.options and value not in one.options:
                return f"the input {one.name} is none of {', '.join(one.options)}"
        return ""
