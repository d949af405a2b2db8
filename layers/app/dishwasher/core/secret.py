"""Secrets that the server keeps, and whom they are for.

The rules stand with the secret: what is pushed may name it, and decides nothing about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dishwasher.core.event import Event
from dishwasher.core.outputs import SecretStore
from dishwasher.core.pattern import Filter, Pattern

VALUE_BYTES = 48 * 1024
"""Of one value; GitHub's own limit, so that what is there fits here:
https://docs.github.com/en/actions/reference/security/secrets#limits-for-secrets"""
SECRETS = 100
"""Of one repository, those of its environments included: the same page, for a repository."""
GIVEN_BYTES = 1024 * 1024
"""Of all values of one job: Linux gives a program 2 MiB for its variables and words together where
the stack may have 8 MiB (`man 2 execve`)."""
REFERENCE = 1011
"""Characters of a parameter's name, the longest of both stores:
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html"""
ENVIRONMENT = 255
"""Characters of an environment's name."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_REFERENCE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a secret is kept; there is one in each."""

    repository: int
    """GitHub's id: a name may come to belong to somebody else."""
    name: str
    """Of the variable, or for the stores of AWS what they call the secret."""
    environment: str = ""
    """The deployment that it is for; empty for every job."""
    store: SecretStore = SecretStore.DISHWASHER


@dataclass(frozen=True, slots=True)
class Rules:
    """Which commits may have a secret: those of the branches and tags that are let through.

    Where neither is named, every ref for a repository's secret, and for an environment's the
    default branch alone. A pull request counts as its head branch.
    """

    branches: Filter = Filter()
    tags: Filter = Filter()
    pull_requests: bool = False
    """Those of the same repository; a fork's never get any."""

    @property
    def names_refs(self) -> bool:
        return bool(self.branches or self.tags)


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """All that may be known of a secret without knowing its value."""

    slot: Slot
    rules: Rules
    set_at: float
    """When the value was set, in seconds since the epoch."""
    used_at: float = field(default=0.0, compare=False)
    """When a job has received it last; 0 for never."""


def withheld(secret: StoredSecret, event: Event, distrust: str) -> str:
    """Why a job of this event must not have the secret, as a sentence; empty where it may.

    `distrust` is why the commit does not count as the team's, empty where it does.
    """
    request, rules = event.pull_request, secret.rules
    if secret.slot.repository != event.repository.id:
        return "It belongs to another repository."
    if distrust:
        return f"{distrust} Such a commit gets no secrets."
    if request is not None and request.head_repository != event.repository.id:
        return "The pull request comes from a fork, and gets no secrets."
    if request is not None and not rules.pull_requests:
        return "It is not for pull requests."
    allowed = _refs(secret, event)
    name = event.tag or event.branch
    if allowed is None or (name and allowed.admits(name)):
        return ""
    ref = "tag" if event.tag else "branch"
    return f"It is for {described(secret)}, which leaves out this {ref}."


def _refs(secret: StoredSecret, event: Event) -> Filter | None:
    """What the event's ref must pass; None where any will do."""
    rules = secret.rules
    if rules.names_refs:
        # Where only one of the two is named, the other one is not meant.
        return (rules.tags if event.tag else rules.branches) or NOTHING
    if not secret.slot.environment:
        return None
    return NOTHING if event.tag else Filter((Pattern(event.repository.default_branch),))


NOTHING = Filter((Pattern(""),))
"""Lets no name through: none is empty."""


def described(secret: StoredSecret) -> str:
    """Whom the rules let through, in a few words."""
    rules = secret.rules
    parts = []
    if rules.branches:
        parts.append(f"the branches {rules.branches}")
    if rules.tags:
        parts.append(f"the tags {rules.tags}")
    if not parts:
        parts.append("the default branch" if secret.slot.environment else "every branch and tag")
    if rules.pull_requests:
        parts.append("pull requests of these branches" if rules.branches else "pull requests")
    return ", ".join(parts[:-1]) + (" and " if parts[1:] else "") + parts[-1]


def name_problem(store: SecretStore, name: str) -> str:
    """What is wrong with the name of a secret, as a sentence; empty when nothing is."""
    if store is not SecretStore.DISHWASHER:
        if _REFERENCE.fullmatch(name) and len(name) <= REFERENCE:
            return ""
        return f"A name in {store} has at most {REFERENCE:,} characters of ASCII, and no spaces."
    if not _VARIABLE.fullmatch(name):
        return "A secret is a variable: letters, digits and `_`, not beginning with a digit."
    if name.startswith("DISHWASHER_"):
        return "Names that begin with `DISHWASHER_` are the server's own."
    return ""


def environment_problem(name: str) -> str:
    """What is wrong with the name of an environment, as a sentence; empty when nothing is."""
    if name.isprintable() and len(name) <= ENVIRONMENT:
        return ""
    return f"An environment is named like a deployment, in at most {ENVIRONMENT} characters."


def value_problem(value: str) -> str:
    """What is wrong with a value, as a sentence that tells nothing of it; empty when nothing is."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        size = 0
    if not value:
        return "It is empty."
    if not size or "\0" in value:
        return "It holds what no variable can: a secret is text in UTF-8, without NUL."
    if size > VALUE_BYTES:
        return f"It has {size:,} bytes, and at most {VALUE_BYTES:,} are kept."
    return ""
