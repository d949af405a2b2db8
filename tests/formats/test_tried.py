"""The files of docs/tried.md: short, valid, and without a warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.formats.native import parse

FILES = sorted((Path(__file__).parents[2] / "docs" / "tried").glob("*.yml"))
LINES = 14
"""`under 15`, as issue 4 asks."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_that_was_tried_is_short_and_valid(file: Path) -> None:
    data = file.read_bytes()
    config = parse(".dishwasher.yml", data)
    assert config.jobs
    assert config.warnings == ()
    assert data.count(b"\n") <= LINES


def test_the_page_tells_of_each_file() -> None:
    page = (FILES[0].parents[1] / "tried.md").read_text()
    assert len(FILES) >= 3
    assert [file.name for file in FILES if f"tried/{file.name}" not in page] == []
