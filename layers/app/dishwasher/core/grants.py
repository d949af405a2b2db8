"""Which of a repository's secrets one job receives, and why it must not start without others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dishwasher.core import reference
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import Event
from dishwasher.core.outputs import Secret, SecretStore
from dishwasher.core.reference import Reference
from dishwasher.core.secret import GIVEN_BYTES, Slot, StoredSecret, value_problem, withheld
from dishwasher.core.unsupported import Lack

_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
"""Words that may stand in a command for people to copy: the others come from what was pushed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A stored secret that the job receives, and as what."""

    secret: StoredSecret
    variable: str
    key: str = ""
    """The part of its value, a JSON object, that is meant; empty for all of it."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    grants: tuple[Grant, ...] = ()
    lacks: tuple[Lack, ...] = ()
    """What the job asks for and does not get; it is refused where there are any."""


def wants_some(spec: JobSpec) -> bool:
    """Whether the stored secrets need to be looked at: a deployment gets those of its name."""
    return bool(spec.secrets) or spec.all_secrets or spec.kind is Kind.DEPLOYMENT


def choose(
    stored: Iterable[StoredSecret], event: Event, spec: JobSpec, distrust: str = ""
) -> Choice:
    """What the job names, for a deployment those of its environment, and all where it wants all.

    `distrust` is why the commit does not count as the team's, empty where it does. A secret that a
    job did not name is left out silently where the rules withhold it; one of its own environment
    is as good as named.
    """
    desk = _Desk(tuple(stored), event, spec, distrust)
    for secret in (*spec.secrets, *desk.of_environment()):
        desk.ask(secret)
    if spec.all_secrets:
        desk.add_all()
    return Choice(tuple(desk.grants.values()), tuple(desk.lacks))


class _Desk:
    """Where one job's questions are answered."""

    def __init__(
        self, stored: Sequence[StoredSecret], event: Event, spec: JobSpec, distrust: str
    ) -> None:
        self._stored = {secret.slot: secret for secret in stored}
        self._event, self._spec, self._distrust = event, spec, distrust
        self._environment = spec.name if spec.kind is Kind.DEPLOYMENT else ""
        self.grants: dict[str, Grant] = {}
        self.lacks: list[Lack] = []

    def of_environment(self) -> Iterable[Secret]:
        """As if the job named them: the secrets of its environment that it does not name."""
        named = {secret.variable for secret in self._spec.secrets}
        for slot in self._plain(self._environment) if self._environment else ():
            if slot.name not in named:
                yield Secret(slot.name, line=self._spec.line)

    def ask(self, secret: Secret) -> None:
        wanted = reference.read(secret)
        # The environment's own comes first; one that is withheld there is not made up for.
        places = dict.fromkeys((self._environment, ""))
        slots = (self._slot(secret, wanted, environment) for environment in places)
        found = next((self._stored[slot] for slot in slots if slot in self._stored), None)
        why = self._why_not(secret, wanted, found)
        if found is None or why:
            self.lacks.append(Lack(why, secret.line or self._spec.line))
            return
        line = secret.line or self._spec.line
        self.grants[secret.variable] = Grant(found, secret.variable, wanted.key, line)

    def add_all(self) -> None:
        refused = {secret.variable for secret in self._spec.secrets}
        for slot in self._plain(""):
            secret = self._stored[slot]
            is_new = slot.name not in self.grants and slot.name not in refused
            if is_new and not withheld(secret, self._event, self._distrust):
                self.grants[slot.name] = Grant(secret, slot.name)

    def _plain(self, environment: str) -> list[Slot]:
        return [
            slot
            for slot in self._stored
            if slot.environment == environment and slot.store is SecretStore.DISHWASHER
        ]

    def _slot(self, secret: Secret, wanted: Reference, environment: str) -> Slot:
        return Slot(self._event.repository.id, wanted.id, environment, secret.store)

    def _why_not(self, secret: Secret, wanted: Reference, found: StoredSecret | None) -> str:
        name = _called(secret, wanted)
        if self._distrust:
            # To a stranger even what is stored is nobody's business.
            return f"{name} is withheld. {self._distrust} Such a commit gets no secrets."
        if found is None:
            return f"{name} is {self._absence(secret, wanted)}"
        if not wanted.is_current:
            asked = wanted.version or wanted.stage
            return f"{name} is kept in its current version alone, and not as {asked}."
        why = withheld(found, self._event, self._distrust)
        if not why:
            return ""
        command = self._command("allow", secret, wanted, found.slot.environment)
        request = self._event.pull_request
        if request is None or found.rules.pull_requests:
            return f"{name} is withheld. {why} `{command} --branch PATTERN` names others."
        return f"{name} is withheld. {why} `{command} --pull-requests` lets this one have it."

    def _absence(self, secret: Secret, wanted: Reference) -> str:
        how = f"Set it with `{self._command('set', secret, wanted, self._environment)}`."
        elsewhere = sorted(
            slot.environment
            for slot in self._stored
            if (slot.name, slot.store) == (wanted.id, secret.store)
        )
        where = f"stored for {', '.join(elsewhere)} alone" if elsewhere else "not stored"
        return f"{where}. {how}"

    def _command(self, verb: str, secret: Secret, wanted: Reference, environment: str) -> str:
        words = [f"dishwasher secrets {verb}", _word(wanted.id, "NAME")]
        words.append(f"--repository {self._event.repository.full_name}")
        if secret.store is not SecretStore.DISHWASHER:
            words.append(f"--store {secret.store}")
        if environment:
            words.append(f"--environment {_word(environment, 'ENVIRONMENT')}")
        return " ".join(words)


def deliver(
    grants: Sequence[Grant], values: Sequence[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[Lack, ...]]:
    """The variables, made of the stored values of these grants; and what comes to light now."""
    given: list[tuple[str, str]] = []
    lacks: list[Lack] = []
    for grant, whole in zip(grants, values, strict=True):
        value = reference.part(whole, grant.key) if grant.key else whole
        name = f"The secret {grant.variable}"
        if value is None:
            why = f"`{grant.key}` is no key of it; its value must be a JSON object."
            lacks.append(Lack(f"{name} can not be had: {why}", grant.line))
        elif wrong := value_problem(value):
            lacks.append(Lack(f"{name} can not be had. {wrong}", grant.line))
        else:
            given.append((grant.variable, value))
    size = sum(len(value.encode()) for _, value in given)
    if size > GIVEN_BYTES:
        why = f"have {size:,} bytes, and a job can take {GIVEN_BYTES:,}."
        lacks.append(Lack(f"Its {len(given)} secrets together {why} Remove some.", 0))
    return tuple(given), tuple(lacks)


def _called(secret: Secret, wanted: Reference) -> str:
    if secret.store is SecretStore.DISHWASHER:
        return f"The secret {wanted.id}"
    return f"The secret {secret.variable} ({wanted.id} of {secret.store})"


def _word(text: str, otherwise: str) -> str:
    # A leading dash would be read as an option.
    return text if _PLAIN.fullmatch(text) and not text.startswith("-") else otherwise
