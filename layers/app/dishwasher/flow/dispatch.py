"""dispatch: a queued job → claimed by compare-and-set, its runner begun with a one-time code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dishwasher.core import deploy, heads, lifecycle
from dishwasher.core.build import AWAY, Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment
from dishwasher.core.event import Event
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.size import ONE, Size
from dishwasher.errors import Conflict, Gone, Throttled, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.places import Places
from dishwasher.flow.starting import Starting
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Clock, Fleet, Source, Store

TRIES = 10
"""Lost compare-and-sets before the caller gets the Conflict."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    store: Store
    clock: Clock
    source: Source
    fleet: Fleet
    verdicts: Verdicts
    timing: Timing
    url: Callable[[], str]
    """Base URL under which runners reach the ticket routes."""
    sizes: tuple[Size, ...] = ONE
    """Of its runners, the smallest first."""

    def __call__(self, job_id: str) -> None:
        for _ in range(TRIES):
            waiting = self.store.get(Job, job_id)
            if waiting is None or waiting.state is not State.QUEUED:
                return
            found = self.store.get(Build, waiting.build)
            if found is None:
                raise LookupError(f"job {job_id} has no build")
            tenancy = Tenancy(self.store)
            barred = tenancy.barred(found.event.repository) or _left(found)
            build = tenancy.moved(found)
            if not barred:
                self._await_token(waiting, build)
            try:
                if barred:
                    self._call_off(job_id, found, f"Not started: {barred}.")
                else:
                    self._dispatch(waiting, build)
            except Conflict:
                # Another dispatcher has it, or the reaper or its environment was written: look.
                continue
            except Gone as error:
                self._end(job_id, Reason.REFUSED, f"{error}; nothing can be deployed from there.")
            return
        raise Conflict(f"job {job_id} is written too often")

    def _dispatch(self, waiting: Job, build: Build) -> None:
        words = (self.clock, self.fleet, self.verdicts, self.timing, self.url, self.sizes)
        starting = Starting(*words)
        fit = starting.fit(waiting, build)
        if isinstance(fit, str):
            self._end(waiting.id, Reason.REFUSED, fit)
            return
        grown, size = fit
        code = self.clock.secret()
        claimed = lifecycle.claim(grown, digest(code), self.clock.now(), self.timing, size)
        if self._claim(claimed, build):
            starting(claimed, code, build, size)

    def _call_off(self, job_id: str, build: Build, why: str) -> None:
        """Its heads count as not built, and are planned anew when we are let in again."""
        Places(self.store, self.verdicts.bells, self.clock).called_off(build)
        # What somebody asked for by hand is theirs to ask for again.
        if heads.is_head(build.event) and not (build.abandoned or build.event.rerun):
            self.store.save(replace(build, abandoned=AWAY))
        self._end(job_id, Reason.CANCELLED, why)

    def _await_token(self, waiting: Job, build: Build) -> None:
        """A runner that gets no ticket is an attempt lost: under a limit the job stays queued."""
        free_at = self.source.free_at(build.event.repository)
        if free_at > self.clock.now():
            raise Throttled(f"job {waiting.id} waits for GitHub's limit", free_at)

    def _claim(self, claimed: Job, build: Build) -> bool:
        if claimed.spec.kind is not Kind.DEPLOYMENT:
            self.store.save(claimed)
            return True
        key = deploy.environment_id(build.event.repository.id, claimed.spec.name)
        environment = self.store.get(Environment, key) or Environment(key)
        by_hand = self._by_hand(claimed, build)
        others = self._others(environment, claimed.id)
        environment = deploy.waited(environment, *set(environment.waiting) - set(others))
        why = "" if by_hand else self._superseded(environment, claimed, build)
        if not (why or by_hand or build.event.forced):
            # A forced push puts an older commit in front on purpose.
            why = self._overtaken(others, build)
        if why:
            self._end(claimed.id, Reason.SUPERSEDED, why)
            return False
        taken = (deploy.take_by_hand if by_hand else deploy.take)(environment, claimed.id)
        if taken is not None:
            self.store.save(claimed, taken)
            return True
        if environment.unknown:
            self._end(claimed.id, Reason.AWAITING_APPROVAL, LOCKED)
        else:
            self.store.save(deploy.wait(environment, claimed.id))
        return False

    def _by_hand(self, claimed: Job, build: Build) -> bool:
        """Whether a human clicked this very deployment, and not a check that it waited for."""
        if not build.event.rerun:
            return False
        clicked = self.store.get(Job, build.event.job)
        return clicked is not None and clicked.spec.name == claimed.spec.name

    def _superseded(self, environment: Environment, claimed: Job, build: Build) -> str:
        """Why history says that this commit must not follow what was deployed last, or nothing.

        A forced push back to an old commit means it, as long as the branch holds that commit; what
        it took off the branch must not be deployed late. A tag stays where it is put.
        """
        event = build.event
        if environment.sha in ("", event.sha):
            return TWICE if environment.sha and self._is_told_late(claimed, build) else ""
        is_old = self._holds(event, environment.sha)
        if is_old and not event.forced:
            return LATER
        if not event.branch:
            return ""
        tip = self.source.branch_sha(event.repository, event.branch)
        if tip is None or tip == event.sha:
            return ""
        if self._holds(event, tip):
            return LATER if is_old else ""
        if self.clock.now() < build.created + UNSEEN_FOR:
            raise Unseen(f"{event.branch} does not hold {event.sha[:12]}, or not yet")
        return TAKEN_OFF

    def _is_told_late(self, claimed: Job, build: Build) -> bool:
        """Whether the same push was deployed already: it was found where its branch stands before
        its webhook came, the other way round, or anew because some of it was called off."""
        event = build.event
        for other in self.store.group(Build, build.group) if not event.rerun else ():
            same = (other.event.kind, other.event.branch) == (event.kind, event.branch)
            twice = heads.is_found(other.event) != heads.is_found(event) or other.abandoned == AWAY
            if other.id != build.id and same and twice and self._deployed(other, claimed.spec.name):
                return True
        return False

    def _deployed(self, build: Build, name: str) -> bool:
        jobs = self.store.group(Job, build.id)
        return any(one.spec.name == name and one.started for one in jobs)

    def _others(self, environment: Environment, own: str) -> dict[str, Build]:
        """Who else waits for the environment, with their builds."""
        found = {}
        for id in environment.waiting:
            other = self.store.get(Job, id) if id != own else None
            build = self.store.get(Build, other.build) if other else None
            if other is not None and other.state is State.QUEUED and build is not None:
                found[id] = build
        return found

    def _overtaken(self, others: Mapping[str, Build], build: Build) -> str:
        """Why a commit need not be deployed for a moment, when a later one waits too."""
        event = build.event
        later = {other.event.sha for other in others.values()} - {event.sha}
        return WAITING if any(self._holds(event, sha) for sha in later) else ""

    def _holds(self, event: Event, later: str) -> bool:
        """Whether the history of a later commit holds the event's."""
        comparison = self.source.compare(event.repository, later, event.sha)
        return comparison is not None and comparison.status == "behind"

    def _end(self, job_id: str, reason: Reason, detail: str) -> None:
        now = self.clock.now()
        self.verdicts.change(
            job_id,
            lambda current: (
                lifecycle.conclude(current, reason, detail, now)
                if current.state is State.QUEUED
                else current
            ),
        )


TWICE = "This commit was deployed already, when its push was planned for the first time."
LATER = "A later commit was deployed already."
WAITING = "A later commit waits to be deployed, and goes instead."
TAKEN_OFF = "The branch does not hold this commit any more."
ANEW = "the App was not let in for a while, and the commit is built anew"
LOCKED = (
    "Nobody knows how the last deployment to this environment ended, so nothing is deployed by "
    "itself. Look at the environment, then re-run this check to deploy this commit."
)


def _left(build: Build) -> str:
    """Why none of its jobs begins any more, once one was called off: its heads get another build,
    which has them all."""
    return ANEW if build.abandoned == AWAY else ""


def digest(secret: str) -> str:
    """What the table keeps of a code or token."""
    return hashlib.sha256(secret.encode()).hexdigest()
