"""Repositories of a few files, written down, and what they imply in short."""

from __future__ import annotations

from collections.abc import Mapping

from dishwasher.core.config import Config, JobSpec
from dishwasher.formats.implied import implied
from dishwasher.formats.repository import Repository

Files = Mapping[str, str]

MANAGE = """\
#!/usr/bin/env python
import os
import sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""


def repository(files: Files) -> Repository:
    return Repository(frozenset(files), dict(files).get)


def plan(files: Files) -> Config:
    return implied(repository(files))


def job(files: Files, name: str) -> JobSpec:
    found = [job for job in plan(files).jobs if job.name == name]
    assert found, f"no {name} among {[job.name for job in plan(files).jobs]}"
    return found[0]


def commands(files: Files, name: str) -> list[str]:
    """What the check itself runs, without what is installed for it."""
    return [
        step.command
        for phase in job(files, name).phases
        if phase.name == "build"
        for step in phase.steps
    ]


def setup(files: Files) -> list[str]:
    """What is installed first, of all checks alike."""
    phases = {
        phase for job in plan(files).jobs for phase in job.phases if phase.name == "dependencies"
    }
    assert len(phases) < 2
    return [step.command for phase in phases for step in phase.steps]
