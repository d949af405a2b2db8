from __future__ import annotations

import threading

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dishwasher.errors import UserError
from dishwasher.github.auth import (
    EARLY,
    PERMISSIONS,
    Key,
    Purpose,
    Token,
    Tokens,
    granted_part,
    parse_time,
    purpose_of,
)

from tests.github.conftest import pem

NOW = 1_750_000_000.0
SCOPE = (99, 5, Purpose.READ)


def claims(token: str) -> dict[str, object]:
    public = load_pem_private_key(pem().encode(), None).public_key()
    found: dict[str, object] = jwt.decode(
        token,
        public,  # type: ignore[arg-type]  # a public key of any kind; this one is RSA
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    return found


def test_the_jwt_is_what_github_takes() -> None:
    said = claims(Key(" Iv23liABC\n", pem()).jwt(NOW))
    assert said["iss"] == "Iv23liABC"
    assert said["iat"] == NOW - 60
    assert isinstance(said["exp"], int) and NOW < said["exp"] <= NOW + 600


def test_a_jwt_is_used_again_for_some_minutes_and_not_when_time_goes_back() -> None:
    key = Key("17", pem())
    first = key.jwt(NOW)
    assert key.jwt(NOW + 299) == first
    assert claims(key.jwt(NOW + 300))["iat"] == NOW + 240
    assert claims(key.jwt(NOW - 500))["iat"] == NOW - 560


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nxx\n-----END"])
def test_a_key_that_is_none_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(UserError, match="PRIVATE_KEY is not an RSA private key"):
        Key("17", text)


def test_a_public_key_can_not_sign() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = load_pem_private_key(pem().encode(), None).public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(UserError, match="PRIVATE_KEY is not an RSA private key"):
        Key("17", text)


def test_an_empty_app_id_is_refused() -> None:
    with pytest.raises(UserError, match="APP_ID is empty"):
        Key("  ", pem())


def test_a_runners_token_can_read_contents_and_nothing_else() -> None:
    assert PERMISSIONS[Purpose.CLONE] == {"contents": "read", "metadata": "read"}
    assert "write" not in PERMISSIONS[Purpose.CLONE].values()


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        ("/contents/a.yml", Purpose.READ),
        ("/collaborators/alice/permission", Purpose.READ),
        ("/pulls/7", Purpose.READ),
        ("/commits/abc", Purpose.READ),
        ("/check-runs", Purpose.REPORT),
        ("/commits/abc/check-runs", Purpose.REPORT),
        ("/commits/abc/check-suites", Purpose.REPORT),
        ("/issues/7/comments", Purpose.REPORT),
        ("/issues/comments/9/reactions", Purpose.REPORT),
        ("/deployments/3/statuses", Purpose.DEPLOY),
        # Files and branches of these names are only names.
        ("/contents/check-runs", Purpose.READ),
        ("/git/ref/heads/deployments", Purpose.READ),
    ],
)
def test_every_call_has_the_token_that_it_needs_and_no_wider(path: str, purpose: Purpose) -> None:
    assert purpose_of(path) is purpose


def test_no_token_may_write_more_than_its_purpose() -> None:
    written = {
        purpose: {name for name, level in PERMISSIONS[purpose].items() if level != "read"}
        for purpose in Purpose
    }
    assert written == {
        Purpose.READ: set(),
        Purpose.REPORT: {"checks", "pull_requests"},
        Purpose.DEPLOY: {"deployments"},
        Purpose.CLONE: set(),
    }


def test_what_an_owner_has_not_accepted_is_not_asked_for() -> None:
    granted = {"checks": "read", "pull_requests": "write", "metadata": "read", "actions": "write"}
    expected = {"checks": "read", "pull_requests": "write", "metadata": "read"}
    assert granted_part(Purpose.REPORT, granted) == expected
    assert granted_part(Purpose.READ, granted) == {"metadata": "read", "pull_requests": "read"}
    assert granted_part(Purpose.DEPLOY, {}) == {}


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    tokens = Tokens()
    token = Token("ghs_17_" + "x.y-z" * 200, NOW + 3600)
    tokens.put(SCOPE, token, NOW)
    assert tokens.get(SCOPE, NOW + 3600 - EARLY - 1) is token
    assert tokens.get(SCOPE, NOW + 3600 - EARLY) is None
    assert tokens.get((99, 6, Purpose.READ), NOW) is None


def test_dropping_a_token_spares_its_successor() -> None:
    tokens = Tokens()
    old, new = Token("old", NOW + 3600), Token("new", NOW + 3600)
    tokens.put(SCOPE, old, NOW)
    tokens.put(SCOPE, new, NOW)
    tokens.drop(SCOPE, old)
    assert tokens.get(SCOPE, NOW) is new
    tokens.drop(SCOPE, new)
    assert tokens.get(SCOPE, NOW) is None


def test_tokens_that_have_ended_are_forgotten() -> None:
    tokens = Tokens()
    lock = tokens.minting(SCOPE)
    tokens.put(SCOPE, Token("old", NOW + 3600), NOW)
    tokens.put((99, 6, Purpose.READ), Token("new", NOW + 9000), NOW + 3600)
    assert tokens.minting(SCOPE) is not lock
    assert isinstance(lock, type(threading.Lock()))


@pytest.mark.parametrize(
    "text", ["2025-06-15T15:06:40Z", "2025-06-15T15:06:40.000Z", "2025-06-15T17:06:40+02:00"]
)
def test_github_writes_times_in_several_ways(text: str) -> None:
    assert parse_time(text) == NOW
