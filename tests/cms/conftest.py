"""The project that is run, and when: each test installs all of it from the package indexes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cms.running import HERE, PROJECTS
from tests.conftest import REAL

# Under `make test-real` nothing may be skipped, and minutes matter: there the article's file is run
# as it stands, and the rest of this folder is left to `make test-projects`.
collect_ignore = [] if os.environ.get(PROJECTS) or not os.environ.get(REAL) else ["test_formats.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not (os.environ.get(PROJECTS) or os.environ.get(REAL)):
        reason = "installs from package indexes: make test-projects"
        for item in items:
            if item.path.parent == HERE:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Beside it a link to a folder where pip keeps what it has fetched once."""
    root = tmp_path / "cms"
    pip = tmp_path.parent / "pip"
    pip.mkdir(exist_ok=True)
    (tmp_path / "pip").symlink_to(pip)
    shutil.copytree(HERE / "project", root)
    return root
