"""What a job leaves behind for people, for GitHub and for the next build."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ArtifactSet:
    """Files to keep besides everything in the artifact folder."""

    files: tuple[str, ...]
    """Globs, relative to `base`."""
    name: str = ""
    """Folder of its own among the artifacts; empty for none."""
    base: str = ""
    """Directory relative to the checkout; may be a glob."""
    exclude: tuple[str, ...] = ()
    flat: bool = False
    """Only file names are kept, not their directories."""
    symlinks: bool = False
    always: bool = True
    """Kept even when the job failed."""
    after: str = ""
    """Name of the phase that must have begun, or nothing is kept; empty for none."""
    evaluated: bool = False
    """`name` and `base` are what the job's shell makes of them at the end: `app-$(date +%F)`."""


class ReportFormat(StrEnum):
    """File formats of test results and of coverage."""

    JUNIT = "junit"
    CUCUMBER = "cucumber"
    NUNIT = "nunit"
    NUNIT3 = "nunit3"
    TESTNG = "testng"
    TRX = "trx"
    COBERTURA = "cobertura"
    CLOVER = "clover"
    JACOCO = "jacoco"
    SIMPLECOV = "simplecov"


REPORTS_FOLDER = "{reports}"
"""As a ReportSet's base: the job's own folder of reports, which is kept as a whole anyway."""


@dataclass(frozen=True, slots=True)
class ReportSet:
    """Machine-readable results of one kind."""

    format: ReportFormat
    files: tuple[str, ...]
    """Globs, relative to `base`."""
    name: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Cache:
    """Directories that are kept between builds."""

    paths: tuple[str, ...]
    """Relative to the checkout, or below `~/`."""
    key: str = ""
    """Text before the hash, such as `pip-`; may hold variables."""
    files: tuple[str, ...] = ()
    """Globs whose content makes the key; empty: the branch does."""
    fallbacks: tuple[str, ...] = ()
    """Beginnings of other keys that will do when there is no exact one."""
    restore: bool = True
    save: bool = True


class SecretStore(StrEnum):
    """Where a secret's value is kept."""

    DISHWASHER = "dishwasher"
    """Set by `dishwasher secrets`, for a repository or for an environment."""
    PARAMETER_STORE = "parameter-store"
    SECRETS_MANAGER = "secrets-manager"


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable whose value is not in the repository."""

    variable: str
    store: SecretStore = SecretStore.DISHWASHER
    reference: str = ""
    """The store's own name of it, such as `secret-id:json-key:stage:version`."""
    line: int = 0
