"""Where a runner's words go: the ticket protocol as the engine sees it."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from dishwasher.core.result import Artifact, Progress, Result
from dishwasher.core.ticket import (
    CacheFound,
    CacheLeave,
    CacheOffer,
    CacheQuery,
    LogAnswer,
    Orders,
    Ticket,
    Upload,
)
from dishwasher.errors import Lost, Refused


class Fenced(Refused):
    """The server takes no more words from this attempt: stop the commands and leave quietly."""


class LeaseOver(Lost):
    """No answer for as long as the lease lasts, so the server counts this attempt as lost."""


class Sink(Protocol):
    """Every method raises Fenced, LeaseOver or InfraError; each has its own patience.

    Rejected: the server will never take this, saying it again is of no use.
    """

    def claim(self, code: str) -> Ticket:
        """Exchange the one-time code for the ticket, and for the right to all that follows."""
        ...

    def started(self, token: str) -> None:
        """The next thing is the first user command; `token` is given back to be revoked."""
        ...

    def beat(self, progress: Progress) -> Orders: ...

    def log(self, offset: int, data: bytes) -> LogAnswer:
        """Bytes of the log at `offset`; the answer says from where to go on."""
        ...

    def uploads(self, artifacts: tuple[Artifact, ...]) -> tuple[Upload, ...]: ...

    def put(self, upload: Upload, file: BinaryIO, size: int) -> None:
        """Send `size` bytes of `file` from its start."""
        ...

    def find_cache(self, query: CacheQuery) -> CacheFound: ...

    def fetch(self, url: str, file: BinaryIO, size: int) -> None:
        """Write what is at `url` to the empty `file`; more than `size` bytes are an InfraError."""
        ...

    def offer_cache(self, offer: CacheOffer) -> CacheLeave: ...

    def keep_cache(self, offer: CacheOffer) -> None:
        """What was offered is uploaded."""
        ...

    def result(self, result: Result) -> None: ...
