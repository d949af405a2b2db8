"""The repository and the commit of a build, with links to the forge."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core import provenance
from dishwasher.core.build import Build
from dishwasher.core.history import title


@dataclass(frozen=True, slots=True)
class CommitView:
    """The repository and the commit, with links to the forge."""

    repository: str
    repository_url: str
    builds_url: str
    """Our page of the repository, or the forge's where ours is closed to the public."""
    sha: str
    title: str
    commit_url: str
    branch: str
    """Or the tag."""
    branch_url: str
    pull_request: int
    pull_request_url: str


def commit(build: Build, github_url: str, login: bool = False) -> CommitView:
    """Where people can log in, our own pages of a private repository are there for them."""
    event = build.event
    base = f"{github_url}/{quote(event.repository.full_name)}"
    listed = login or not event.repository.private
    number = build.pull_request or (event.pull_request.number if event.pull_request else 0)
    ref = event.branch or event.tag
    name = provenance.branch(event) or event.tag
    return CommitView(
        repository=event.repository.full_name,
        repository_url=base,
        builds_url=repository_path(event.repository.id) if listed else base,
        sha=event.sha,
        title=title(event),
        commit_url=f"{base}/commit/{quote(event.sha)}",
        branch=name,
        # Of a fork `pull/N`, which is a page of its own and no branch here.
        branch_url=f"{base}/tree/{quote(ref)}" if name == ref else f"{base}/{name}",
        pull_request=number,
        pull_request_url=f"{base}/pull/{number}",
    )


def repository_path(id: int) -> str:
    """By id, which stays when a repository is renamed."""
    return f"/repositories/{id}"
