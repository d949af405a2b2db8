"""A data folder and what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.local.database import Database


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    database = Database(data)
    yield database
    database.close()
