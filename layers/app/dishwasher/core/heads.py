"""Where the branches and open pull requests of a repository stood when they were last looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from dishwasher.core.build import Build
from dishwasher.core.event import Event, EventKind

MOST_AGAIN = 1000
"""Names of one repository that are kept; no more open pull requests are looked at either."""
REFUSED_FOR = 3600.0
"""Seconds in which what was refused is left alone: of the end of a fault of its own GitHub tells
nobody."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of one repository; what stood there at the first look counts as known."""

    KIND: ClassVar[str] = "looked"

    id: str
    """The repository's."""
    time: float = 0.0
    """Seconds since the epoch."""
    seen: bool = False
    """Whether GitHub has answered a look yet: before that, nothing is known."""
    heads: tuple[tuple[str, str], ...] = ()
    """Name and commit of each branch and open pull request."""
    doubted: tuple[str, ...] = ()
    """Heads that had moved without a build: their webhook may still be on its way."""
    unsettled: tuple[str, ...] = ()
    """Their names: one that has gone back to where it stood before has moved all the same."""
    again: tuple[str, ...] = ()
    """Names of those whose build was called off, or never begun, because we were not let in."""
    refused: tuple[str, ...] = ()
    """Of those again that came to nothing when they had been found: until we are let in again."""
    refused_at: float = 0.0
    """When the last of these was refused, in seconds since the epoch."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""


FOUND = "head-"
"""Begins the id of a delivery that was made for a head of which no webhook had told."""


def is_found(event: Event) -> bool:
    """Whether it was made for such a head."""
    return event.delivery.startswith(FOUND)


def name(event: Event) -> str:
    """Of the branch, or `#7` of a pull request, which no branch may be called alone."""
    request = event.pull_request
    return f"refs/pull/{request.number}" if request else f"refs/heads/{event.branch}"


def mark(event: Event) -> str:
    """The head with its commit, short: what was doubted before is known again by this."""
    text = f"{event.repository.id}\n{name(event)}\n{event.sha}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def is_head(event: Event) -> bool:
    """Whether a look at the repository will find what this event was about."""
    return event.pull_request is not None or (event.kind is EventKind.PUSH and bool(event.branch))


def names(build: Build) -> tuple[str, ...]:
    """Of all heads that this build is of: those it was pushed to, and its pull requests'."""
    pushed = build.branches if build.event.pull_request else build.pushed
    branches = (f"refs/heads/{branch}" for branch in pushed)
    return (*branches, *(f"refs/pull/{number}" for number in build.requests))


def missing(looked: Looked, event: Event) -> Looked:
    """The record when this event's head was left without its build."""
    return replace(looked, again=_also(looked.again, name(event)))


def called_off(looked: Looked, build: Build) -> Looked:
    """The record when this build was called off: each of its heads is left without one."""
    return replace(looked, again=_also(looked.again, *names(build)))


def refuse(looked: Looked, event: Event, now: float) -> Looked:
    """The record when GitHub has refused what planning needs, and nobody said why.

    A head that was found is not looked for at once: it would be found and refused for ever.
    """
    if not is_found(event):
        return missing(looked, event)
    return replace(looked, refused=_also(looked.refused, name(event)), refused_at=now)


def retried(looked: Looked, now: float) -> Looked:
    """The record at a look: what was refused long ago is tried once more."""
    is_long_ago = looked.refused and now >= looked.refused_at + REFUSED_FOR
    return woken(looked) if is_long_ago else looked


def woken(looked: Looked) -> Looked:
    """The record when we are let in again."""
    return replace(looked, time=0.0, again=_also(looked.again, *looked.refused), refused=())


def _also(names: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return (*names, *(name for name in more if name not in names))[-MOST_AGAIN:]


def ended(looked: Looked, event: Event) -> Looked:
    """The record when this event's head is there no more: should it stand again, it has moved.

    What the first look finds counts as known, but not where we have heard of its end before.
    """
    heads = tuple(one for one in looked.heads if one[0] != name(event))
    again = looked.again if looked.seen else _also(looked.again, name(event))
    return replace(looked, heads=heads, again=again)


def moved(looked: Looked, events: Sequence[Event]) -> tuple[Event, ...]:
    """The heads that do not stand where they stood, with what stood there before."""
    known = {head: sha for head, sha in looked.heads if head not in looked.unsettled}
    found = tuple(event for event in events if known.get(name(event)) != event.sha)
    return tuple(since(looked, event) for event in found if name(event) not in looked.again)


def left(looked: Looked, events: Sequence[Event]) -> tuple[Event, ...]:
    """The heads whose build was called off or never begun, wherever they stand now.

    A branch's own pull request builds it, and may have been opened while nobody told us.
    """
    named = [event for event in events if name(event) in looked.again]
    standing = {(event.branch, event.sha) for event in named if not event.pull_request}
    asked = [event for event in events if event not in named and _is_own(event, standing)]
    return tuple(since(looked, event) for event in (*named, *asked))


def _is_own(event: Event, branches: Container[tuple[str, str]]) -> bool:
    """Whether it is a pull request of the repository's own from one of these branches."""
    request = event.pull_request
    own = request is not None and request.head_repository == event.repository.id
    return own and (event.branch, event.sha) in branches


def since(looked: Looked, event: Event) -> Event:
    """The event with what stood there before, where something else did."""
    before = dict(looked.heads).get(name(event), event.sha)
    return event if event.pull_request or before == event.sha else replace(event, before=before)


def after(looked: Looked, events: Sequence[Event], doubted: Container[str], now: float) -> Looked:
    """The record of this look: a head in doubt stays where it was, so that it is moved again."""
    known = dict(looked.heads)
    heads, marks, unsettled = [], [], []
    for event in events:
        if mark(event) not in doubted:
            heads.append((name(event), event.sha))
            continue
        marks.append(mark(event))
        unsettled.append(name(event))
        if name(event) in known:
            heads.append((name(event), known[name(event)]))
    then = replace(looked, time=now, seen=True, heads=tuple(heads), again=())
    there = {name(event) for event in events}
    refused = tuple(head for head in looked.refused if head in there)
    return replace(then, doubted=tuple(marks), unsettled=tuple(unsettled), refused=refused)
