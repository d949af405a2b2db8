"""The embedded mode: which adapter answers for each port on one Linux machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from dishwasher.core.environment import MIRROR_GB, MIRRORS, TARBALL
from dishwasher.core.shelf import Room
from dishwasher.flow.accept import Accept
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.caches import Caches
from dishwasher.flow.dispatch import Dispatch
from dishwasher.flow.heads import MissedHeads
from dishwasher.flow.plan import Plan
from dishwasher.flow.reap import Reap
from dishwasher.flow.redeliver import Redeliver
from dishwasher.flow.report import Reports
from dishwasher.flow.settle import Settle
from dishwasher.flow.verdict import Verdicts
from dishwasher.github.app import GithubApp
from dishwasher.github.checks import GithubChecks
from dishwasher.github.comments import GithubComments
from dishwasher.github.deliveries import GithubDeliveries
from dishwasher.github.deployments import GithubDeployments
from dishwasher.github.heads import GithubHeads
from dishwasher.github.limiter import Limiter
from dishwasher.github.members import GithubMembers
from dishwasher.github.pulls import GithubPulls
from dishwasher.github.source import GithubSource
from dishwasher.local import machine
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.clock import SystemClock
from dishwasher.local.database import Database
from dishwasher.local.fleet import ProcessFleet
from dishwasher.local.key_file import KeyFile
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.retention import Retention
from dishwasher.local.store import SqliteStore
from dishwasher.local.vault import SqliteVault
from dishwasher.ports import Store
from dishwasher.wiring.activity import LoggedChecks, LoggedStore
from dishwasher.wiring.keys import derive
from dishwasher.wiring.metrics import Counting, Metrics
from dishwasher.wiring.settings import Settings

_log = logging.getLogger(__name__)

REAP_SECONDS = 10.0
"""Between two rounds of the reaper: a lost runner is reported well within three minutes."""

LOGGER = "dishwasher"
GIVE_BACK_SECONDS = 3.0
"""For the end of GitHub's tokens when the server stops; those that are left end by themselves."""


class Address:
    """Where the server listens; known once it does, needed by what was built before."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._local_url = ""

    def listens_at(self, url: str) -> None:
        self._local_url = url

    def local(self) -> str:
        """Base URL for runners on this machine."""
        if not self._local_url:
            raise RuntimeError("the server does not listen yet")
        return self._local_url

    def public(self) -> str:
        """Base URL for people."""
        return self._public_url or self.local()

    def page(self, job_id: str) -> str:
        """The URL that a check run links to."""
        return f"{self.public()}/jobs/{job_id}"


@dataclass(frozen=True, slots=True)
class House:
    """Every flow with its adapters, on one machine."""

    address: Address
    clock: SystemClock
    database: Database
    store: Store
    queue: SqliteQueue
    blobs: FileBlobs
    fleet: ProcessFleet
    app: GithubApp
    accept: Accept
    plan: Plan
    dispatch: Dispatch
    attempts: Attempts
    caches: Caches
    settle: Settle
    reports: Reports
    reap: Reap
    redeliver: Redeliver
    heads: MissedHeads
    retention: Retention
    reap_seconds: float
    counting: Counting
    metrics: Metrics

    def close(self) -> None:
        logging.getLogger(LOGGER).removeHandler(self.counting)
        self.queue.close()
        self.fleet.close()
        self.app.give_back(GIVE_BACK_SECONDS)
        self.app.close()
        self.database.close()


def build(settings: Settings, workers: int, environment: Mapping[str, str]) -> House:
    """Wire the flows; raises UserError or InfraError where settings or machine do not serve."""
    machine.require(environment.get("PATH"))
    clock, address = SystemClock(), Address(settings.public_url)
    counting = _counting()
    database = Database(settings.data)
    store, queue = LoggedStore(SqliteStore(database)), SqliteQueue(database, clock)
    secret = settings.webhook_secret.encode()
    blobs = FileBlobs(settings.data / "blobs", clock, derive(secret, "uploads"), address.local)
    app = _app(settings, clock)
    source = GithubSource(app)
    told = LoggedChecks(GithubChecks(app)), GithubComments(app), GithubDeployments(app)
    timing, limits = settings.timing, settings.limits
    vault = SqliteVault(database, KeyFile(settings.data))
    vault.check()
    ended: list[Reap] = []
    fleet = ProcessFleet(
        settings.data / "work",
        workers,
        {**environment, **_for_runners(settings, environment)},
        lambda attempt: ended[0].ended(attempt),
    )
    verdicts = Verdicts(store, queue, clock, timing, fleet.hurry)
    attempts = Attempts(
        *(store, blobs, queue, clock, source, verdicts, timing, limits, address.page), vault
    )
    caches = Caches(store, blobs, clock, attempts, Room(one=limits.cache_bytes))
    reap = Reap(store, queue, clock, fleet, verdicts, timing, caches)
    ended.append(reap)
    return House(
        address=address,
        clock=clock,
        database=database,
        store=store,
        queue=queue,
        blobs=blobs,
        fleet=fleet,
        app=app,
        accept=Accept(store, queue, clock, secret),
        plan=Plan(
            *(store, blobs, queue, clock, source, GithubPulls(app), verdicts, timing),
            *(derive(secret, "build ids"), GithubComments(app), GithubMembers(app)),
            settings.bots,
        ),
        dispatch=Dispatch(store, clock, source, fleet, verdicts, timing, address.local),
        attempts=attempts,
        caches=caches,
        settle=Settle(blobs, clock, attempts, verdicts, timing),
        reports=Reports(store, blobs, queue, clock, *told, verdicts, address.page),
        reap=reap,
        retention=Retention(database, settings.data / "blobs", clock, settings.keep),
        heads=MissedHeads(store, queue, clock, GithubHeads(app)),
        redeliver=Redeliver(store, queue, clock, GithubDeliveries(app)),
        counting=counting,
        metrics=Metrics(
            *(counting.counts, database, clock, settings.data), workers, fleet.free_slots
        ),
        reap_seconds=min(REAP_SECONDS, settings.lease / 4),
    )


def _counting() -> Counting:
    counting = Counting()
    logging.getLogger(LOGGER).addHandler(counting)
    return counting


def _app(settings: Settings, clock: SystemClock) -> GithubApp:
    limiter = Limiter(settings.points_per_minute)
    where = settings.app_id, settings.private_key, settings.api_url, settings.url
    return GithubApp(*where, clock, limiter)


def _for_runners(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What runners are told beside the environment of this machine."""
    found = _mirrors(settings)
    lack = machine.without_git(environment.get("PATH"))
    if lack:
        _log.warning("%s; until then jobs get tarballs, without history or changed lines", lack)
        found[TARBALL] = lack
    return found


def _mirrors(settings: Settings) -> dict[str, str]:
    """What runners on this machine are told of it, and others are not."""
    folder = str(settings.data.absolute() / "mirrors") if settings.mirror_gb else ""
    return {MIRRORS: folder, MIRROR_GB: f"{settings.mirror_gb}"}
