"""Findings as annotations that GitHub takes: within its rules, worst first, where they help."""

from __future__ import annotations

import re
from dataclasses import replace

from dishwasher.core.added import Added
from dishwasher.core.findings import Finding, Level
from dishwasher.core.markdown import printable

MAX_ANNOTATIONS = 300
"""A check run shows no more; the summary says how many findings there are."""
MAX_MESSAGE = 16_000
"""Characters; GitHub's limit is 64 KB of an annotation's message, at most 4 bytes a character."""
MAX_TITLE = 255
"""Characters of an annotation's title, which is safe for a check run's, too, as that has no rule.

https://docs.github.com/en/rest/checks/runs
"""
MAX_LINE = 2**31 - 1
_DRIVE = re.compile(r"[A-Za-z]:")


def nearby(findings: tuple[Finding, ...], added: Added | None) -> tuple[Finding, ...]:
    """Those on lines that the change has added; all where these are not known.

    GitHub shows annotations of lines and files that a pull request does not touch as well, and
    people complain: https://github.com/reviewdog/reviewdog/issues/932
    """
    if added is None:
        return findings
    return tuple(
        one
        for one in findings
        if added.holds(one.path.removeprefix("./"), one.start_line, one.end_line)
    )


def annotate(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings as GitHub takes them, worst first, as many as a check run shows."""
    order = {level: place for place, level in enumerate(Level)}
    kept = [clean for finding in findings if (clean := _clean(finding)) is not None]
    return tuple(sorted(kept, key=lambda finding: order[finding.level])[:MAX_ANNOTATIONS])


def _clean(finding: Finding) -> Finding | None:
    """The finding within GitHub's rules; None when its path can not be one of the repository."""
    path = finding.path.removeprefix("./")
    parts = path.split("/")
    if not path or path != printable(path) or _DRIVE.match(path) or "\\" in path:
        return None
    if not {"", ".", ".."}.isdisjoint(parts) or "\n" in path or "\t" in path:
        return None
    start = min(max(finding.start_line, 1), MAX_LINE)
    end = min(max(finding.end_line, start), MAX_LINE)
    column, end_column = finding.start_column, finding.end_column
    if start != end or not column or column < 1:
        column = end_column = None
    return replace(
        finding,
        path=path,
        start_line=start,
        end_line=end,
        message=printable(finding.message)[:MAX_MESSAGE] or "(no message)",
        title=" ".join(printable(finding.title).split())[:MAX_TITLE],
        start_column=column and min(column, MAX_LINE),
        end_column=min(max(end_column, column), MAX_LINE) if column and end_column else None,
    )
