"""docs/config.md says what native.py does: its examples parse, and it names every key."""

from __future__ import annotations

import re
from pathlib import Path

from dishwasher.core.config import MATCHERS
from dishwasher.formats import compose, jobs, native, source

TEXT = (Path(__file__).parents[2] / "docs" / "config.md").read_text(encoding="utf-8")


def test_its_examples_parse() -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        native.parse(".dishwasher.yml", example.encode())


def test_every_key_has_its_row() -> None:
    for key in {*native.CHECK_KEYS, *native.DEPLOYMENT_KEYS}:
        assert f"| `{key}` |" in TEXT
    for section in native.SECTIONS:
        assert f"\n## `{section}`\n" in TEXT
    for matcher in MATCHERS:
        assert f"`{matcher}`" in TEXT


def test_it_names_the_limits() -> None:
    assert f"at most {jobs.JOBS}\njobs" in TEXT
    assert f"1 to {jobs.NAME_LENGTH} printable" in TEXT
    assert f"{compose.NODES:,} values" in TEXT
    assert f"{compose.DEPTH} levels" in TEXT
    assert source.SIZE == 1024 * 1024
