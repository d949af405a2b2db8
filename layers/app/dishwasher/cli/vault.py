"""The vault that `dishwasher secrets` works on, and the place in it that a command names."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.cli import account, ledger
from dishwasher.core import secret
from dishwasher.core.outputs import SecretStore
from dishwasher.core.secret import Slot, StoredSecret
from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.local.database import Database
    from dishwasher.ports import Vault
    from dishwasher.wiring.settings import Settings

DIGITS = 19
"""Of a number that SQLite surely takes: https://www.sqlite.org/datatype3.html, 8 bytes."""


@dataclass(frozen=True, slots=True)
class VaultSlot:
    vault: Vault
    slot: Slot

    @property
    def found(self) -> StoredSecret | None:
        stored = self.vault.list(self.slot.repository)
        return next((one for one in stored if one.slot == self.slot), None)


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[VaultSlot]:
    """The vault, and the place in it that the options name; wrong words are a UserError."""
    name, environment = getattr(options, "name", ""), getattr(options, "environment", "")
    store = SecretStore(getattr(options, "store", SecretStore.DISHWASHER))
    if name:
        _check(store, name, environment)
    with (_on_aws if options.aws else _here)(options) as (vault, id):
        yield VaultSlot(vault, Slot(id, name, environment, store))


@contextmanager
def _here(options: argparse.Namespace) -> Iterator[tuple[Vault, int]]:
    from dishwasher.local.database import Database
    from dishwasher.local.key_file import KeyFile
    from dishwasher.local.vault import SqliteVault

    folder = ledger.folder(options)
    with closing(Database(folder)) as database:
        yield SqliteVault(database, KeyFile(folder)), _repository(database, options.repository)


@contextmanager
def _on_aws(options: argparse.Namespace) -> Iterator[tuple[Vault, int]]:
    with account.opened(options) as opened:
        from dishwasher.aws.vault import SsmVault
        from dishwasher.local.clock import SystemClock

        id = _number(options.repository)
        if id is None:
            id = _of_github(opened.settings(), *_named(options.repository))
        if id is None:
            raise UserError(
                f"the App is not installed at {options.repository}: install it, or give GitHub's "
                f"id of it, which `gh api repos/{options.repository} --jq .id` prints"
            )
        stack = opened.stack
        yield SsmVault(opened.clients, stack.output("Table"), stack.secrets, SystemClock()), id


def _check(store: SecretStore, name: str, environment: str) -> None:
    if store is SecretStore.DISHWASHER and "=" in name:
        raise UserError(
            "a value does not belong in a command, which other users of this machine can see: "
            "give the name alone, and the value on standard input"
        )
    problem = secret.name_problem(store, name) or secret.environment_problem(environment)
    if problem:
        raise UserError(f"{problem[0].lower()}{problem[1:].rstrip('.')}")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < DIGITS else None


def _named(text: str) -> tuple[str, str]:
    owner, _, name = text.partition("/")
    if not owner or not name or "/" in name:
        raise UserError(f"{text!r} is not the name of a repository: write OWNER/NAME")
    return owner, name


def _repository(database: Database, text: str) -> int:
    from dishwasher.local import repositories

    if (id := _number(text)) is not None:
        return id
    owner, name = _named(text)
    known = repositories.find(database, text)
    found = known.id if known else _known_to_github(owner, name, database.path.parent)
    if found is None:
        raise UserError(
            f"this server has not heard of {text} yet: push a commit to it first, run this with "
            "the settings of `dishwasher serve`, or give GitHub's id of it, which "
            f"`gh api repos/{text} --jq .id` prints"
        )
    return found


def _known_to_github(owner: str, name: str, data: Path) -> int | None:
    """None where the App is not installed there, and where its settings are not here."""
    from dishwasher.wiring import registration, settings

    environment = {**os.environ, "DISHWASHER_DATA": str(data)}
    if not registration.completed(environment, data).get("DISHWASHER_GITHUB_APP_ID"):
        return None
    return _of_github(settings.read(environment), owner, name)


def _of_github(chosen: Settings, owner: str, name: str) -> int | None:
    from dishwasher.github.app import GithubApp
    from dishwasher.github.limiter import Limiter
    from dishwasher.github.lookup import repository_id
    from dishwasher.local.clock import SystemClock

    where = (chosen.app_id, chosen.private_key, chosen.api_url, chosen.url)
    with closing(GithubApp(*where, SystemClock(), Limiter(chosen.points_per_minute))) as app:
        return repository_id(app, owner, name)
