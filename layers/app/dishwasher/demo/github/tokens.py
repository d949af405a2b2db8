"""Installation tokens: minted in the long form, narrowed, expiring, revocable."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping

from dishwasher.demo.github.accounts import Installation, Token, covers
from dishwasher.demo.github.answer import Refusal
from dishwasher.demo.github.world import World

__all__ = ["mint"]

# https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
LIFETIME_SECONDS = 3600
MAX_REPOSITORIES = 500
# The signature of a stateless token: 256 bytes make the whole about 520 characters, as announced.
SIGNATURE_BYTES = 256


def mint(
    world: World,
    installation: Installation,
    repository_ids: frozenset[int] | None,
    permissions: Mapping[str, str] | None,
    *,
    stateless: bool = True,
) -> Token:
    """Raise 422 for more than the installation was granted."""
    granted = installation.permissions
    for name, level in (permissions or {}).items():
        if not covers(granted.get(name), level):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    if repository_ids is not None and len(repository_ids) > MAX_REPOSITORIES:
        raise Refusal(422, "Too many repositories for one token.")
    expires_at = world.clock.now() + LIFETIME_SECONDS
    token = Token(
        value=_stateless(installation, expires_at) if stateless else _opaque(),
        installation_id=installation.id,
        repository_ids=repository_ids,
        permissions=dict(permissions or granted) | {"metadata": "read"},
        expires_at=expires_at,
    )
    world.tokens[token.value] = token
    return token


def _stateless(installation: Installation, expires_at: float) -> str:
    """`ghs_APPID_` and a JWT: with dots, underscores and dashes, of no fixed length."""
    claims = {"iss": "github", "sub": installation.id, "exp": int(expires_at), "jti": _random(12)}
    head = _encoded({"alg": "RS256", "kid": "standin", "typ": "JWT"})
    return f"ghs_{installation.app_id}_{head}.{_encoded(claims)}.{_random(SIGNATURE_BYTES)}"


def _opaque() -> str:
    """The form of before 2026: 40 characters."""
    return "ghs_" + secrets.token_hex(18)


def _encoded(document: Mapping[str, object]) -> str:
    raw = json.dumps(document, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _random(size: int) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
