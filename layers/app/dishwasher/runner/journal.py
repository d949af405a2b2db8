"""How far the phases and steps are, as a value that a beat can take at any time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from dishwasher.core.job import Reason
from dishwasher.core.result import PhaseResult, StepResult
from dishwasher.runner.usage import UNKNOWN, Usage


class Journal:
    """One thread writes; `phases` is replaced whole, so any thread may read it."""

    def __init__(
        self,
        offset: Callable[[], int],
        changed: Callable[[], None],
        mask: Callable[[str], str] = str,
    ) -> None:
        self._mask = mask
        self.phases: tuple[PhaseResult, ...] = ()
        self._offset = offset
        self._changed = changed
        self._phase_begun = self._step_begun = 0.0

    def begin_phase(self, name: str, tries: int = 1) -> None:
        self._phase_begun = time.monotonic()
        phase = PhaseResult(name, started=time.time(), log_start=self._offset(), tries=tries)
        self.phases = (*self.phases, phase)
        self._changed()

    def end_phase(self, reason: Reason) -> None:
        seconds = time.monotonic() - self._phase_begun
        self._set(replace(self._last, reason=reason, seconds=seconds, log_end=self._offset()))

    def begin_step(self, command: str) -> None:
        self._step_begun = time.monotonic()
        step = StepResult(
            command=self._mask(command), started=time.time(), log_start=self._offset()
        )
        self._set(replace(self._last, steps=(*self._last.steps, step)))

    def end_step(
        self, exit_code: int | None, background: bool = False, used: Usage = UNKNOWN
    ) -> None:
        seconds = time.monotonic() - self._step_begun
        *before, step = self._last.steps
        step = replace(
            step,
            exit_code=exit_code,
            seconds=seconds,
            log_end=self._offset(),
            background=background,
            cpu_seconds=used.cpu_seconds,
            peak_bytes=used.peak_bytes,
        )
        self._set(replace(self._last, steps=(*before, step)))

    @property
    def _last(self) -> PhaseResult:
        return self.phases[-1]

    def _set(self, phase: PhaseResult) -> None:
        self.phases = (*self.phases[:-1], phase)
        self._changed()
