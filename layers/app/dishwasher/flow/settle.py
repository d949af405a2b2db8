"""settle: a runner's result → the verdict stored, what follows from it queued, the report rung."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core import lifecycle
from dishwasher.core import size as sizing
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.lifecycle import fence
from dishwasher.core.outcome import FAILING_KEPT
from dishwasher.core.result import FINDINGS_KEPT, Result
from dishwasher.core.size import Size
from dishwasher.errors import UserError
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.keep import keep_result
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Blobs, Clock

FROM_A_RUNNER = frozenset(
    {
        Reason.OK,
        Reason.FAILED,
        Reason.ADVISORY,
        Reason.TIMED_OUT,
        Reason.CANCELLED,
        Reason.INFRA,
        # It alone knows what walls it has: what needs a jail is refused where there is none.
        Reason.REFUSED,
    }
)
"""What a runner may say; everything else is the server's to decide."""
TAKEN_WORD = frozenset({Reason.OK, Reason.FAILED})
"""Of a deployment: ends whose effect is known."""
MAX_DETAIL = 1000
"""Characters of a runner's sentence that the table keeps; its whole result is a blob."""


@dataclass(frozen=True, slots=True)
class Settle:
    blobs: Blobs
    clock: Clock
    attempts: Attempts
    verdicts: Verdicts
    timing: Timing

    def __call__(self, attempt_id: str, token: str, result: Result) -> None:
        failing = result.tests.failing if result.tests else ()
        too_much = len(result.findings) > FINDINGS_KEPT or len(failing) > FAILING_KEPT
        if result.reason not in FROM_A_RUNNER or too_much:
            raise UserError("that is not a result that a runner may bring")
        current = self.attempts.authorised(attempt_id, token)
        # The words before the verdict: who sees the job concluded finds its result.
        keep_result(self.blobs, current, result)
        number, after = current.attempt, self._larger(current, result)

        def concluded(found: Job) -> Job:
            fence(found, number)
            if after is not None and lifecycle.may_outgrow(found):
                return self._outgrown(found, result, after)
            return self._verdict(found, result)

        self.verdicts.change(current.id, concluded)

    def _larger(self, current: Job, result: Result) -> Size | None:
        """The runner on which it shall run again, because this one was too small."""
        build = self.attempts.store.get(Build, current.build) if result.exhausted else None
        if build is None:
            return None
        words = current.size, current.spec, build.is_trusted, self.timing.job
        return sizing.larger(self.attempts.sizes, *words, result.exhausted)

    def _outgrown(self, found: Job, result: Result, after: Size) -> Job:
        here = sizing.named(self.attempts.sizes, found.size)
        why = sizing.told(result.detail[:MAX_DETAIL], here, after)
        return lifecycle.outgrow(found, why, after, self.clock.now(), self.timing)

    def _verdict(self, found: Job, result: Result) -> Job:
        now = self.clock.now()
        if result.reason is Reason.INFRA and found.state is State.STARTING and not found.cancel:
            return lifecycle.expire(found, now, self.timing, result.detail[:MAX_DETAIL])
        reason, detail = result.reason, result.detail[:MAX_DETAIL]
        if found.cancel and reason is not Reason.OK:
            reason, detail = found.cancel_as, found.cancel_why or detail
        unknown = found.spec.kind is Kind.DEPLOYMENT and found.state is State.RUNNING
        if unknown and reason not in TAKEN_WORD:
            detail = f"{detail} Nobody knows how far the deployment came; look at the environment."
            reason = Reason.UNKNOWN_EFFECT
        return lifecycle.conclude(found, reason, detail, now)
