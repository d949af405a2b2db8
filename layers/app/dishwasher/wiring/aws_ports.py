"""AWS: which adapter answers for each port, and by which settings it is made.

As in `wiring.aws`, what is not asked for is neither made nor imported.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    from dishwasher.github.app import GithubApp
    from dishwasher.github.source import GithubSource
    from dishwasher.ports import Checks, Fleet, Store
    from dishwasher.wiring.settings import Settings

SECRET = "DISHWASHER_GITHUB_WEBHOOK_SECRET"


class Ports:
    """The adapters, and the settings that they are made by; one for each process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._url = ""
        self.clock = SystemClock()
        self.clients = Clients()

    def is_reached_at(self, url: str) -> None:
        """Where the API answers, for a function that it calls and that can not name it itself."""
        self._url = url

    def url(self) -> str:
        """Where people and runners reach us, without a slash at the end."""
        known = self._environment.get("DISHWASHER_PUBLIC_URL") or self._url
        return known or self._environment["DISHWASHER_API_ENDPOINT"]

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
        from dishwasher.aws.fleets import Fleets
        from dishwasher.aws.function import LambdaFleet
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
