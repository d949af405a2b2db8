"""Where a local run's words go: the screen, and a folder of artifacts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dishwasher.cli.transcript import Transcript, View
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result
from dishwasher.core.ticket import LogAnswer, Orders, Ticket, Upload


class LocalSink:
    """The engine's Sink without a server; `phases` tells how far the engine is."""

    def __init__(
        self,
        ticket: Ticket,
        view: View,
        artifacts: Path | None,
        phases: Callable[[], tuple[PhaseResult, ...]],
    ) -> None:
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
        if self._artifacts is None:
            return
        target = self._artifacts / upload.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as kept:
            shutil.copyfileobj(file, kept)

    def result(self, result: Result) -> None:
        self._transcript.finish(result.phases)
