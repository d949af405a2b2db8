"""Where to look: places on a job's page, as links in GitHub's Markdown."""

from __future__ import annotations

from urllib.parse import quote

from dishwasher.core.job import MEETS_A_NEED
from dishwasher.core.markdown import inert
from dishwasher.core.result import Result


def log_url(page: str, result: Result | None) -> str:
    """The job's page at the beginning of the step that failed, or at its top."""
    for number, phase in enumerate(result.phases if result else (), 1):
        if phase.reason is None or phase.reason in MEETS_A_NEED:
            continue
        failed = [place for place, step in enumerate(phase.steps, 1) if step.exit_code]
        return f"{page}#{step_id(number, failed[-1] if failed else 0)}"
    return page


def step_id(phase: int, step: int) -> str:
    """The anchor in the log where a step begins; both count from 1, step 0 is the phase."""
    return f"s{phase}-{step}"


def artifact_url(page: str, path: str) -> str:
    return f"{page}/artifacts/{quote(path, errors='surrogateescape')}"


def bundle_url(page: str, folder: str = "") -> str:
    """All artifacts of a job, or those of one folder, as one archive."""
    query = f"?folder={quote(folder, safe='', errors='surrogateescape')}" if folder else ""
    return f"{page}/artifacts.tar.gz{query}"


def link(text: str, url: str) -> str:
    return f"[{inert(text)}]({url})"
