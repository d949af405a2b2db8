"""Which runner a claimed job gets, its beginning, and what follows when there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dishwasher.core import lifecycle
from dishwasher.core import size as sizing
from dishwasher.core.build import Build
from dishwasher.core.job import Job, State, Timing
from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, Throttled
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Clock, Fleet

CROWDED = 3600.0
"""Seconds for which a limit of the fleet's may keep a job waiting before it counts as our fault."""


@dataclass(frozen=True, slots=True)
class Starting:
    clock: Clock
    fleet: Fleet
    verdicts: Verdicts
    timing: Timing
    url: Callable[[], str]
    sizes: tuple[Size, ...]

    def fit(self, waiting: Job, build: Build) -> tuple[Job, Size] | str:
        """The job with the size of its next attempt; or, for people, why none will do."""
        wanted = sizing.needs(waiting.spec, build.is_trusted)
        size = sizing.choose(self.sizes, wanted)
        if size is None:
            return sizing.refusal(self.sizes, wanted)
        if waiting.outgrown:
            return waiting, sizing.named(self.sizes, waiting.size)
        if not waiting.lost_retries:
            return waiting, size
        # Lambda tells nobody that a function ran out of memory: its runner is just lost.
        words = waiting.size, waiting.spec, build.is_trusted, self.timing.job
        after = sizing.larger(self.sizes, *words, None)
        if after is None:
            return waiting, size
        here = sizing.named(self.sizes, waiting.size)
        return replace(waiting, outgrown=sizing.told("The runner was lost.", here, after)), after

    def __call__(self, claimed: Job, code: str, build: Build, size: Size) -> None:
        """Raises Throttled where the job has to wait for a limit to pass; it is queued again."""
        bootstrap = Bootstrap(self.url(), claimed.attempt_id, code)
        try:
            self.fleet.start(bootstrap, tenant(build), self._narrowed(size, claimed, build))
        except Throttled as error:
            if not self._wait(claimed, error.retry_at):
                self._expire(claimed, str(error))
                return
            raise
        except InfraError as error:
            self._expire(claimed, str(error))

    def _wait(self, claimed: Job, until: float) -> bool:
        """Queue it again, without a bell: who is told when to come back rings it.

        False where it has waited for too long, or is to stop.
        """
        now = self.clock.now()
        if claimed.crowded and claimed.crowded + CROWDED < now:
            return False

        def unclaimed(current: Job) -> Job:
            waits = _is_starting(current, claimed) and not current.cancel
            return lifecycle.unclaim(current, now, until) if waits else current

        return not self.verdicts.renew(claimed.id, unclaimed).cancel

    def _narrowed(self, size: Size, claimed: Job, build: Build) -> Size:
        """With what this job is to have of it."""
        wanted = sizing.needs(claimed.spec, build.is_trusted)
        return replace(
            size,
            seconds=sizing.seconds(size, claimed.spec, self.timing.job),
            strangers=not wanted.trusted,
            jail=wanted.jail or not wanted.trusted,
            services=wanted.services,
            docker=wanted.docker,
        )

    def _expire(self, claimed: Job, cause: str) -> None:
        now = self.clock.now()
        self.verdicts.change(
            claimed.id,
            lambda current: (
                lifecycle.expire(current, now, self.timing, cause)
                if _is_starting(current, claimed)
                else current
            ),
        )


def _is_starting(current: Job, claimed: Job) -> bool:
    """Whether nothing has become of this attempt yet."""
    return current.attempt == claimed.attempt and current.state is State.STARTING


def tenant(build: Build) -> str:
    """Whose code the build's jobs run: the team's of a repository, or strangers' there."""
    return f"{build.event.repository.id}{'' if build.is_trusted else '/strangers'}"
