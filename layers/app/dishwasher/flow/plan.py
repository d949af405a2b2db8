"""plan: a delivery → a build with its jobs, the end of others, or why nothing follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from dishwasher.core import heads
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import GIVE_UP_AFTER, REFUSALS, Delivery, Stage
from dishwasher.core.event import NO_COMMIT, Event, EventKind, Ignored, PullRequest
from dishwasher.core.hooks.code import message
from dishwasher.core.job import Timing
from dishwasher.errors import Conflict, InfraError, Refused, Rejected, Unseen
from dishwasher.flow.building import Building
from dishwasher.flow.cancel import Cancels
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.command import Commands
from dishwasher.flow.label import Labels
from dishwasher.flow.places import Places
from dishwasher.flow.request import ON_THE_BRANCH, Requests
from dishwasher.flow.rerun import Clicks
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.verdict import Verdicts
from dishwasher.flow.work import Work, ignore
from dishwasher.ports import Bells, Blobs, Clock, Comments, Members, Pulls, Source, Store

CLICKS = frozenset(
    {
        *(EventKind.RERUN, EventKind.RERUN_FAILED, EventKind.RERUN_ALL),
        *(EventKind.CANCEL, EventKind.CANCEL_JOB),
    }
)
AT_A_BRANCH = frozenset({EventKind.SCHEDULE, EventKind.MANUAL})
"""Events that may name a branch and not the commit at which it stands."""


@dataclass(frozen=True, slots=True)
class Plan:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    source: Source
    pulls: Pulls
    verdicts: Verdicts
    timing: Timing
    secret: bytes
    """Makes ids of builds unguessable."""
    comments: Comments
    members: Members
    bots: frozenset[int] = frozenset()
    """GitHub's ids of those that count as one of the team."""

    def __call__(self, delivery_id: str) -> None:
        delivery = self.store.get(Delivery, delivery_id)
        if delivery is None or delivery.stage is not Stage.RECEIVED:
            return
        if delivery.change is not None:
            self._places(delivery, delivery.change)
        if delivery.event is None:
            return
        try:
            self._plan(delivery, self._present(delivery.event))
        except Conflict:
            raise
        except Refused as error:
            self._refused(delivery, delivery.event, error)
        except InfraError as error:
            self._failed(delivery, delivery.event, error)

    def _present(self, event: Event) -> Event:
        """The event of the repository as it is called, and reached, by now."""
        return replace(event, repository=Tenancy(self.store).present(event.repository))

    def _plan(self, delivery: Delivery, event: Event) -> None:
        request = event.pull_request
        if barred := Tenancy(self.store).barred(event.repository):
            self._places.missed(event)
            self._ignore(delivery, event, barred)
        elif event.kind in CLICKS:
            self._clicks.clicked(delivery, event)
        elif event.kind in (EventKind.BRANCH_DELETED, EventKind.MERGE_GROUP_DESTROYED):
            self._cancels.branch(delivery, event)
            self._places.ended(event)
            self._ignore(delivery, event, "its checks were cancelled, if any had not ended")
        elif event.comment is not None:
            self._commands(delivery, event, event.comment)
        elif request is not None and event.label:
            self._labels(delivery, event, request)
        elif request is None:
            self._work(delivery, event, self._pushed(delivery, event))
        elif event.kind is EventKind.PULL_REQUEST_CLOSED:
            ended = self._requests.closed(delivery, event, request)
            self._places.ended(event)
            self._unbuilt(event, request)
            ignore(self.store, ended, f"pull request {request.number} {ended.notes[0]}")
        else:
            self._work(delivery, event, self._requests.opened(delivery, event, request))

    def _unbuilt(self, event: Event, request: PullRequest) -> None:
        """A push was left to this pull request, which ended before anything was built of it."""
        builds = self.store.group(Build, build_group(event.repository.id, event.sha))
        if request.head_repository == event.repository.id and not builds:
            pushed = replace(event, kind=EventKind.PUSH, pull_request=None)
            self._places.missed(pushed)

    def _work(self, delivery: Delivery, event: Event, work: Work | Ignored) -> None:
        if isinstance(work, Ignored):
            self._ignore(delivery, event, work.reason)
        else:
            self._building(work)

    def _pushed(self, delivery: Delivery, event: Event) -> Work | Ignored:
        """A push, or what a queue, a clock or a hand asks to have built."""
        repository = event.repository
        if event.kind in AT_A_BRANCH and event.sha == NO_COMMIT:
            branch = event.branch or repository.default_branch
            sha = self.source.branch_sha(repository, branch)
            if sha is None:
                return Ignored(f"there is no branch {branch}")
            event = replace(event, branch=branch, sha=sha)
        elif event.kind is EventKind.MANUAL and (stray := self._stray(event)):
            return Ignored(stray)
        if heads.is_found(event):
            # A look tells where a branch stands, and not whether its commit says [skip ci].
            told = self.pulls.commit_of(repository, event.sha).message
            event = replace(event, message=message(told))
        other = event.branch not in ("", repository.default_branch)
        if event.kind is not EventKind.PUSH or not other or event.rerun:
            return Work(delivery, event)
        stands = self._requests.beside(delivery, event)
        return Work(
            delivery,
            event,
            requests=tuple(stand.number for stand in stands),
            standing=tuple(stand.number for stand in stands if stand.head_sha == event.sha),
        )

    def _stray(self, event: Event) -> str:
        """Why a commit that was named by hand is none of its branch's; empty where it is one.

        GitHub shows the commits of forks in the repository that they come from, and what is built
        by hand may know what the branch may know.
        """
        found = self.source.compare(event.repository, event.branch, event.sha)
        if found is not None and found.status in ON_THE_BRANCH:
            return ""
        return f"{event.sha[:12]} is no commit of {event.branch}"

    def _refused(self, delivery: Delivery, event: Event, error: Refused) -> None:
        """Believed when it was said a few times: a single 403 may be a fault of GitHub's own."""
        looks = delivery.refused + 1
        if looks >= REFUSALS:
            self._places.missed(event, partial(heads.refuse, now=self.clock.now()))
            self._ignore(delivery, event, str(error))
            return
        self.store.save(replace(delivery, refused=looks, reason=f"waits: {error}"))
        raise Unseen(str(error)) from error

    def _failed(self, delivery: Delivery, event: Event, error: InfraError) -> None:
        if isinstance(error, Rejected):
            self._ignore(delivery, event, str(error))
            return
        patience = UNSEEN_FOR if isinstance(error, Unseen) else GIVE_UP_AFTER
        if self.clock.now() >= delivery.received + patience:
            given_up = "" if isinstance(error, Unseen) else "given up after three days: "
            self._ignore(delivery, event, f"{given_up}{error}")
            return
        waits = replace(delivery, reason=f"waits: {error}")
        if waits != delivery:
            self._tell(waits)
        raise error

    def _tell(self, waits: Delivery) -> None:
        """What it waits for, for people who look; who plans it meanwhile knows better."""
        try:
            self.store.save(waits)
        except InfraError:
            return

    def _ignore(self, delivery: Delivery, event: Event, reason: str) -> None:
        ignore(self.store, Work(delivery, event), reason)

    @property
    def _places(self) -> Places:
        return Places(self.store, self.bells, self.clock)

    @property
    def _building(self) -> Building:
        return Building(
            *(self.store, self.blobs, self.bells, self.clock),
            *(self.source, self.timing, self.secret),
        )

    @property
    def _clicks(self) -> Clicks:
        flows = self._building, self._requests, self._cancels
        return Clicks(self.store, *flows, self.members, self.bots)

    @property
    def _labels(self) -> Labels:
        return Labels(self._building, self._requests, self._cancels)

    @property
    def _commands(self) -> Commands:
        flows = self._building, self._clicks, self._cancels
        return Commands(self.comments, self.members, *flows)

    @property
    def _cancels(self) -> Cancels:
        return Cancels(self.store, self.clock, self.verdicts)

    @property
    def _requests(self) -> Requests:
        return Requests(self.store, self.clock, self.source, self.pulls, self._cancels, self.bots)
