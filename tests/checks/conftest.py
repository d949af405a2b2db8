"""Real repositories for the checks that ask git."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")
