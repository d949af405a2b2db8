"""All that a runner may know and do, and the words of the protocol between it and the server."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.config import JobSpec
from dishwasher.core.result import Artifact

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
    secrets: tuple[tuple[str, str], ...] = ()
    """Variables whose values nobody may see; the runner masks them in all that it says."""
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


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    uploads: tuple[Upload, ...]
