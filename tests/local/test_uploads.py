"""Tokens: only ours, only whole, only in time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.errors import Gone, Refused
from dishwasher.local.uploads import Leave, sign, verify

LEAVE = Leave("attempts/b1.tests.1/artifacts/ü.html", 12, "ab" * 32, 1000.5)
SECRET = b"the server's own"


def test_what_was_signed_is_read_in_time() -> None:
    token = sign(LEAVE, SECRET)
    assert verify(token, SECRET, 1000.5) == LEAVE
    with pytest.raises(Gone):
        verify(token, SECRET, 1000.6)


def test_no_character_may_be_changed_added_or_left_out() -> None:
    token = sign(LEAVE, SECRET)
    others = {token[:place] + token[place + 1 :] for place in range(len(token))}
    others |= {token[:place] + "=" + token[place:] for place in range(len(token) + 1)}
    others |= {token[:place] + "A" + token[place + 1 :] for place in range(len(token))}
    others |= {token[:place] + "é" + token[place + 1 :] for place in range(len(token))}
    for other in others - {token}:
        with pytest.raises(Refused):
            verify(other, SECRET, 0)


def test_another_servers_token_is_refused() -> None:
    with pytest.raises(Refused, match="this server"):
        verify(sign(LEAVE, b"another"), SECRET, 0)


def test_the_parts_of_two_tokens_do_not_go_together() -> None:
    one, two = sign(LEAVE, SECRET), sign(replace(LEAVE, size=13), SECRET)
    with pytest.raises(Refused):
        verify(one.split(".")[0] + "." + two.split(".")[1], SECRET, 0)
