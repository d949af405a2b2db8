"""AWS: which adapter answers for each port in the functions of template.yaml.

Every part is made, and imported, when it is first asked for: a function pays with its cold start
for what it needs and nothing else. The only place that names adapters of AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from dishwasher.aws.clients import Clients
from dishwasher.errors import UserError
from dishwasher.local.clock import SystemClock
from dishwasher.ports import Topic

if TYPE_CHECKING:
    from dishwasher.aws.blobs import S3Blobs
    from dishwasher.aws.neighbours import Neighbours
    from dishwasher.aws.queue import SqsQueue
    from dishwasher.aws.vault import SsmVault
    from dishwasher.core.job import Timing
    from dishwasher.core.size import Size
    from dishwasher.flow.accept import Accept
    from dishwasher.flow.attempt import Attempts
    from dishwasher.flow.caches import Caches
    from dishwasher.flow.dispatch import Dispatch
    from dishwasher.flow.plan import Plan
    from dishwasher.flow.report import Reports
    from dishwasher.flow.verdict import Verdicts
    from dishwasher.github.app import GithubApp
    from dishwasher.github.source import GithubSource
    from dishwasher.http.message import Request, Response
    from dishwasher.http.router import Router
    from dishwasher.ports import Checks, Fleet, Store
    from dishwasher.wiring.hearing import Hearing
    from dishwasher.wiring.settings import Settings

SECRET = "DISHWASHER_GITHUB_WEBHOOK_SECRET"


class House:
    """The flows over AWS; one for each process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._url = ""
        self.clock = SystemClock()
        self.clients = Clients()

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

    def is_reached_at(self, url: str) -> None:
        """Where the API answers, for a function that it calls and that can not name it itself."""
        self._url = url

    def url(self) -> str:
        """Where people and runners reach us, without a slash at the end."""
        known = self._environment.get("DISHWASHER_PUBLIC_URL") or self._url
        return known or self._environment["DISHWASHER_API_ENDPOINT"]

    # What they are made of

    @cached_property
    def store(self) -> Store:
        from dishwasher.wiring.activity import LoggedStore

        return LoggedStore(self._neighbours)

    @cached_property
    def _neighbours(self) -> Neighbours:
        from dishwasher.aws.lasting import Lasting
        from dishwasher.aws.neighbours import Neighbours
        from dishwasher.aws.store import DynamoStore

        days = float(self._environment.get("DISHWASHER_KEEP_DAYS", Lasting().days))
        return Neighbours(DynamoStore(self.clients, self._table, self.clock, Lasting(days)))

    @cached_property
    def queue(self) -> SqsQueue:
        from dishwasher.aws.queue import SqsQueue

        return SqsQueue(self.clients, self._queues, self._neighbours)

    @property
    def _queues(self) -> dict[Topic, str]:
        return {topic: self._environment[f"DISHWASHER_QUEUE_{topic.upper()}"] for topic in Topic}

    @cached_property
    def blobs(self) -> S3Blobs:
        from dishwasher.aws.blobs import S3Blobs

        return S3Blobs(self.clients, self._environment["DISHWASHER_BUCKET"])

    @cached_property
    def vault(self) -> SsmVault:
        from dishwasher.aws.vault import SsmVault

        # Who hands out none, as the reaper, is not told where they are, and may not read them.
        prefix = self._environment.get("DISHWASHER_SECRETS", "")
        return SsmVault(self.clients, self._table, prefix, self.clock)

    @cached_property
    def _fleet(self) -> Fleet:
        from dishwasher.aws import sizes
        from dishwasher.aws.archive import RunnerArchive
        from dishwasher.aws.codebuild import CodeBuildFleet
        from dishwasher.aws.fleet import LambdaFleet
        from dishwasher.aws.fleets import Fleets
        from dishwasher.aws.microvm import MicrovmFleet

        archive = RunnerArchive(self.clients, self._environment["DISHWASHER_BUCKET"])
        project = self._environment.get(sizes.BUILDER, "")
        builders = CodeBuildFleet(self.clients, self.clock, project, archive.url)
        function = LambdaFleet(self.clients, self.clock, self._environment.get(sizes.RUNNER, ""))
        parts: dict[str, Fleet] = dict.fromkeys(sizes.COMPUTE, builders)
        parts[sizes.FUNCTION] = function
        image = self._environment.get(sizes.MICROVM, "")
        parts[sizes.ISOLATED] = MicrovmFleet(self.clients, self.clock, image, self.blobs)
        return Fleets({size.name: parts[size.name] for size in self._sizes})

    @cached_property
    def _sizes(self) -> tuple[Size, ...]:
        from dishwasher.aws.sizes import sizes

        return sizes(self._environment)

    @property
    def _table(self) -> str:
        return self._environment["DISHWASHER_TABLE"]

    @cached_property
    def _secret(self) -> bytes:
        """The only setting that `webhook` needs, and may read."""
        from dishwasher.aws.parameters import Parameters

        found = Parameters(self.clients).settled({SECRET: self._environment[SECRET]})
        if not found[SECRET]:
            raise UserError(f"{SECRET} is empty: nobody may be let in without one")
        return found[SECRET].encode()

    @cached_property
    def _settings(self) -> Settings:
        from dishwasher.aws.parameters import Parameters
        from dishwasher.wiring import settings

        found = Parameters(self.clients).settled(self._environment)
        return settings.read(found)

    @cached_property
    def _app(self) -> GithubApp:
        from dishwasher.github.app import GithubApp
        from dishwasher.github.limiter import Limiter

        settings = self._settings
        where = settings.app_id, settings.private_key, settings.api_url, settings.url
        return GithubApp(*where, self.clock, Limiter(settings.points_per_minute))

    @cached_property
    def _source(self) -> GithubSource:
        from dishwasher.github.source import GithubSource

        return GithubSource(self._app)

    @cached_property
    def _checks(self) -> Checks:
        from dishwasher.github.checks import GithubChecks
        from dishwasher.wiring.activity import LoggedChecks

        return LoggedChecks(GithubChecks(self._app))

    @cached_property
    def _timing(self) -> Timing:
        from dishwasher.aws.sizes import FUNCTION_START

        return replace(self._settings.timing, start=FUNCTION_START)

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

        Redeliver(self.store, self.clock, GithubDeliveries(self._app))()
        MissedHeads(self.store, self.queue, self.clock, GithubHeads(self._app))()

    def _page(self, job_id: str) -> str:
        """The URL that a check run links to."""
        return f"{self.url()}/jobs/{job_id}"


def _missing(request: Request) -> Response:
    from dishwasher.http.message import text

    return text(404, "there is nothing here")
