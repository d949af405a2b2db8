"""The check of spelling, with real git and the real typos."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from dishwasher.checks import spelling
from dishwasher.core.findings import Level

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


class Project:
    """A repository that is written to through git itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        done = subprocess.run(
            ("git", *identity, *arguments),
            cwd=self.path,
            env={**ENVIRONMENT, "GIT_CONFIG_GLOBAL": "/dev/null"},
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, files: dict[str, str | bytes | None]) -> str:
        """Write these files (None deletes one) and commit all; the commit's id."""
        for name, content in files.items():
            target = self.path / name
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def check(self, base: str, head: str) -> spelling.SpellingReport:
        return spelling.check(self.path, base, head, ENVIRONMENT)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def places(report: spelling.SpellingReport) -> list[tuple[str, int]]:
    return [(finding.path, finding.start_line) for finding in report.findings]


def test_only_added_lines_are_judged(project: Project) -> None:
    base = project.commit({"a.md": "We recieve mail.\n"})
    head = project.commit({"a.md": "We recieve mail.\nIt is seperate.\n"})
    report = project.check(base, head)
    (finding,) = report.findings
    assert (finding.path, finding.start_line, finding.end_line) == ("a.md", 2, 2)
    assert (finding.start_column, finding.end_column) == (7, 14)
    assert finding.level is Level.NOTICE
    assert finding.title == "spelling"
    assert finding.message == (
        "`seperate` → `separate`. "
        'Not a typo? Add `seperate = "seperate"` under `[default.extend-words]` in `_typos.toml`.'
    )
    assert (report.total, report.files) == (1, 1)
