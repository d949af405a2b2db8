"""AWS: the flows of the functions of template.yaml, and what each of them is made of.

Every part is made, and imported, when it is first asked for: a function pays with its cold start
for what it needs and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from dishwasher.ports import Topic
from dishwasher.wiring.aws_ports import Ports

if TYPE_CHECKING:
    from dishwasher.flow.accept import Accept
    from dishwasher.flow.attempt import Attempts
    from dishwasher.flow.caches import Caches
    from dishwasher.flow.dispatch import Dispatch
    from dishwasher.flow.plan import Plan
    from dishwasher.flow.report import Reports
    from dishwasher.flow.verdict import Verdicts
    from dishwasher.http.message import Request, Response
    from dishwasher.http.router import Router
    from dishwasher.wiring.hearing import Hearing


class House(Ports):
    """The flows over AWS; one for each process."""

    # What the functions ask for

    @cached_property
    def accept(self) -> Accept:
        from dishwasher.flow.accept import Accept

        # Not the store that logs: it tells of nothing before a delivery is planned, and its words
        # are those of jobs and checks, which a cold webhook would wait for.
        return Accept(self._neighbours, self.queue, self.clock, self._secret)

    @cached_property
    def plan(self) -> Plan:
        from dishwasher.flow.plan import Plan
        from dishwasher.github.comments import GithubComments
        from dishwasher.github.members import GithubMembers
        from dishwasher.github.pulls import GithubPulls
        from dishwasher.wiring.keys import derive

        return Plan(
            *(self.store, self.blobs, self.queue, self.clock, self._source),
            *(GithubPulls(self._app), self._verdicts, self._timing),
            *(derive(self._secret, "build ids"), GithubComments(self._app)),
            *(GithubMembers(self._app), self._settings.bots),
        )

    @cached_property
    def dispatch(self) -> Dispatch:
        from dishwasher.flow.dispatch import Dispatch

        words = (self.store, self.clock, self._source, self._fleet, self._verdicts, self._timing)
        return Dispatch(*words, self.url, self._sizes)

    @cached_property
    def report(self) -> Reports:
        from dishwasher.flow.report import Reports
        from dishwasher.github.comments import GithubComments
        from dishwasher.github.deployments import GithubDeployments

        told = self._checks, GithubComments(self._app), GithubDeployments(self._app)
        words = (self.store, self.blobs, self.queue, self.clock, *told)
        return Reports(*words, self._verdicts, self._page)

    @cached_property
    def rounds(self) -> Mapping[str, Callable[[], None]]:
        """What the schedule asks for, by the name that it gives."""
        return {"reap": self._reap, "look": self._look}

    @cached_property
    def webhook(self) -> Callable[[Request], Response]:
        from dishwasher.http.router import Router
        from dishwasher.http.webhook import Webhook

        return Router(Webhook(self.accept).routes(), _missing)

    @cached_property
    def tickets(self) -> Router:
        from dishwasher.flow.settle import Settle
        from dishwasher.http.caches import Caches
        from dishwasher.http.jobs import Jobs
        from dishwasher.http.router import Router

        words = (self.blobs, self.clock, self._attempts, self._verdicts, self._timing)
        parts = Jobs(self._attempts, Settle(*words)), Caches(self._caches)
        return Router((route for part in parts for route in part.routes()), _missing)

    @cached_property
    def pages(self) -> Router:
        from dishwasher.flow.tenancy import Tenancy
        from dishwasher.http.health import Health
        from dishwasher.http.pages import Site
        from dishwasher.http.readers import Readers
        from dishwasher.http.router import Router
        from dishwasher.web.assets import Assets
        from dishwasher.web.pages import Pages
        from dishwasher.wiring.keys import derive
        from dishwasher.wiring.login import people

        settings = self._settings
        found = people(self._app, settings)
        readers = Readers(
            self.clock, derive(self._secret, "sessions"), found, Tenancy(self.store).shown
        )
        words = (self.store, self.blobs, self.clock, Assets(), settings.url)
        shown = Pages(*words, login=found is not None)
        site = Site(shown, self.blobs, self.url, readers, direct=self.blobs.link)
        parts = Health(lambda: True), site
        return Router((route for part in parts for route in part.routes()), site.missing)

    def hears(self, topic: Topic, handle: Callable[[str], None]) -> Hearing:
        """What a function does with one message of this topic's queue."""
        from dishwasher.aws.queue import key_of
        from dishwasher.aws.visibility import Visibility
        from dishwasher.wiring.hearing import Hearing

        postpone = Visibility(self.clients, self._queues[topic])
        return Hearing(topic, handle, self.queue, self.clock, postpone, key_of)

    # What these share

    @cached_property
    def _verdicts(self) -> Verdicts:
        from dishwasher.flow.verdict import Verdicts

        return Verdicts(self.store, self.queue, self.clock, self._timing)

    @cached_property
    def _attempts(self) -> Attempts:
        from dishwasher.flow.attempt import Attempts

        words = (self.store, self.blobs, self.queue, self.clock, self._source, self._verdicts)
        rest = (self._settings.limits, self._page, self.vault, self._sizes)
        return Attempts(*words, self._timing, *rest)

    @cached_property
    def _caches(self) -> Caches:
        from dishwasher.core.shelf import Room
        from dishwasher.flow.caches import Caches

        room = Room(one=self._settings.limits.cache_bytes)
        return Caches(self.store, self.blobs, self.clock, self._attempts, room)

    def _reap(self) -> None:
        from dishwasher.flow.reap import Reap

        words = (self.store, self.queue, self.clock, self._fleet, self._verdicts)
        Reap(*words, self._timing, self._caches)()

    def _look(self) -> None:
        from dishwasher.flow.heads import MissedHeads
        from dishwasher.flow.redeliver import Redeliver
        from dishwasher.github.deliveries import GithubDeliveries
        from dishwasher.github.heads import GithubHeads

        Redeliver(self.store, self.queue, self.clock, GithubDeliveries(self._app))()
        MissedHeads(self.store, self.queue, self.clock, GithubHeads(self._app))()

    def _page(self, job_id: str) -> str:
        """The URL that a check run links to."""
        return f"{self.url()}/jobs/{job_id}"


def _missing(request: Request) -> Response:
    from dishwasher.http.message import text

    return text(404, "there is nothing here")
