"""The builds of a repository as a page shows them: newest first, by branch, and how they went."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from dishwasher.core.event import EventKind
from dishwasher.core.history import Entry
from dishwasher.core.job import Conclusion
from dishwasher.core.rendering import duration
from dishwasher.web.tone import CONCLUDED, TONE, Tone

SHOWN = 30
"""Builds of one page."""
LOOKED_AT = 300
"""Builds in which branches are looked for, and the trend."""
TREND = 60
"""Builds that the picture of the trend has at most."""
BRANCHES = 30
SLOTS = 20
"""Bars that fit at least: of a young repository they would be as wide as blocks."""
QUEUE = re.compile(r"gh-readonly-queue/(?P<base>.+)/pr-(?P<number>\d+)-[0-9a-f]+")
"""What GitHub calls the branch of an entry of the merge queue; it lives for minutes.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue"""
LOWEST = 4.0
"""Per cent of the height that a bar has at least, so that it can be seen."""

JUDGED = frozenset(
    {Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.FAILURE, Conclusion.TIMED_OUT}
)
"""Ends that say something of the code."""
GOOD = frozenset({Conclusion.SUCCESS, Conclusion.NEUTRAL})
WHY = {
    EventKind.SCHEDULE: "on schedule",
    EventKind.MANUAL: "by hand",
    EventKind.MERGE_GROUP: "merge queue",
}


@dataclass(frozen=True, slots=True)
class EntryView:
    """A build in one line; times are seconds since the epoch."""

    build: str
    tone: Tone
    word: str
    title: str
    sha: str
    branch: str
    pull_request: int
    why: str
    sender: str
    created: float
    time: str
    deciders: str


@dataclass(frozen=True, slots=True)
class BranchView:
    name: str
    url: str
    tone: Tone
    word: str


@dataclass(frozen=True, slots=True)
class TrendBar:
    """Places and sizes in per cent of the picture."""

    build: str
    tone: Tone
    x: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    bars: tuple[TrendBar, ...]
    """The oldest first."""
    words: str
    longest: str
    median: float
    """Its height in per cent."""
    since: float
    """When the oldest was planned."""


@dataclass(frozen=True, slots=True)
class HistoryView:
    entries: tuple[EntryView, ...]
    older: str
    """The id below which the next page begins; empty on the last page."""
    branches: tuple[BranchView, ...]
    branch: str
    """The only branch shown; empty for all."""
    trend: Trend | None


def history(
    newest: Sequence[Entry],
    listed: Sequence[Entry],
    now: float,
    *,
    home: str,
    default: str,
    branch: str,
) -> HistoryView:
    """Lines of `listed`, in `newest` the branches and the trend; `home` is the page's address.

    Of both at most LOOKED_AT, the newest first.
    """
    wanted = [entry for entry in listed if not branch or _branch(entry) == branch]
    shown = wanted[:SHOWN]
    older = shown[-1].id if len(wanted) > SHOWN else ""
    if not older and len(listed) == LOOKED_AT:
        older = listed[-1].id
    return HistoryView(
        entries=tuple(entry_view(entry, now) for entry in shown),
        older=older,
        branches=_branches(newest, home),
        branch=branch,
        trend=_trend([one for one in newest if _branch(one) == (branch or default)]),
    )


def _branch(entry: Entry) -> str:
    return entry.branch or entry.tag


def entry_view(entry: Entry, now: float) -> EntryView:
    """The line as a page shows it."""
    end = entry.ended or now
    queued = QUEUE.fullmatch(entry.branch)
    name = "" if queued else _branch(entry)
    return EntryView(
        build=entry.build,
        tone=_tone(entry),
        word=CONCLUDED[entry.conclusion] if entry.conclusion else "Running",
        title=entry.title,
        sha=entry.sha,
        branch=name,
        pull_request=int(queued["number"]) if queued else entry.pull_request,
        why=f"merge queue of {queued['base']}" if queued else WHY.get(entry.kind, ""),
        sender=entry.sender,
        created=entry.created,
        time=duration(max(end - entry.created, 0.0)),
        deciders=", ".join(entry.deciders),
    )


def _tone(entry: Entry) -> Tone:
    return TONE[entry.conclusion] if entry.conclusion else Tone.RUN


def _branch_url(home: str, name: str) -> str:
    return f"{home}?branch={quote(name, safe='')}"


def _branches(entries: Sequence[Entry], home: str) -> tuple[BranchView, ...]:
    """Each with how its newest build stands, the one that moved last first."""
    newest: dict[str, Entry] = {}
    for entry in entries:
        if (name := _branch(entry)) and not QUEUE.fullmatch(name):
            newest.setdefault(name, entry)
    return tuple(
        BranchView(
            name=name,
            url=_branch_url(home, name),
            tone=_tone(entry),
            word=CONCLUDED[entry.conclusion] if entry.conclusion else "Running",
        )
        for name, entry in list(newest.items())[:BRANCHES]
    )


def _trend(entries: Sequence[Entry]) -> Trend | None:
    """How long the builds of a branch took and how they ended; None for fewer than three."""
    judged = [entry for entry in entries if entry.conclusion in JUDGED][:TREND][::-1]
    if len(judged) < 3:
        return None
    times = [max(entry.ended - entry.created, 0.0) for entry in judged]
    longest = max(*times, 1.0)
    middle, share = median(times), 100 / max(len(judged), SLOTS)
    bars = tuple(
        TrendBar(
            build=entry.build,
            tone=_tone(entry),
            x=round(at * share, 3),
            width=round(share * 0.8, 3),
            height=round(max(100 * time / longest, LOWEST), 2),
            words=f"{entry.sha[:7]}: {_words(entry)} in {duration(time)}",
        )
        for at, (entry, time) in enumerate(zip(judged, times, strict=True))
    )
    good = sum(entry.conclusion in GOOD for entry in judged)
    words = f"{good} of {len(judged)} passed, {duration(middle)} in the median"
    height = round(100 * middle / longest, 2)
    return Trend(bars, words, duration(longest), height, judged[0].created)


def _words(entry: Entry) -> str:
    return CONCLUDED[entry.conclusion].lower() if entry.conclusion else "running"
