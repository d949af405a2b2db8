"""A job's log and its journal, told as one story: phases, steps, and the output of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from dishwasher.core.result import PhaseResult, StepResult


class View(Protocol):
    """Shows the story while it goes on."""

    def phase(self, name: str) -> None: ...
    def step(self, command: str) -> None: ...
    def output(self, data: bytes) -> None:
        """Of the step that runs, cut anywhere."""
        ...

    def step_ended(self, step: StepResult) -> None: ...
    def note(self, text: str) -> None:
        """Lines of the runner's own, between steps."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """Something begins or ends at this offset of the log; what is told sorts before the rest."""

    offset: int
    phase: int
    step: int
    is_end: bool


class Transcript:
    """Feed it the log in order, with the journal as it is at least as late as those bytes."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._told: set[_Mark] = set()
        self._at = 0
        self._inside: str | None = None
        """The command that runs."""
        self._between = b""

    def feed(self, data: bytes, phases: tuple[PhaseResult, ...]) -> None:
        end = self._at + len(data)
        for mark in self._marks(phases, end):
            cut = max(0, mark.offset - self._at)
            self._tell(data[:cut])
            data, self._at = data[cut:], self._at + cut
            self._mark(mark, phases[mark.phase])
        self._tell(data)
        self._at = end

    def finish(self, phases: tuple[PhaseResult, ...]) -> None:
        """The log is at its end; what the journal still tells of it."""
        self.feed(b"", phases)
        self._flush()

    def _marks(self, phases: tuple[PhaseResult, ...], end: int) -> Iterator[_Mark]:
        # The journal is read while it grows: a mark beyond these bytes comes with the next.
        found = []
        for number, phase in enumerate(phases):
            found.append(_Mark(phase.log_start, number, -1, False))
            for at, step in enumerate(phase.steps):
                found.append(_Mark(step.log_start, number, at, False))
                if step.log_end is not None:
                    found.append(_Mark(step.log_end, number, at, True))
        new = [mark for mark in found if mark.offset <= end and mark not in self._told]
        self._told.update(new)
        return iter(sorted(new))

    def _mark(self, mark: _Mark, phase: PhaseResult) -> None:
        if mark.step < 0:
            self._flush()
            self._view.phase(phase.name)
            return
        step = phase.steps[mark.step]
        if mark.is_end:
            self._inside = None
            self._view.step_ended(step)
        else:
            self._inside = step.command
            self._flush(f"$ {step.command.rstrip()}\n".encode("utf-8", "replace"))
            self._view.step(step.command)

    def _tell(self, data: bytes) -> None:
        if self._inside is not None:
            if data:
                self._view.output(data)
        else:
            self._between += data

    def _flush(self, heading: bytes = b"") -> None:
        """What stood between steps; the log's own heading of a step is told as the step."""
        text = self._between.removesuffix(heading).decode("utf-8", "replace").strip("\n")
        self._between = b""
        if text:
            self._view.note(text)
