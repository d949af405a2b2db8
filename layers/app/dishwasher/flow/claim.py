"""The right to report one commit: held by one at a time, fenced by each of its writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from dishwasher.core.report import Posted, Report, Said, Told
from dishwasher.errors import Ambiguous, Conflict, Gone, InfraError, Lost, Throttled
from dishwasher.ports import Clock, Store

T = TypeVar("T")
W = TypeVar("W", Posted, Said, Told)

WRITES = 50
"""Lost compare-and-sets on one report before giving up."""
SWEEP_AFTER = 30.0
"""Seconds until GitHub's lists surely show what was made (they lag behind)."""
LINGER = 900.0
"""Seconds after which nobody goes on who has lost a claim: a Lambda function ends then at last.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
"""


def take(store: Store, clock: Clock, key: str, hold: float, bell: str = "") -> Claim | None:
    """The claim; None when another has it, who now knows that there is more to do.

    `bell` is the id of the build that is to be rung should the claim be left behind.

    Raises Throttled where nothing may be sent yet.
    """
    holder = clock.secret()
    for _ in range(WRITES):
        report, now = store.get(Report, key) or Report(key), clock.now()
        held = report.until > now
        if held and not report.holder:
            raise Throttled(f"report {key} waits", report.until)
        after = replace(
            report, holder=holder, until=now + hold, dirty=False, bell=bell, due=now + hold
        )
        if report.holder:
            # Whoever had it died or is frozen, and may overwrite us without a word when it thaws.
            after = replace(after, linger=now + LINGER)
        if held:
            after = replace(report, dirty=True, bell=bell)
        try:
            if after != report:
                store.save(after)
        except Conflict:
            continue
        return None if held else Claim(store, clock, key, holder, hold)
    raise Conflict(f"report {key} is written too often")


@dataclass(frozen=True, slots=True)
class Claim:
    """Every write proves that the claim is still held, or raises Lost."""

    store: Store
    clock: Clock
    key: str
    holder: str
    hold: float
    """Seconds; each step renews them."""

    def report(self) -> Report:
        report = self.store.get(Report, self.key)
        if report is None or report.holder != self.holder:
            raise Lost(f"the claim on report {self.key} was taken over")
        if report.until < self.clock.now():
            # Frozen for so long that what we have seen of GitHub is old; the reaper comes for it.
            raise Lost(f"the claim on report {self.key} has ended")
        return report

    def note(self, posted: Posted) -> Posted:
        """Keep what was posted, and renew the claim."""
        until = self.clock.now() + self.hold
        self._write(lambda report: replace(report.having(posted), until=until, due=until))
        return posted

    def say(self, said: Said) -> Said:
        """Keep what our comment says, and renew the claim."""
        until = self.clock.now() + self.hold
        self._write(lambda report: replace(report, said=said, until=until, due=until))
        return said

    def tell(self, told: Told) -> Told:
        """Keep what was told of a deployment, and renew the claim."""
        until = self.clock.now() + self.hold
        self._write(lambda report: replace(report.telling(told), until=until, due=until))
        return told

    def once(self, keep: Callable[[W], W], known: W, call: Callable[[], T]) -> T:
        """A call whose repeat would show: it is in doubt from before it until its end is kept.

        `keep` is `note`, `say` or `tell`, `known` what it keeps so far.
        """
        self.doubt(keep, known)
        try:
            return call()
        except Ambiguous:
            self.alert()
            raise
        except (InfraError, Gone):
            # This call made nothing; an earlier one that is in doubt still may have.
            keep(known)
            raise

    def doubt(self, keep: Callable[[W], W], known: W) -> None:
        """Keep that a call may have been made, with time enough left of the claim to make it."""
        began = self.clock.now()
        keep(replace(known, doubtful=True))
        if self.clock.now() - began > self.hold / 2:
            # Frozen in that write, which renews from before it: the claim would end in the call.
            keep(replace(known, doubtful=True))

    def done(self, keep: Callable[[W], W], known: W) -> W:
        """Keep what GitHub has taken; where that can not be kept, leave a warning behind."""
        try:
            return keep(known)
        except (Lost, InfraError):
            # Frozen between asking and sending: we made a double, or overwrote a later state.
            self.alert()
            raise

    def alert(self) -> None:
        """We may have done something that nobody knows of: have it looked for."""
        self.warn(self.clock.now() + SWEEP_AFTER)

    def sweep_at(self, time: float) -> None:
        """When to look for check runs that are open and should not be; 0 for never."""
        self._write(lambda report: replace(report, sweep=time))

    def swept(self, again: float) -> None:
        """The look is done; it is repeated then, 0 for never."""
        now = self.clock.now()
        self._write(
            lambda report: replace(
                report, sweep=again, linger=report.linger if report.linger > now else 0.0
            )
        )

    def release(self) -> bool:
        """Give the claim back; False when something has changed meanwhile: go round again."""
        report = self._write(
            lambda report: (
                replace(report, dirty=False)
                if report.dirty
                else replace(report, holder="", until=0.0, away=0.0, due=report.look)
            )
        )
        return not report.holder

    def leave(self, until: float) -> None:
        """Give the claim back with things unsent; nobody may send before that time."""
        self._write(lambda report: replace(report, holder="", until=until, dirty=False, due=until))

    def park(self, until: float, soon: float) -> None:
        """Give the claim back where we are not let in; at `soon` if something came meanwhile."""

        def parked(report: Report) -> Report:
            return report.parked(soon if report.dirty else until, self.clock.now())

        self._write(parked)

    def warn(self, time: float) -> None:
        """Have whoever holds the claim then sweep: we did something that nobody may know of."""
        failure: InfraError = Conflict(f"report {self.key} is written too often")
        for _ in range(WRITES):
            try:
                report = self.store.get(Report, self.key) or Report(self.key)
                due = min(report.due or time, time)
                linger = self.clock.now() + LINGER
                self.store.save(replace(report, sweep=time, linger=linger, due=due))
            except Conflict:
                continue
            except InfraError as error:
                # Nobody else knows what we did, and nobody would come back for it.
                failure = error
                continue
            return
        raise failure

    def _write(self, change: Callable[[Report], Report]) -> Report:
        # Others write too, but only to mark it dirty: a lost compare-and-set is read again.
        for _ in range(WRITES):
            after = change(self.report())
            try:
                self.store.save(after)
            except Conflict:
                continue
            return after
        raise Conflict(f"report {self.key} is written too often")
