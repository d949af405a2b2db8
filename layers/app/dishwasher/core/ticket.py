"""All that a runner may know and do, and the words of the protocol between it and the server."""

from __future__ import annotations

from dataclasses import dataclass, field

from dishwasher.core.config import JobSpec
from dishwasher.core.result import Artifact

GIBIBYTE = 1024**3

PROTOCOL = 2
"""Raised when a ticket changes in a way that an older runner would misread."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What a fleet passes to a new runner: under 1 KB, and worthless once the code is used."""

    url: str
    """Base URL of the server's ticket routes, without a slash at the end."""
    attempt: str
    code: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Body of `POST /jobs/{attempt}/claim`."""

    code: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the commit is."""

    url: str
    sha: str
    base_sha: str = ""
    """The commit that the event's changes start from; empty when there is none."""
    token: str = ""
    """One repository, contents:read; given back at `/started`, which revokes it."""
    repository: int = 0
    """GitHub's id of the repository, which is not in its name; 0 where nobody knows."""
    tarball: str = ""
    """URL of the commit's files, for a runner without git; the same token opens it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes that the runner keeps to."""

    job_seconds: float = 3600.0
    beat_seconds: float = 20.0
    lease_seconds: float = 60.0
    """Without an answer from the server for this long, the attempt is over: stop the commands."""
    log_bytes: int = 64 * 1024 * 1024
    artifact_bytes: int = 512 * 1024 * 1024
    artifact_files: int = 1000
    memory_bytes: int = 4 * GIBIBYTE
    """Of all processes of a job together: what CircleCI 1.0 gave, for which circle.yml files were
    written (https://circleci.com/docs/1.0/oom/)."""
    processes: int = 2048
    """And threads, at once: a parallel test run with a browser has some hundred, and a machine's
    table (kernel.pid_max) often no more than 32,768."""
    file_bytes: int = 16 * GIBIBYTE
    """Of one file: far more than can be kept, and less than the disk of a small server."""
    disk_bytes: int = 20 * GIBIBYTE
    """Of all files of a job together, databases included. GitHub's own runners promise 14:
    https://docs.github.com/en/actions/reference/runners/github-hosted-runners"""
    cpu_seconds: float = 0.0
    """Of one process; 0 for what all processors can do in `job_seconds`."""
    cache_bytes: int = 1024**3
    """Of one cache, compressed."""
    install_seconds: float = 3.0
    """Dependencies that take less are not stored: storing and restoring the smallest virtual
    environment takes half of that (`python -m bench.prepared`)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The job, its source, its environment and its limits."""

    protocol: int
    job: str
    attempt: int
    spec: JobSpec
    source: Source
    environment: tuple[tuple[str, str], ...]
    """Variables that win over those of the configuration."""
    limits: Limits
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Variables whose values nobody may see; the runner masks them in all that it says."""
    trusted: bool = True
    """Whether whoever pushed the commit may be let loose on a runner that is not a jail."""
    alone: bool = False
    """The build has no other job, for which something could be kept."""
    facts: tuple[tuple[str, str], ...] = ()
    """What the server knows of the build, by the names of `core.facts`; the runner adds its own
    and fills the templates of the spec with them."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Answer to a claim: the token authorises every later word of this attempt."""

    token: str
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Started:
    """Body of `POST /jobs/{attempt}/started`: the source token, to be revoked."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Orders:
    """Answer to `/beat`: whether to stop."""

    cancel: bool = False


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """Answer to `PUT /log?offset=&crc32=`: the offset wanted next, to resend from."""

    offset: int
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """Body of `POST /jobs/{attempt}/uploads`."""

    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """Where to PUT one artifact's bytes."""

    path: str
    url: str
    sha256: str = ""
    """Of these bytes, in hex: the runner knows it, and S3 wants to be told it with the PUT."""


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    uploads: tuple[Upload, ...]


@dataclass(frozen=True, slots=True)
class CacheQuery:
    """Body of `POST /jobs/{attempt}/caches/find`."""

    version: str
    """Which folders it holds, as a hash: a cache of others is never restored."""
    key: str
    fallbacks: tuple[str, ...] = ()
    """Beginnings of other keys that will do."""


@dataclass(frozen=True, slots=True)
class CacheFound:
    """Where to GET a cache; an empty `url` says that there is none."""

    url: str = ""
    key: str = ""
    size: int = 0
    sha256: str = ""
    kept: bool = True
    """Whether one that is offered may be stored at all."""


@dataclass(frozen=True, slots=True)
class CacheOffer:
    """Body of `POST /jobs/{attempt}/caches/offer`, and of `…/keep` when it is uploaded."""

    version: str
    key: str
    size: int
    sha256: str
    moving: bool = False
    """The key stays the same while the content changes, so that the last one counts."""
    slot: str = ""
    """Beginning of keys of the same place and version, of which only the newest is kept; empty
    where each is kept by itself."""


@dataclass(frozen=True, slots=True)
class CacheLeave:
    """Where to PUT a cache; where `url` is empty, `why` it is not wanted."""

    url: str = ""
    why: str = ""
