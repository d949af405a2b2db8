"""Whom to believe, decided from the event and from GitHub, never from what was pushed."""

from __future__ import annotations

from collections.abc import Container

from dishwasher.core.event import Event

BY_HAND = "by-hand-"
"""Begins the id of a delivery that was asked for at the server itself; GitHub's are GUIDs."""


def distrust(event: Event, branch_sha: str | None, listed: Container[int] = ()) -> str:
    """Why this event's commit must not run as one of the team's; empty when it may.

    A push is trusted by GitHub's own access control. A pull request is trusted when its head lies
    in this repository *and* the branch stands at that commit: GitHub accepts any commit-ish as a
    head and forks share object storage, so the first alone has leaked secrets before
    (https://github.com/ChALkeR/notes/blob/master/Stealing-Travis-secure-variables.md).
    `branch_sha` is where the head branch stands, None when there is none. `listed` are GitHub's
    ids of the bots that count as one of the team: what others push nobody here has read.
    """
    request = event.pull_request
    if request is None:
        return ""
    if request.head_repository != event.repository.id:
        return "The pull request comes from a fork."
    if any(bot not in listed for bot in event.bots):
        return "The pull request comes from a bot that is not listed."
    if branch_sha != event.sha:
        return "The head branch no longer stands at this commit."
    return ""


def is_by_hand(event: Event) -> bool:
    """Whether whoever runs the server asked for it there, and nobody on GitHub."""
    return event.delivery.startswith(BY_HAND)
