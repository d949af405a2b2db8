"""Who calls: nobody, a user, an app by its JWT, or an installation by its token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from dishwasher.demo.github.accounts import App, Installation, Token, User, covers
from dishwasher.demo.github.answer import Refusal, not_found
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.world import World

__all__ = ["Caller", "bearer", "identify"]

# https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
MAX_JWT_AHEAD_SECONDS = 600
# GitHub says to date `iat` a minute back "to protect against clock drift": it forgives none itself.
CLOCK_DRIFT_SECONDS = 0
# What a role may do with contents and pull requests.
ROLES = {"read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}


@dataclass(frozen=True, slots=True)
class Caller:
    """At most one of user, app and installation; `token` belongs to an installation."""

    user: User | None = None
    app: App | None = None
    installation: Installation | None = None
    token: Token | None = None

    @property
    def bucket(self) -> str:
        """What rate limits count by."""
        if self.installation is not None:
            return f"installation {self.installation.id}"
        if self.app is not None:
            return f"app {self.app.id}"
        return f"user {self.user.id}" if self.user is not None else "anonymous"

    def actor(self, world: World) -> User:
        """The account that shows as the author: an installation acts as its app's bot."""
        if self.installation is not None:
            return world.users[world.apps[self.installation.app_id].bot_id]
        if self.user is None:
            raise Refusal(401, "Requires authentication")
        return self.user

    def app_id(self) -> int | None:
        return None if self.installation is None else self.installation.app_id

    def level(self, world: World, repository: Repository, permission: str) -> str:
        """none, read, write or admin on one kind of thing in a repository."""
        public = "none" if repository.private else "read"
        if self.app is not None and permission == "metadata":
            return "read" if world.installation_on(self.app.id, repository) else public
        if self.token is not None and self.installation is not None:
            narrowed = self.token.repository_ids
            seen = world.sees(self.installation, repository)
            if not seen or (narrowed is not None and repository.id not in narrowed):
                return public
            granted = self.token.permissions.get(permission, "none")
            return granted if covers(granted, public) else public
        if self.user is not None:
            if self.user.id == repository.owner_id:
                return "admin"
            return (
                ROLES[repository.collaborators.get(self.user.id, "")]
                if (self.user.id in repository.collaborators)
                else public
            )
        return public

    def demand(self, world: World, repository: Repository, wanted: tuple[str, ...]) -> None:
        """Raise unless one of `permission:level` is granted. What may not be seen is not found."""
        pairs = [one.split(":") for one in wanted]
        if any(covers(self.level(world, repository, kind), level) for kind, level in pairs):
            return
        if self.level(world, repository, "metadata") == "none":
            raise not_found()
        if self.installation is None:
            raise (
                Refusal(403, "Must have push access to the repository.")
                if self.user
                else Refusal(401, "Requires authentication")
            )
        accepted = "; ".join(f"{kind}={level}" for kind, level in pairs)
        headers = {"X-Accepted-GitHub-Permissions": accepted}
        raise Refusal(403, "Resource not accessible by integration", headers=headers)


def bearer(headers: Mapping[str, str]) -> str | None:
    """The secret in an Authorization header: `Bearer`, `token`, or the password of `Basic`."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() in ("bearer", "token"):
        return value.strip()
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as problem:
            raise Refusal(401, "Bad credentials") from problem
        return password or user
    return None


def identify(world: World, secret: str | None) -> Caller:
    """Raise 401 for a secret that nobody has, and 403 for a suspended installation."""
    if secret is None:
        return Caller()
    if (token := world.tokens.get(secret)) is not None:
        return _installation(world, token)
    if (user := world.user_of_token(secret)) is not None:
        return Caller(user=user)
    if any(secret == app.client_secret for app in world.apps.values()):
        # What an app does by its client id and secret is checked where it is done.
        return Caller()
    if secret.count(".") == 2 and not secret.startswith("ghs_"):
        return Caller(app=_app(world, secret))
    raise Refusal(401, "Bad credentials")


def _installation(world: World, token: Token) -> Caller:
    installation = world.installations.get(token.installation_id)
    if installation is None or token.expires_at <= world.clock.now():
        raise Refusal(401, "Bad credentials")
    if installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    return Caller(installation=installation, token=token)


def _app(world: World, secret: str) -> App:
    try:
        claims = jwt.decode(secret, options={"verify_signature": False})
    except jwt.InvalidTokenError as problem:
        raise Refusal(401, "A JSON web token could not be decoded") from problem
    issuer = str(claims.get("iss", ""))
    app = next((a for a in world.apps.values() if issuer in (str(a.id), a.client_id)), None)
    if app is None:
        raise Refusal(401, "Integration not found")
    try:
        options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        jwt.decode(secret, app.public_key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
    except jwt.InvalidTokenError as problem:
        raise Refusal(401, "A JSON web token could not be decoded") from problem
    now = world.clock.now()
    # A test advances this clock and seldom the caller's: a JWT that is good by either is good.
    reasons = [_untimely(claims, moment) for moment in (now, now - world.clock.offset)]
    if all(reasons):
        raise Refusal(401, reasons[0])
    return app


def _untimely(claims: Mapping[str, object], now: float) -> str:
    """Why a JWT is not good at a moment; nothing if it is."""
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int) or not isinstance(issued, int):
        return "Missing 'issued at' claim ('iat') or 'expiration time' claim ('exp')"
    if expires <= now:
        return "'Expiration time' claim ('exp') must be a numeric value in the future"
    if expires > now + MAX_JWT_AHEAD_SECONDS + 1:
        return "'Expiration time' claim ('exp') is too far in the future"
    if issued > now + CLOCK_DRIFT_SECONDS + 1:
        return "'Issued at' claim ('iat') must be an Integer representing the time"
    return ""
