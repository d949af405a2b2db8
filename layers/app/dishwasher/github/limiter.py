"""How fast we may call GitHub, for each installation; in memory, so each process has its own.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field

from dishwasher.errors import Throttled, UserError

POINTS_PER_MINUTE = 900
"""GitHub's secondary limit for REST."""
WINDOW = 60
"""Seconds over which points count."""
READ = 1
WRITE = 5
"""Points of a GET, and of everything else."""
RESERVE = 0.25
"""Share of the points that only conclusions may use, so that nothing else can starve them."""
ROOM = 0.5
"""Share of the points that progress may use."""
LOW = 0.1
"""Share of the hourly quota below which progress is left out."""
PAUSE = 60.0
"""Seconds to stay away when GitHub says "too fast" without saying for how long."""
LONGEST_PAUSE = 3900.0
"""No limit of GitHub's lasts longer than an hour, so a later time is a mistake of somebody's."""


@dataclass(frozen=True, slots=True)
class Quota:
    """The hourly limit as GitHub tells it with each answer: `left` of `of` calls until `reset`."""

    left: float
    of: float
    reset: float


@dataclass(slots=True)
class _Account:
    """One installation: points by second, the gate, and the hourly quota as GitHub told it."""

    spent: deque[tuple[int, int]] = field(default_factory=deque)
    total: int = 0
    closed_until: float = 0.0
    strikes: int = 0
    """How often in a row GitHub has refused without saying for how long."""
    quota: float = 1.0
    """Share of the hourly quota that is left."""
    quota_until: float = 0.0


class Limiter:
    """A sliding window of points for each installation, and a gate that GitHub's answers close.

    No call waits: `take` raises Throttled with the time to come back. Times are seconds since the
    epoch. Safe to share between threads.
    """

    def __init__(self, points_per_minute: int = POINTS_PER_MINUTE) -> None:
        if points_per_minute < 1:
            raise UserError("DISHWASHER_GITHUB_POINTS_PER_MINUTE must be at least 1")
        self._points = points_per_minute
        self._accounts: dict[int, _Account] = {}
        self._lock = threading.Lock()

    def take(self, installation: int, points: int, now: float, *, conclusion: bool) -> None:
        """Account for a call about to be sent; raises Throttled when it must not be."""
        with self._lock:
            account = self._account(installation, now)
            if now < account.closed_until:
                raise Throttled("GitHub has asked for a pause", account.closed_until)
            allowed = self._points if conclusion else self._points * (1 - RESERVE)
            # With nothing spent any call may go, however small the setting.
            if account.total and account.total + points > allowed:
                raise Throttled("our own limit is reached", _freed(account, points, allowed))
            # A clock that steps back must not put a call behind a later one.
            second = max(math.floor(now), account.spent[-1][0] if account.spent else 0)
            if account.spent and account.spent[-1][0] == second:
                points_before = account.spent.pop()[1]
                account.spent.append((second, points_before + points))
            else:
                account.spent.append((second, points))
            account.total += points

    def free_at(self, installation: int, points: int, now: float) -> float:
        """When a call may be sent, in seconds since the epoch; 0 for now."""
        with self._lock:
            account, allowed = self._account(installation, now), self._points * (1 - RESERVE)
            if now < account.closed_until:
                return account.closed_until
            if account.total and account.total + points > allowed:
                return _freed(account, points, allowed)
            return 0.0

    def has_room(self, installation: int, now: float) -> bool:
        """Whether calls that only show progress may be made."""
        with self._lock:
            account = self._account(installation, now)
            if now < account.closed_until or (now < account.quota_until and account.quota < LOW):
                return False
            return account.total + WRITE <= self._points * ROOM

    def close(self, installation: int, until: float | None, now: float) -> float:
        """GitHub refused a call: no other before the time answered. None if GitHub named none."""
        with self._lock:
            account = self._account(installation, now)
            if until is None:
                until = now + PAUSE * 2**account.strikes
                account.strikes = min(account.strikes + 1, 6)
            until = min(max(until, now + 1), now + LONGEST_PAUSE)
            account.closed_until = max(account.closed_until, until)
            return account.closed_until

    def heed(self, installation: int, quota: Quota | None, now: float) -> None:
        """GitHub took a call, and told its quota unless it keeps none (Enterprise Server)."""
        with self._lock:
            account = self._account(installation, now)
            account.strikes = 0
            if quota is None:
                return
            account.quota = quota.left / quota.of if quota.of > 0 else 1.0
            account.quota_until = min(quota.reset, now + LONGEST_PAUSE)
            if quota.left <= 0:
                account.closed_until = max(account.closed_until, account.quota_until)

    def _account(self, installation: int, now: float) -> _Account:
        account = self._accounts.setdefault(installation, _Account())
        while account.spent and account.spent[0][0] + 1 + WINDOW <= now:
            account.total -= account.spent.popleft()[1]
        return account


def _freed(account: _Account, points: int, allowed: float) -> float:
    """When enough of what was spent has left the window for this call."""
    total = account.total
    for second, spent in account.spent:
        total -= spent
        if total == 0 or total + points <= allowed:
            return float(second + 1 + WINDOW)
    raise AssertionError("unreachable: with nothing spent every call may go")
