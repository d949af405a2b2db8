"""Every key is described, its example is valid, and its schema says so too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from dishwasher.formats import compose
from dishwasher.formats.buildspec import keys
from dishwasher.formats.problems import Problems
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Key, Record
from dishwasher.formats.tree import Entry, Scalar


def every(record: Record) -> Iterator[Key[Any]]:
    for key in record.keys:
        yield key
        if isinstance(key.type, Record):
            yield from every(key.type)
        elif isinstance(key.type, keys.Records | keys.Table):
            yield from every(key.type.record)


KEYS = {id(key): key for key in (*every(keys.OLD_FILE), *every(keys.ENV))}.values()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_an_example_is_valid(key: Key[Any]) -> None:
    problems = Problems()
    node = compose.parse(json.dumps(key.example).encode(), problems)
    assert node is not None
    if key.example not in ([], {}, {"dynamic": {}}, {"build-list": []}):
        assert key.type.read(Entry(Scalar(key.name, 1, 1), node), Reader(problems)) is not None
    assert not problems
    assert key.description.endswith(".")
    jsonschema_rs.validator_for(key.type.schema()).validate(key.example)
