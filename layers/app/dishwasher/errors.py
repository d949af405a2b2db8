"""The four faults, drawn as a tree. Whose fault it is decides what happens next.

Fault
├── UserError      the user can mend it: shown with its place, never retried
│   └── ConfigError    ... in the configuration file, with every problem found
├── InfraError     ours or a service's: retried, at most twice, only before effects
│   ├── Conflict       a compare-and-set lost; read again and decide again
│   ├── Ambiguous      the call failed and may have had its effect: look before repeating
│   ├── Throttled      a limit says when to come back
│   ├── Unseen         GitHub does not show yet what it has told us of
│   └── Rejected       a service calls our request invalid; the same again hardly does better
├── Refused        policy says no: shown with the reason
│   └── Gone           the repository, installation or object is no longer there for us
└── Lost           the outcome can not be known: never retried
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Ambiguous",
    "ConfigError",
    "Conflict",
    "Fault",
    "Gone",
    "InfraError",
    "Lost",
    "Problem",
    "Refused",
    "Rejected",
    "Throttled",
    "Unseen",
    "UserError",
]


class Fault(Exception):
    """Everything that Dishwasher raises on purpose."""


class UserError(Fault):
    """The user can mend it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: 1-based line and column, what is wrong, and what to write instead."""

    line: int
    column: int
    code: str
    message: str
    suggestion: str = ""
    severity: str = "error"


class ConfigError(UserError):
    """The configuration has mistakes; all of them are in `problems`, in file order."""

    def __init__(self, path: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{path}: {len(problems)} problem(s)")
        self.path = path
        self.problems = problems


class InfraError(Fault):
    """Ours, or a service's that we depend on."""


class Conflict(InfraError):
    """A compare-and-set lost against another writer."""


class Ambiguous(InfraError):
    """The answer is missing and the effect may have happened."""


class Throttled(InfraError):
    """A limit is reached; `retry_at` is the time (seconds since the epoch) to come back."""

    def __init__(self, message: str, retry_at: float) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class Unseen(InfraError):
    """GitHub's API does not show the commit (yet); it is eventually consistent."""


class Rejected(InfraError):
    """A service calls our request invalid; whatever the reason, it is not the user's."""


class Refused(Fault):
    """Policy says no."""


class Gone(Refused):
    """What we would act on is no longer there for us: deleted, suspended, or without permission."""


class Lost(Fault):
    """The outcome can not be known."""
