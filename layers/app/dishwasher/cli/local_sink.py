"""Where a local run's words go: the screen, and a folder of artifacts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dishwasher.cli.local_caches import LocalCaches
from dishwasher.cli.transcript import Transcript, View
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result
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


class LocalSink:
    """The engine's Sink without a server; `phases` tells how far the engine is."""

    def __init__(
        self,
        ticket: Ticket,
        view: View,
        artifacts: Path | None,
        phases: Callable[[], tuple[PhaseResult, ...]],
        caches: LocalCaches | None = None,
    ) -> None:
        """`caches` None: none are kept."""
        self._caches = caches
        self._ticket, self._artifacts, self._phases = ticket, artifacts, phases
        self._transcript = Transcript(view)
        self._shown = 0

    def claim(self, code: str) -> Ticket:
        return self._ticket

    def started(self, token: str) -> None:
        """Nobody needs to know that commands begin now."""

    def beat(self, progress: Progress) -> Orders:
        return Orders()

    def log(self, offset: int, data: bytes) -> LogAnswer:
        end = offset + len(data)
        if offset <= self._shown < end:
            # Asked for after the bytes were written, so the journal knows of all that they tell.
            self._transcript.feed(data[self._shown - offset :], self._phases())
            self._shown = end
        return LogAnswer(self._shown)

    def uploads(self, artifacts: tuple[Artifact, ...]) -> tuple[Upload, ...]:
        return tuple(Upload(artifact.path, artifact.path) for artifact in artifacts)

    def put(self, upload: Upload, file: BinaryIO, size: int) -> None:
        if self._caches is not None and self._caches.holds(upload.url):
            self._caches.put(upload.url, file)
            return
        if self._artifacts is None:
            return
        target = self._artifacts / upload.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as kept:
            shutil.copyfileobj(file, kept)

    def find_cache(self, query: CacheQuery) -> CacheFound:
        return CacheFound(kept=False) if self._caches is None else self._caches.find(query)

    def fetch(self, url: str, file: BinaryIO, size: int) -> None:
        with open(url, "rb") as kept:
            shutil.copyfileobj(kept, file)

    def offer_cache(self, offer: CacheOffer) -> CacheLeave:
        if self._caches is None:
            return CacheLeave(why="this run keeps no caches")
        return self._caches.offer(offer)

    def keep_cache(self, offer: CacheOffer) -> None:
        if self._caches is not None:
            self._caches.keep(offer)

    def result(self, result: Result) -> None:
        self._transcript.finish(result.phases)
