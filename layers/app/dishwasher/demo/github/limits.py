"""Rate limits: the primary one by the hour, the secondary one by points in a minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["Limits", "Standing"]

# https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
PRIMARY_PER_HOUR = 5000
ANONYMOUS_PER_HOUR = 60
POINTS_PER_MINUTE = 900
WRITE_POINTS = 5
READ_POINTS = 1
HOUR = 3600
MINUTE = 60
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller is after a request. `retry_after` is None unless the secondary limit bites."""

    limit: int
    used: int
    reset: int
    points: int
    retry_after: int | None

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def exhausted(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(min(self.used, self.limit)),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "core",
        }


class Bucket:
    def __init__(self, limit: int, now: float) -> None:
        self.limit = limit
        self.used = 0
        self.reset = int(now) + HOUR
        self.spent: deque[tuple[float, int]] = deque()
        self.points = 0
        self.peak = 0


class Limits:
    """One bucket for each installation, app, user and for all who are anonymous together."""

    def __init__(self, per_hour: int = PRIMARY_PER_HOUR, enforce_secondary: bool = False) -> None:
        self.per_hour = per_hour
        self.points_per_minute = POINTS_PER_MINUTE
        self.enforce_secondary = enforce_secondary
        self._buckets: dict[str, Bucket] = {}

    def charge(self, name: str, method: str, now: float, free: bool = False) -> Standing:
        bucket = self._bucket(name, now)
        cost = READ_POINTS if method in READS else WRITE_POINTS
        while bucket.spent and bucket.spent[0][0] <= now - MINUTE:
            bucket.points -= bucket.spent.popleft()[1]
        retry_after = None
        if self.enforce_secondary and bucket.points + cost > self.points_per_minute:
            retry_after = max(1, int(bucket.spent[0][0] + MINUTE - now) + 1) if bucket.spent else 60
        bucket.spent.append((now, cost))
        bucket.points += cost
        bucket.peak = max(bucket.peak, bucket.points)
        if not free:
            bucket.used += 1
        return Standing(bucket.limit, bucket.used, bucket.reset, cost, retry_after)

    def standing(self, name: str, now: float) -> Standing:
        """Where a caller is, without counting the question."""
        bucket = self._bucket(name, now)
        return Standing(bucket.limit, bucket.used, bucket.reset, 0, None)

    def peak(self, name: str) -> int:
        """The most points that a caller has spent in any minute."""
        return self._buckets[name].peak if name in self._buckets else 0

    def exhaust(self, name: str, now: float) -> None:
        """Use up a caller's hour."""
        bucket = self._bucket(name, now)
        bucket.used = bucket.limit

    def _bucket(self, name: str, now: float) -> Bucket:
        found = self._buckets.get(name)
        if found is None:
            limit = ANONYMOUS_PER_HOUR if name == "anonymous" else self.per_hour
            found = self._buckets[name] = Bucket(limit, now)
        if now >= found.reset:
            found.used, found.reset = 0, int(now) + HOUR
        return found
