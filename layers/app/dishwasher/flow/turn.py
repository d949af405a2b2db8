"""A turn at GitHub under a claim: whatever happens in it, the claim is left as it must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dishwasher.core.build import Build
from dishwasher.errors import Gone, InfraError, Lost, Throttled
from dishwasher.flow.claim import Claim, take
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
        gone: Callable[[], None],
    ) -> None:
        """Do the work unless another does it, until nothing has changed meanwhile.

        `gone` is done when GitHub says that nothing is there to be told. Raises InfraError when the
        work is to be tried again; a limit of GitHub's rings for its end.
        """
        try:
            claim = take(self.store, self.clock, key, self.hold, build.id)
        except Throttled:
            # Who left it until then has rung for then, and the reaper comes besides.
            return
        if claim is None:
            return
        try:
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
            gone()
            self._leave(claim, build, 0.0)

    def _leave(self, claim: Claim, build: Build, until: float) -> None:
        """Nothing more can be sent now; come back then, 0 for never."""
        try:
            claim.leave(until)
        except Lost:
            return
        if until:
            delay = max(0.0, until - self.clock.now())
            self.bells.ring(Topic.REPORTS, build.id, delay=delay)
