"""The GitHub App as `dishwasher app create` has stored it in the data folder.

Each secret is a file of its own, so that a `.pem` can be given to another program; `app.json` holds
what may be shown. Only their owner may read any of them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from dishwasher.errors import InfraError, UserError

FOLDER = "app"
FACTS = "app.json"
SECRETS = {
    "private_key": "private-key.pem",
    "webhook_secret": "webhook-secret",
    "client_secret": "client-secret",
}
"""File names by field."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO
PREFIX = "DISHWASHER_GITHUB_"
APP_ID = f"{PREFIX}APP_ID"


@dataclass(frozen=True, slots=True)
class Registration:
    """An App and where it is registered; no repr shows the secrets."""

    id: int
    slug: str
    name: str
    owner: str
    client_id: str
    html_url: str
    url: str
    """Of GitHub."""
    api_url: str
    public_url: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client_secret: str = field(repr=False)

    @property
    def install_url(self) -> str:
        return f"{self.html_url}/installations/new"

    def environment(self) -> dict[str, str]:
        """What a user would otherwise have to set."""
        return {
            APP_ID: str(self.id),
            f"{PREFIX}PRIVATE_KEY": self.private_key,
            f"{PREFIX}WEBHOOK_SECRET": self.webhook_secret,
            f"{PREFIX}CLIENT_ID": self.client_id,
            f"{PREFIX}CLIENT_SECRET": self.client_secret,
            f"{PREFIX}URL": self.url,
            f"{PREFIX}API_URL": self.api_url,
            "DISHWASHER_PUBLIC_URL": self.public_url,
        }


_FACTS = tuple(one.name for one in fields(Registration) if one.name not in SECRETS)


def stored(data: Path) -> Registration | None:
    """The App of this data folder, None where none was created; raises UserError."""
    folder = data / FOLDER
    if not (folder / FACTS).exists():
        return None
    values = {name: _read(folder / file).strip() for name, file in SECRETS.items()}
    try:
        facts = json.loads(_read(folder / FACTS))
        return Registration(
            id=int(facts["id"]), **values, **{name: str(facts[name]) for name in _FACTS[1:]}
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / FACTS} can not be read: put the file back, or make an App anew with "
            "`dishwasher app create --replace`"
        ) from error


def completed(environment: Mapping[str, str], data: Path) -> Mapping[str, str]:
    """The environment, with the stored App where it names no other."""
    if (registered := stored(data)) is None:
        return environment
    own = registered.environment()
    if environment.get(APP_ID, "").strip() not in ("", own[APP_ID], registered.client_id):
        return environment
    return {**own, **{name: value for name, value in environment.items() if value.strip()}}


def keep(registered: Registration, data: Path, *, replace: bool = False) -> Path:
    """Store it in one step and answer the folder; one that is there is put aside with `replace`.

    Raises UserError where there is one already: its secrets can not be had again.
    """
    folder = data / FOLDER
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = data / f"{FOLDER}.{secrets.token_hex(4)}.new"
        draft.mkdir(mode=0o700)
        try:
            _write(registered, draft)
            if replace:
                put_aside(data)
            # Onto a folder that holds anything this fails, whoever was faster.
            os.rename(draft, folder)
            _sync(data)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        if folder.exists():
            raise UserError(f"{folder} holds an App already: --replace puts it aside") from error
        raise InfraError(f"{folder} can not be written: {error.strerror or error}") from error
    return folder


def update(registered: Registration, data: Path) -> None:
    """Change what may be shown of the App that is stored."""
    path = data / FOLDER / FACTS
    draft = path.with_name(f"{FACTS}.{secrets.token_hex(4)}.new")
    try:
        _write_file(draft, _shown(registered))
        os.replace(draft, path)
    except OSError as error:
        raise InfraError(f"{path} can not be written: {error.strerror or error}") from error


def put_aside(data: Path) -> Path | None:
    """Rename the folder of the App that is there; its name now, None where there was none."""
    for number in range(1, 1000):
        aside = data / f"{FOLDER}.{number}"
        if aside.exists():
            continue
        with suppress(FileNotFoundError):
            os.rename(data / FOLDER, aside)
            return aside
        return None
    raise InfraError(f"{data} holds too many Apps that were put aside")


def _write(registered: Registration, folder: Path) -> None:
    for name, file in SECRETS.items():
        _write_file(folder / file, f"{getattr(registered, name)}\n")
    _write_file(folder / FACTS, _shown(registered))
    _sync(folder)


def _shown(registered: Registration) -> str:
    whole = asdict(registered)
    return json.dumps({name: whole[name] for name in _FACTS}, indent=2) + "\n"


def _write_file(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & OTHERS:
                raise UserError(
                    f"{path} may be read by others: run `chmod 600 {path}`, and make a new key on "
                    "the App's page if somebody may have"
                )
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it holds no text"
        raise UserError(f"{path} can not be read: {why}") from error
