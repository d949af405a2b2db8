from __future__ import annotations

import pytest
from dishwasher.core.session import (
    PLACE_LIMIT,
    PendingLogin,
    Person,
    Session,
    open_pending,
    open_session,
    own_place,
    seal_pending,
    seal_session,
)
from hypothesis import given
from hypothesis import strategies as st

SECRET = b"s" * 32
SESSION = Session(Person(7, "ännä"), 100.5)
PENDING = PendingLogin("state", "verifier", "/jobs/1", 60.0)


def test_what_was_sealed_is_opened_until_its_time_is_over() -> None:
    session, pending = seal_session(SECRET, SESSION), seal_pending(SECRET, PENDING)
    assert open_session(SECRET, session, 100.0) == SESSION
    assert open_pending(SECRET, pending, 59.0) == PENDING
    assert open_session(SECRET, session, 100.5) is None
    assert open_pending(SECRET, pending, 60.0) is None


def test_the_one_is_not_taken_for_the_other() -> None:
    assert open_session(SECRET, seal_pending(SECRET, PENDING), 0.0) is None
    assert open_pending(SECRET, seal_session(SECRET, SESSION), 0.0) is None


def test_another_secret_opens_nothing() -> None:
    assert open_session(b"t" * 32, seal_session(SECRET, SESSION), 0.0) is None


@given(st.text(max_size=60), st.integers(0, 200))
def test_what_is_not_ours_opens_nothing(text: str, place: int) -> None:
    sealed = seal_session(SECRET, SESSION)
    assert open_session(SECRET, text, 0.0) is None
    assert open_session(SECRET, f".{text}", 0.0) is None
    at = place % len(sealed)
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    assert open_session(SECRET, changed, 0.0) is None


def test_a_cookie_holds_nothing_that_a_header_can_not() -> None:
    assert (
        seal_session(SECRET, SESSION).replace(".", "").replace("-", "").replace("_", "").isalnum()
    )


def test_the_challenge_is_the_one_of_the_rfc() -> None:
    """https://www.rfc-editor.org/rfc/rfc7636#appendix-B"""
    pending = PendingLogin("", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/", 0.0)
    assert pending.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("/jobs/1", "/jobs/1"),
        ("/a?b=c#d", "/a?b=c#d"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/ü", "/"),
        ("/" + "x" * PLACE_LIMIT, "/"),
    ],
)
def test_the_way_back_stays_with_us(text: str, place: str) -> None:
    assert own_place(text) == place
