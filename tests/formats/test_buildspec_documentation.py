"""docs/buildspec.md says what formats/buildspec does."""

from __future__ import annotations

import re
from pathlib import Path

from dishwasher.core.config import JOBS
from dishwasher.core.outputs import ReportFormat
from dishwasher.core.unsupported import READ
from dishwasher.formats.buildspec import keys, phases

TEXT = (Path(__file__).parents[2] / "docs" / "buildspec.md").read_text(encoding="utf-8")
CODE = Path(phases.__file__).parent


def test_it_names_the_phases_in_their_order() -> None:
    assert ", ".join(f"`{key.name}`" for key in keys.PHASE_KEYS) in TEXT


def test_it_names_the_limits() -> None:
    assert f"at most {JOBS} jobs" in TEXT
    assert f"{phases.RETRIES} times, or n up to {phases.MOST_RETRIES}" in TEXT


def test_it_names_every_kind_of_batch() -> None:
    assert all(f"`{key.name}`" in TEXT for key in keys.KINDS)


def test_it_names_the_warnings_about_deployments() -> None:
    source = (CODE / "deploys.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"(deploy-[a-z]+(?:-[a-z]+)?)"', source))
    assert len(codes) == 3
    assert all(f"- `{code}`:" in TEXT for code in codes)


def test_the_reports_that_are_read_are_those_it_names() -> None:
    assert READ == (ReportFormat.JUNIT,)
    assert "Of reports, JUnit is read" in TEXT
