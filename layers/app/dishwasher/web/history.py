"""The builds of a repository as a page shows them: newest first, by branch, and how they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from dishwasher.core.event import EventKind
from dishwasher.core.history import Entry
from dishwasher.core.job import Conclusion
from dishwasher.core.rendering import duration
from dishwasher.web.tone import TONE, Tone

SHOWN = 30
"""Builds of one page."""
LOOKED_AT = 300
"""Builds in which branches are looked for, and the trend."""
TREND = 60
"""Builds that the picture of the trend has at most."""
BRANCHES = 30
LOWEST = 4.0
"""Per cent of the height that a bar has at least, so that it can be seen."""

WORD = {
    Conclusion.SUCCESS: "Passed",
    Conclusion.FAILURE: "Failed",
    Conclusion.TIMED_OUT: "Timed out",
    Conclusion.ACTION_REQUIRED: "Waits for you",
    Conclusion.NEUTRAL: "Advice",
    Conclusion.CANCELLED: "Cancelled",
    Conclusion.SKIPPED: "Skipped",
}
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
    branch_url: str
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
        entries=tuple(_entry(entry, now, home) for entry in shown),
        older=older,
        branches=_branches(newest, home),
        branch=branch,
        trend=_trend([one for one in newest if _branch(one) == (branch or default)]),
    )


def _branch(entry: Entry) -> str:
    return entry.branch or entry.tag


def _entry(entry: Entry, now: float, home: str) -> EntryView:
    end = entry.ended or now
    return EntryView(
        build=entry.build,
        tone=_tone(entry),
        word=WORD[entry.conclusion] if entry.conclusion else "Running",
        title=entry.title,
        sha=entry.sha,
        branch=_branch(entry),
        branch_url=_branch_url(home, _branch(entry)),
        pull_request=entry.pull_request,
        why=WHY.get(entry.kind, ""),
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
        newest.setdefault(_branch(entry), entry)
    return tuple(
        BranchView(
            name=name,
            url=_branch_url(home, name),
            tone=_tone(entry),
            word=WORD[entry.conclusion] if entry.conclusion else "Running",
        )
        for name, entry in list(newest.items())[:BRANCHES]
        if name
    )


def _trend(entries: Sequence[Entry]) -> Trend | None:
    """How long the builds of a branch took and how they ended; None for fewer than three."""
    judged = [entry for entry in entries if entry.conclusion in JUDGED][:TREND][::-1]
    if len(judged) < 3:
        return None
    times = [max(entry.ended - entry.created, 0.0) for entry in judged]
    longest = max(*times, 1.0)
    share = 100 / len(judged)
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
    words = f"{good} of {len(judged)} passed, {duration(median(times))} in the median"
    return Trend(bars, words)


def _words(entry: Entry) -> str:
    return WORD[entry.conclusion].lower() if entry.conclusion else "running"
