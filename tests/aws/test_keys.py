"""What blobs are called in a bucket."""

from __future__ import annotations

import pytest
from dishwasher.aws.keys import MAX_KEY_BYTES, beside, object_of, part_of, whole_of
from dishwasher.errors import Refused
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "key, object",
    [
        ("attempts/b1.tests.1/log", "attempts/b1.tests.1/log"),
        ("attempts/b1.ü.1/artifacts/a b.html", "attempts/b1.%C3%BC.1/artifacts/a%20b.html"),
        ("100%", "100%25"),
        ("a+b?c#d", "a%2Bb%3Fc%23d"),
        ("\udcff", "%ED%B3%BF"),
    ],
)
def test_a_key_stays_readable(key: str, object: str) -> None:
    assert object_of(key) == object


def test_what_would_be_too_long_keeps_its_first_name_for_the_rules_of_the_bucket() -> None:
    long = object_of("attempts/" + "é" * 500)
    assert long.startswith("attempts/%%%")
    assert len(part_of(long, 999_999)) < MAX_KEY_BYTES
    assert object_of("é" * 500).startswith("%%%")
    assert object_of("caches/" + "é" * 500) != long.replace("attempts", "caches")


@given(st.text(min_size=1, max_size=400), st.text(min_size=1, max_size=400))
def test_no_two_keys_share_an_object_and_none_takes_a_part_of_a_log(one: str, other: str) -> None:
    try:
        objects = object_of(one), object_of(other)
    except Refused:
        return
    assert (objects[0] == objects[1]) == (one == other)
    parts = {part_of(objects[0], 1), whole_of(objects[0], 7)}
    assert objects[1] not in parts
    assert all(part.startswith(beside(objects[0])) for part in parts)
    assert part_of(objects[0], 0) == objects[0]
    assert len(max(parts)) <= MAX_KEY_BYTES


def test_the_parts_of_a_log_sort_as_its_bytes() -> None:
    parts = [part_of("a/log", number) for number in (1, 2, 9, 10, 99, 100)]
    assert parts == sorted(parts)
