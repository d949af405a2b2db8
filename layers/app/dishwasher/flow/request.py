"""A pull request's event → what GitHub says of it now: the merge to build, and whom to believe."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import pull, trust
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Event, Ignored, PullRequest
from dishwasher.core.hooks.code import message
from dishwasher.core.pull import Commit, Pull, Stand, pull_id
from dishwasher.errors import Unseen
from dishwasher.flow.cancel import Cancels
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.shared_checks import counting, newest
from dishwasher.flow.work import Work
from dishwasher.ports import Clock, Pulls, Record, Source, Store

MERGED_WITHIN = 60.0
"""Seconds that GitHub is given to try a merge; it mostly takes a few.

https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
"""
REOPENED = "reopened"
"""https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request"""
ON_THE_BRANCH = frozenset({"identical", "behind"})


@dataclass(frozen=True, slots=True)
class Requests:
    store: Store
    clock: Clock
    source: Source
    pulls: Pulls
    cancels: Cancels
    bots: frozenset[int] = frozenset()
    """Ids of those that count as one of the team."""

    def opened(self, delivery: Delivery, event: Event, request: PullRequest) -> Work | Ignored:
        """Its head has moved, or it is there anew: what was planned for an older head ends."""
        # Read before GitHub is asked: who plans a later head meanwhile makes us begin again.
        row = self.row(event, request)
        stand = self.pulls.pull_request(event.repository, request.number)
        if old := self.outdated(delivery, event, request, stand):
            return Ignored(old)
        if row.head not in ("", event.sha):
            self.cancels.supersede(delivery, event, request, row.head)
        doubt = self.doubt(delivery, event)
        event, notes = self._pinned(delivery, event, request, stand)
        request = event.pull_request or request
        self.cancels.retargeted(delivery, event, request)
        after = row.at(event, request)
        approval = after.approval if doubt else None
        # Or it was closed and nobody has told us (yet).
        reopened = not row.is_open or event.action == REOPENED
        return Work(delivery, event, doubt, notes, approval, reopened=reopened, along=(after,))

    def closed(self, delivery: Delivery, event: Event, request: PullRequest) -> Work:
        """What was planned for it alone ends; nothing follows, and the note says why."""
        row = self.row(event, request)
        stand = self.pulls.pull_request(event.repository, request.number)
        if stand.is_open:
            waited = self.clock.now() >= delivery.received + UNSEEN_FOR
            # Closed and opened in one second has the same time: GitHub is right in the end.
            if pull.is_later(stand, request) or waited:
                return Work(delivery, event, notes=("is open again",), along=self._unsaid(event))
            raise Unseen(f"pull request {request.number} is not shown as closed yet")
        self.cancels.close(delivery, event, request)
        closed = replace(row, is_open=False, due=self.clock.now())
        return Work(delivery, event, notes=("was closed",), along=(closed,))

    def _unsaid(self, event: Event) -> tuple[Record, ...]:
        """What ended while it was closed was not said under it, and is now."""
        number = event.pull_request.number if event.pull_request else 0
        build = newest(self.store, event.repository.id, number, event.sha)
        return counting(self.store, self.clock, build, number, anew=True) if build else ()

    def beside(self, delivery: Delivery, event: Event) -> tuple[Stand, ...]:
        """The open pull requests that build what was pushed to their branch."""
        stands = self.pulls.open_from(event.repository, event.branch)
        if not stands or any(stand.head_sha == event.sha for stand in stands):
            return stands
        if self.source.branch_sha(event.repository, event.branch) != event.sha:
            # They are further on than this push.
            return stands
        if self.clock.now() < delivery.received + UNSEEN_FOR:
            raise Unseen(f"pull request {stands[0].number} does not stand at {event.sha[:12]} yet")
        # It was closed before, and is only shown as open.
        return ()

    def doubt(self, delivery: Delivery, event: Event) -> str:
        """Why its commit must not run as one of the team's; empty where it may."""
        request = event.pull_request
        if request is None or request.head_repository != event.repository.id:
            return trust.distrust(event, None)
        branch = self.source.branch_sha(event.repository, event.branch)
        if branch != event.sha and self.clock.now() < delivery.received + UNSEEN_FOR:
            # The API lags behind the webhooks, and a refusal can not be taken back.
            raise Unseen(f"{event.branch} does not stand at {event.sha[:12]} yet")
        return trust.distrust(event, branch, self.bots)

    def row(self, event: Event, request: PullRequest) -> Pull:
        """What was planned of it last."""
        key = pull_id(event.repository.id, request.number)
        return self.store.get(Pull, key) or Pull(key)

    def outdated(self, delivery: Delivery, event: Event, request: PullRequest, stand: Stand) -> str:
        """Why the event is one of the past; deliveries come in any order."""
        unlike = pull.unlike(stand, event)
        if not unlike or pull.is_later(stand, request):
            return unlike
        # Or GitHub's API is what lags behind.
        if self.clock.now() < delivery.received + UNSEEN_FOR:
            raise Unseen(f"{unlike}, and not at {event.sha[:12]} yet")
        return unlike

    def _pinned(
        self, delivery: Delivery, event: Event, request: PullRequest, stand: Stand
    ) -> tuple[Event, tuple[str, ...]]:
        """The event with the very commit that is built, and what is to be told of that."""
        head = self.pulls.commit_of(event.repository, event.sha)
        merge = None if stand.mergeable is False else self._merge(event, stand)
        if merge is not None:
            made = pull.merged(request, stand, merge, head)
            notes = pull.told(made)
        elif stand.mergeable is False:
            made, notes = pull.plain(request, stand), pull.conflicting(stand)
        elif self.clock.now() < delivery.received + MERGED_WITHIN:
            raise Unseen(f"pull request {request.number} is not merged for a try yet")
        else:
            made, notes = pull.plain(request, stand), pull.unmerged(stand)
        event = replace(event, pull_request=made, message=message(head.message))
        return event, (notes,) if notes else ()

    def _merge(self, event: Event, stand: Stand) -> Commit | None:
        """The merge of this head into the base branch; None where GitHub has not made it (yet)."""
        sha = self.pulls.merge_sha(event.repository, stand.number) if stand.mergeable else None
        if sha is None:
            return None
        made = self.pulls.commit_of(event.repository, sha)
        if len(made.parents) != 2 or made.parents[1] != event.sha:
            # Of an older head.
            return None
        base = made.parents[0]
        if base == stand.base_sha:
            return made
        # Or of another branch, when the base was changed. One of the branch's past will do: in a
        # busy repository the last one is never caught.
        found = self.source.compare(event.repository, stand.base_ref, base)
        return made if found is not None and found.status in ON_THE_BRANCH else None
