"""Keys as paths: safe, and one for each."""

from __future__ import annotations

import os

import pytest
from dishwasher.errors import Refused
from dishwasher.local.keys import path_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "key, path",
    [
        ("log", ("=log",)),
        ("attempts/b1.tests.1/log", ("attempts", "b1.tests.1", "=log")),
        ("a b/ü", ("a%20b", "=%C3%BC")),
        ("...", ("=...",)),
    ],
)
def test_a_path_can_be_read_by_people(key: str, path: tuple[str, ...]) -> None:
    assert path_of(key) == path


def path_or_none(key: str) -> tuple[str, ...] | None:
    try:
        return path_of(key)
    except Refused:
        return None


@given(st.text(alphabet=st.sampled_from("./%=aA~\0é\udc80"), max_size=12), st.text(max_size=12))
def test_no_path_leads_out_and_none_is_shared(key: str, other: str) -> None:
    path = path_or_none(key)
    if path is not None:
        assert all(0 < len(os.fsencode(name)) <= 255 for name in path)
        assert not {"", ".", ".."} & set(path)
        assert all(name.isascii() and name.isprintable() and "/" not in name for name in path)
        assert key == other or path_or_none(other) != path
