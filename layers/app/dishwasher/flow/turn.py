"""A turn at GitHub under a claim: whatever happens in it, the claim is left as it must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dishwasher.core.access import look_again
from dishwasher.core.build import Build
from dishwasher.errors import Gone, InfraError, Lost, Throttled
from dishwasher.flow.claim import Claim, take
from dishwasher.flow.places import Places
from dishwasher.flow.tenancy import Tenancy
from dishwasher.ports import Bells, Clock, Store, Topic

RETRY_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Turns:
    store: Store
    bells: Bells
    clock: Clock
    hold: float

    def __call__(
        self,
        key: str,
        build: Build,
        work: Callable[[Claim], None],
        put_off: Callable[[float], None],
    ) -> None:
        """Do the work unless another does it, until nothing has changed meanwhile.

        `put_off` is told when GitHub can be told at the earliest, where that is not now; 0 for not
        as long as nobody lets us in. Raises InfraError when the work is to be tried again.
        """
        try:
            claim = take(self.store, self.clock, key, self.hold, build.id)
        except Throttled as error:
            # Who left it until then has rung for then, and the reaper comes besides.
            put_off(error.retry_at)
            return
        if claim is None:
            return
        try:
            self._enter(build)
            work(claim)
            while not claim.release():
                work(claim)
        except Lost:
            # The claim was taken over: whoever has it now renders the same state.
            return
        except Throttled as error:
            self._leave(claim, build, error.retry_at)
        except InfraError:
            self._leave(claim, build, self.clock.now() + RETRY_AFTER)
            raise
        except Gone:
            self._park(claim, build, put_off)

    def _enter(self, build: Build) -> None:
        """Raises Gone where we know that we are not let in: GitHub need not be asked."""
        barred = Tenancy(self.store).barred(build.event.repository)
        if barred:
            raise Gone(barred)

    def _park(self, claim: Claim, build: Build, put_off: Callable[[float], None]) -> None:
        """Nobody can be told now: wait for the event that ends this, or gives it up."""
        repository, now = build.event.repository, self.clock.now()
        tenancy, places = Tenancy(self.store), Places(self.store, self.bells, self.clock)
        right = tenancy.right(repository)
        try:
            until = look_again(right, claim.report().away or now, now)
            # Known to those who will wake it, before anything waits.
            places.owe(repository)
            put_off(until)
            claim.park(until, now + RETRY_AFTER)
            # Or who woke all, for another reason than this one, holds it for told already.
            places.owe(repository)
        except Lost:
            return
        if tenancy.right(repository) is not right:
            # The event came between our look and what we made of it.
            places.wake(str(repository.id))

    def _leave(self, claim: Claim, build: Build, until: float) -> None:
        """Nothing more can be sent now; come back then."""
        try:
            claim.leave(until)
        except Lost:
            return
        delay = max(0.0, until - self.clock.now())
        self.bells.ring(Topic.REPORTS, build.id, delay=delay)
