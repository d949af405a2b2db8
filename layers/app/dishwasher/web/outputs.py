"""What a job has brought: findings and artifacts, as a page lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Job
from dishwasher.core.rendering import size
from dishwasher.core.result import Artifact, Result
from dishwasher.web.tone import LEVEL, Tone

FOLDERS_SHOWN = 20
FINDINGS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class FindingView:
    tone: Tone
    place: str
    url: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class ArtifactView:
    path: str
    url: str
    size: str


def findings(result: Result | None, sha: str, repository_url: str) -> tuple[FindingView, ...]:
    """The worst first; those of one level in the order in which they were found."""
    order = {level: place for place, level in enumerate(Level)}
    found = sorted(result.findings, key=lambda f: order[f.level]) if result else []
    return tuple(_finding(finding, sha, repository_url) for finding in found[:FINDINGS_SHOWN])


def artifacts(job: Job, kept: Sequence[Artifact]) -> tuple[ArtifactView, ...]:
    return tuple(
        ArtifactView(
            path=artifact.path,
            url=f"/jobs/{quote(job.id)}/artifacts/{quote(artifact.path)}",
            size=size(artifact.size),
        )
        for artifact in kept
    )


def bundles(job: Job, kept: Sequence[Artifact]) -> tuple[ArtifactView, ...]:
    """All artifacts as one file, then each folder of several; none where there is but one."""
    if len(kept) < 2:
        return ()
    url = f"/jobs/{quote(job.id)}/artifacts.tar.gz"
    folders: dict[str, list[int]] = {}
    for artifact in kept:
        folder, slash, _ = artifact.path.partition("/")
        if slash:
            folders.setdefault(folder, []).append(artifact.size)
    views = [ArtifactView("all of them", url, size(sum(one.size for one in kept)))]
    for folder, sizes in sorted(folders.items())[:FOLDERS_SHOWN]:
        if 1 < len(sizes) < len(kept):
            place = f"{url}?folder={quote(folder, safe='')}"
            views.append(ArtifactView(f"{folder}/", place, size(sum(sizes))))
    return tuple(views)


def _finding(finding: Finding, sha: str, repository_url: str) -> FindingView:
    line = max(finding.start_line, 1)
    return FindingView(
        tone=LEVEL[finding.level],
        place=f"{finding.path}:{line}",
        url=f"{repository_url}/blob/{quote(sha)}/{quote(finding.path)}#L{line}",
        title=finding.title,
        message=finding.message,
    )
