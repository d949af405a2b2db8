"""Who we are to GitHub: the App's JWT, and installation tokens narrowed to one repository.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dishwasher.errors import UserError

CLOCK_DRIFT = 60
"""Seconds by which a JWT is issued in the past, as GitHub advises."""
LIFETIME = 540
"""Seconds; GitHub allows at most ten minutes ahead, and clocks differ."""
REUSE = 300
"""Seconds for which a JWT is used again instead of signing another."""
EARLY = 300.0
"""Seconds before its end at which a token is replaced."""


class Purpose(StrEnum):
    """What a token is for; each purpose has its own, narrowed to what it needs."""

    READ = "read"
    """Reads configurations, pull requests and what people may do; stays in this process."""
    REPORT = "report"
    """Writes checks and comments; stays in this process."""
    DEPLOY = "deploy"
    """Writes deployments and their statuses; stays in this process."""
    CLONE = "clone"
    """Goes to a runner."""


PERMISSIONS: dict[Purpose, dict[str, str]] = {
    Purpose.READ: {"contents": "read", "metadata": "read", "pull_requests": "read"},
    # A pull request's comments are open to who may write pull requests, without a right to issues.
    Purpose.REPORT: {"checks": "write", "metadata": "read", "pull_requests": "write"},
    Purpose.DEPLOY: {"deployments": "write", "metadata": "read"},
    Purpose.CLONE: {"contents": "read", "metadata": "read"},
}
"""The part of the App's permissions (infra/app-manifest.json) that each token holds.

https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""
_REPORTING = ("/check-runs", "/check-suites", "/issues/")
_DEPLOYING = ("/deployments",)


def purpose_of(path: str) -> Purpose:
    """Which token a call needs whose path stands below `/repos/{owner}/{name}`."""
    plain = path.partition("?")[0]
    if plain.startswith(_DEPLOYING):
        return Purpose.DEPLOY
    # A commit's check runs are listed below the commit.
    if plain.startswith(_REPORTING) or (
        plain.startswith("/commits/") and plain.endswith(_REPORTING[:2])
    ):
        return Purpose.REPORT
    return Purpose.READ


def granted_part(purpose: Purpose, granted: Mapping[str, str]) -> dict[str, str]:
    """What of a purpose's permissions an installation has accepted.

    An owner accepts new permissions when it suits them, and until then the App works with the old:
    https://docs.github.com/en/apps/maintaining-github-apps/modifying-a-github-app-registration
    """
    found = {}
    for name, level in PERMISSIONS[purpose].items():
        has = granted.get(name, "")
        if has == level or has in ("write", "admin"):
            found[name] = level
        elif has:
            found[name] = has
    return found


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token: opaque, of any length. `expires` in seconds since the epoch."""

    value: str
    expires: float


class Key:
    """The App's private key; signs the JWT that only mints tokens and reads delivery logs."""

    def __init__(self, app_id: str, private_key: str) -> None:
        import jwt

        if not app_id.strip():
            raise UserError("DISHWASHER_GITHUB_APP_ID is empty: set it to the App's id")
        self._issuer = app_id.strip()
        try:
            self._key: Any = jwt.get_algorithm_by_name("RS256").prepare_key(private_key)
            # A public key is taken too, and would fail only when it shall sign.
            jwt.encode({}, self._key, algorithm="RS256")
        except (jwt.InvalidKeyError, AttributeError, TypeError, ValueError) as error:
            raise UserError(
                "DISHWASHER_GITHUB_PRIVATE_KEY is not an RSA private key in PEM form: generate one "
                "on the App's settings page and give the text of the .pem file, or its path"
            ) from error
        self._lock = threading.Lock()
        self._signed = ""
        self._at = 0.0

    def jwt(self, now: float) -> str:
        """A JWT that is good for some minutes from now."""
        import jwt

        with self._lock:
            if not self._signed or not 0 <= now - self._at < REUSE:
                claims = {
                    "iat": int(now) - CLOCK_DRIFT,
                    "exp": int(now) + LIFETIME,
                    "iss": self._issuer,
                }
                self._signed = jwt.encode(claims, self._key, algorithm="RS256")
                self._at = now
            return self._signed


Scope = tuple[int, int, Purpose]
"""Installation, repository id and purpose: what a token is kept by. A clone token never is kept."""


class Tokens:
    """The server's installation tokens, in memory until shortly before their end."""

    def __init__(self) -> None:
        self._tokens: dict[Scope, Token] = {}
        self._minting: dict[Scope, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, scope: Scope, now: float) -> Token | None:
        with self._lock:
            token = self._tokens.get(scope)
        return token if token is not None and now < token.expires - EARLY else None

    def put(self, scope: Scope, token: Token, now: float) -> None:
        with self._lock:
            ended = [key for key, kept in self._tokens.items() if kept.expires <= now]
            for key in ended:
                del self._tokens[key]
                self._minting.pop(key, None)
            self._tokens[scope] = token

    def take_all(self) -> tuple[tuple[Scope, Token], ...]:
        """Every token that is kept, which from now on none is."""
        with self._lock:
            taken = tuple(self._tokens.items())
            self._tokens.clear()
            return taken

    def drop(self, scope: Scope, token: Token) -> None:
        """Forget this token, but not one that another thread has put in its place."""
        with self._lock:
            if self._tokens.get(scope) is token:
                del self._tokens[scope]

    def minting(self, scope: Scope) -> threading.Lock:
        """Held while a token is minted, so that threads which need the same one wait for it."""
        with self._lock:
            return self._minting.setdefault(scope, threading.Lock())


def parse_time(text: str) -> float:
    """GitHub's timestamp (`2026-11-22T10:00:00Z`, with or without fractions) in seconds."""
    return datetime.fromisoformat(text).timestamp()
