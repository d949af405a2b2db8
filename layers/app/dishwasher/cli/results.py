"""How the jobs of a local run ended, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dishwasher.cli.excerpt import Source, shown_line
from dishwasher.cli.local_run import Ended
from dishwasher.cli.reading import contents
from dishwasher.cli.terminal import Paint, clean, pad
from dishwasher.core.codec import encode
from dishwasher.core.job import CONCLUSION
from dishwasher.core.outcome import TestSummary
from dishwasher.core.rendering import duration, size
from dishwasher.errors import UserError

FINDINGS_SHOWN = 20


def verdict(one: Ended, shown: Paint, told: set[str], root: Path) -> Iterator[str]:
    """How a job ended; what was `told` while it ran is not said again.

    Findings are shown with their lines of the files below `root`.
    """
    style = "good" if one.is_fine else "error"
    took = f" in {duration(one.seconds)}" if one.seconds else ""
    why = clean(one.detail)
    why = "" if why in told else why
    yield f"  {shown(style, str(one.conclusion))}{took}  {why}".rstrip()
    result = one.result
    if result.tests is not None:
        yield f"  tests: {result.tests.words}"
    for finding in result.findings[:FINDINGS_SHOWN]:
        level = "error" if finding.level == "failure" else "warning"
        place = f"{clean(finding.path)}:{finding.start_line}"
        name = f" [{clean(finding.title)}]" if finding.title else ""
        yield f"  {shown(level, place)}: {clean(finding.message)}{shown('faint', name)}"
        column = finding.start_column or 0
        source = _source(root / finding.path)
        yield from shown_line(source, finding.start_line, column, shown, level, "    ")
    if result.findings_total > FINDINGS_SHOWN:
        yield f"  … {result.findings_total - FINDINGS_SHOWN} findings more"
    for note in result.notes:
        yield f"  {shown('note', 'note')}: {clean(note)}"


def _source(path: Path) -> Source | None:
    """None where the file can not be read: the job may have made it."""
    try:
        data = contents(path) if path.is_file() else None
    except (UserError, OSError):
        return None
    return None if data is None else Source(data)


def summary(ended: list[Ended], shown: Paint, artifacts: Path | None) -> Iterator[str]:
    """All jobs, a line each, and where their artifacts are."""
    width = max(len(one.spec.name) for one in ended)
    for one in ended:
        style = "good" if one.is_fine else "error"
        took = duration(one.seconds) if one.seconds else ""
        name = pad(clean(one.spec.name), width)
        yield f"{name}  {shown(style, pad(str(one.conclusion), 10))}  {took}".rstrip()
    kept = [artifact for one in ended for artifact in one.result.artifacts]
    if kept:
        total = size(sum(artifact.size for artifact in kept))
        where = f"in {artifacts}" if artifacts else "not kept; --artifacts DIR keeps them"
        yield f"{len(kept)} artifact{'s' if len(kept) > 1 else ''}, {total}: {where}"


def _tests(tests: TestSummary | None) -> dict[str, int]:
    counted = ("passed", "failed", "skipped")
    return {name: getattr(tests, name) if tests else 0 for name in counted}


def document(ended: list[Ended]) -> dict[str, Any]:
    """What `--json` writes, for programs."""
    names = ("path", "start_line", "end_line", "level", "message", "title")
    return {
        "conclusion": "success" if all(one.is_fine for one in ended) else "failure",
        "jobs": [
            {
                "name": one.spec.name,
                "conclusion": one.conclusion,
                "reason": one.reason,
                "phases": [
                    {
                        "name": phase.name,
                        "conclusion": CONCLUSION[phase.reason] if phase.reason else None,
                        "steps": [
                            {
                                "command": step.command,
                                "exit_code": step.exit_code,
                                "seconds": round(step.seconds, 3),
                                "cpu_seconds": round(step.cpu_seconds, 3),
                                "peak_bytes": step.peak_bytes or None,
                            }
                            for step in phase.steps
                        ],
                    }
                    for phase in one.result.phases
                ],
                "findings": [
                    {name: encode(getattr(finding, name)) for name in names}
                    for finding in one.result.findings
                ],
                "artifacts": [encode(artifact) for artifact in one.result.artifacts],
                "tests": _tests(one.result.tests),
            }
            for one in ended
        ],
    }
