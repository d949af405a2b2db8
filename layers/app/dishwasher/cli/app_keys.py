"""Where `dishwasher app` keeps an App's keys: a server's data folder, or a stack's settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dishwasher.cli.account import PARAMETERS, Account, words
from dishwasher.errors import InfraError, UserError
from dishwasher.wiring import registration
from dishwasher.wiring.registration import Registration
from dishwasher.wiring.settings import WEB_URL

PROBE = "probe"
"""A parameter that is written, to see whether one can be, and removed."""


class Keys(Protocol):
    @property
    def place(self) -> str:
        """As people call it."""
        ...

    @property
    def public_url(self) -> str:
        """Where the bot is; empty where only the person knows."""
        ...

    @property
    def github(self) -> tuple[str, str]:
        """URL of GitHub, and of its API where it is said."""
        ...

    def check(self, *, replacing: bool) -> None:
        """Raise UserError for what would fail once the App is made, and its keys lost."""
        ...

    def keep(self, registered: Registration, *, replacing: bool) -> None:
        """Store them; raises UserError or InfraError."""
        ...

    def next_steps(self) -> Sequence[tuple[str, str]]:
        """What to do now: words, and a command."""
        ...


class FolderKeys:
    def __init__(self, data: Path, *, named: bool) -> None:
        """`named`: the data folder was given in the command."""
        self._data, self._named = data, named

    @property
    def place(self) -> str:
        return str(self._data / registration.FOLDER)

    @property
    def public_url(self) -> str:
        return os.environ.get("DISHWASHER_PUBLIC_URL", "")

    @property
    def github(self) -> tuple[str, str]:
        return (
            os.environ.get("DISHWASHER_GITHUB_URL") or WEB_URL,
            os.environ.get("DISHWASHER_GITHUB_API_URL", ""),
        )

    def check(self, *, replacing: bool) -> None:
        if not replacing and (found := registration.stored(self._data)) is not None:
            raise UserError(
                f"{self.place} holds the App {found.name} ({found.html_url}): start "
                "`dishwasher serve`, or give --replace to put its keys aside and make another"
            )
        try:
            self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._data):
                pass
        except OSError as error:
            raise UserError(
                f"{self._data} can not be written: {error.strerror or error}; choose another with "
                "--data"
            ) from error

    def keep(self, registered: Registration, *, replacing: bool) -> None:
        registration.keep(registered, self._data, replace=replacing)

    def next_steps(self) -> Sequence[tuple[str, str]]:
        chosen = f" --data {self._data}" if self._named else ""
        return (
            ("Start the bot:", f"dishwasher serve{chosen}"),
            ("See whether all is well:", f"dishwasher doctor{chosen}"),
        )


class ParameterKeys:
    """SecureStrings of the Parameter Store, which keeps what was there before as older versions."""

    def __init__(self, account: Account) -> None:
        from dishwasher.aws.parameters import Parameters

        self._account = account
        self._parameters = Parameters(account.clients)

    @property
    def place(self) -> str:
        return f"the parameters {self._account.parameter('*')} ({self._account.region})"

    @property
    def public_url(self) -> str:
        return self._account.stack.url

    @property
    def github(self) -> tuple[str, str]:
        given = self._account.stack.parameters
        return given.get("GithubUrl") or WEB_URL, given.get("GithubApiUrl", "")

    def check(self, *, replacing: bool) -> None:
        found = self._account.stored()
        if found and not replacing:
            name = found.get("app-id", "whose id is missing")
            raise UserError(
                f"{self.place} hold the App {name}: `dishwasher doctor{words(self._account)}` says "
                "whether all is well; give --replace to make another one"
            )
        probe = self._account.parameter(PROBE)
        self._parameters.put(probe, "whether parameters can be written")
        self._parameters.delete([probe])

    def keep(self, registered: Registration, *, replacing: bool) -> None:
        from dishwasher.aws.user_errors import explained

        said = registered.environment()
        with explained("can not store the App's keys"):
            # Its id comes last: where it is, all of them are.
            for name in sorted(PARAMETERS, key=lambda name: name == "app-id"):
                self._parameters.put(self._account.parameter(name), said[PARAMETERS[name]])
        if self._account.stored().keys() != PARAMETERS.keys():
            raise InfraError(f"{self.place} were written and can not be read again")

    def next_steps(self) -> Sequence[tuple[str, str]]:
        return (("See whether all is well:", f"dishwasher doctor{words(self._account)}"),)
