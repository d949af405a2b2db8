"""What the runners of a job have cost so far: estimates by `core.price`, kept with the job."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.price import DATED, REGION, Rate, dollars


@dataclass(frozen=True, slots=True)
class Bill:
    """Of all attempts of one job; nothing at all where runners cost nothing."""

    rate: Rate | None = None
    """Of the attempt that is alive, or was last; None where it costs nothing."""
    since: float = 0.0
    """From when on it costs that, in seconds since the epoch; 0 when no attempt is alive."""
    spent: float = 0.0
    """USD, about: of the attempts that have ended."""

    def begun(self, rate: Rate | None, now: float) -> Bill:
        """A runner is asked for."""
        return replace(self, rate=rate, since=now if rate else 0.0)

    def ended(self, now: float) -> Bill:
        """That runner is gone, or has nothing more to say."""
        if self.rate is None or not self.since:
            return self
        return replace(self, since=0.0, spent=self.spent + self.rate.of(now - self.since))

    def unused(self) -> Bill:
        """There was no such runner that anybody knows of."""
        return replace(self, since=0.0) if self.since else self


TERMS = f"runners alone, at AWS's list prices of {DATED} in {REGION}"
"""What an estimate is of."""


def about(spent: float) -> str:
    """The estimate; empty where nothing was paid."""
    return f"about {dollars(spent)}" if spent else ""


def told(own: float, all: float) -> str:
    """What one job has cost, and its whole build where that is more; empty where it was nothing."""
    if not own:
        return ""
    build = f", the whole build {about(all)}" if all > own else ""
    return f"Cost {about(own)}{build}: {TERMS}"
