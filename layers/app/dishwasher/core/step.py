"""Commands and the stages they stand in, with every format's rules of order and failure as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shell(StrEnum):
    """What a job's steps share, and when a step of several statements fails."""

    STRICT = "strict"
    """Each step its own shell with `-eo pipefail`: any failing statement fails it."""
    EACH = "each"
    """Each step its own shell; its last statement decides."""
    ONE = "one"
    """One shell for all steps of the job: `cd` and `export` stay; a last statement decides."""


class OnFailure(StrEnum):
    """What follows a phase that failed; the job has failed in either case."""

    STOP = "stop"
    """No later phase runs, except what cleans up."""
    GO_ON = "go_on"
    """The next phase runs, and can ask whether all went well."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command."""

    command: str
    line: int = 0
    """1-based line in the configuration; 0 where the command was inferred."""
    silence: float = 0.0
    """Seconds without output after which it is ended; 0 for the job's own limit."""
    pwd: str = ""
    """Directory relative to the job's; may hold `~` and variables."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables of this step alone."""
    expand: bool = False
    """`$NAME` and `${NAME}` of variables that were set before are replaced in these."""
    background: bool = False
    """Started and left running; it fails nothing."""
    files: tuple[str, ...] = ()
    """Globs, `{a,b}` among them, whose files, sorted, are appended to the command."""
    why: str = ""
    """What in the repository implied it, one clause for people; empty where it was written."""


@dataclass(frozen=True, slots=True)
class Installs:
    """What a phase that only installs dependencies goes by, so that its outcome can be kept.

    Paths are relative to the folder that the job's steps start in.
    """

    requirements: tuple[str, ...] = ()
    """Requirement and constraint files, which may include others."""
    files: tuple[str, ...] = ()
    """Other files that say what is installed, whether they are there or not."""
    whole: bool = False
    """The project itself is installed, which may read any of its files."""
    locked: bool = False
    """Every version stands in those files: installing later gives the same."""
    python: bool = False
    node: bool = False
    why: str = ""
    """What can not be kept, one clause for people; empty where all of it can."""
    settings: tuple[str, ...] = ()
    """Files that change how an installer goes about it, whether they are there or not."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stage of a job."""

    name: str
    steps: tuple[Step, ...] = ()
    closing: tuple[Step, ...] = ()
    """Run after `steps`, whether or not these failed; the phase passes if both do."""
    keep_going: bool = False
    """Every step runs even after one has failed; the phase fails at its end."""
    on_failure: OnFailure = OnFailure.STOP
    retries: int = 0
    """How often the whole phase is tried again after a failure."""
    retry_on: str = ""
    """Regex searched in the failing step's output; only a match is tried again. Empty: any."""
    run_as: str = ""
    """Name of the Linux user; empty for the job's own."""
    installs: Installs | None = None
    """Set where the steps do nothing but install dependencies before all other steps."""
