"""How a running job is shown: all of it where it is piped, folded on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from typing import TextIO

from dishwasher.checks import ansi
from dishwasher.cli.terminal import Paint, clean, columns, fit
from dishwasher.core.rendering import duration, used
from dishwasher.core.result import StepResult
from dishwasher.runner.log import MARK

LIVE = 6
"""Lines of a step's output that are seen while it runs."""
KEPT = 60
"""Lines that are shown of a step that failed."""
TICK = 0.1
"""Seconds between two drawings."""
SLOW = 1.0
"""Seconds; a quicker step is shown without its time."""
EXPECTED = f"{MARK}Checking out "
"""Begins a line that tells nothing new to who has called for the run."""


class Plain:
    """Every line as it comes, for files, pipes and `--verbose`."""

    def __init__(self, paint: Paint, stream: TextIO | None = None) -> None:
        self._paint, self._stream = paint, stream or sys.stdout
        self._fresh = True
        self.told: set[str] = set()
        """Lines of notes that were shown."""

    def phase(self, name: str) -> None:
        self._line(self._paint("bold", f"-- {name}"))

    def step(self, command: str) -> None:
        self._line(self._paint("bold", f"$ {command.rstrip()}"))

    def output(self, data: bytes) -> None:
        self._stream.flush()
        self._stream.buffer.write(data)
        self._stream.flush()
        self._fresh = data.endswith(b"\n")

    def step_ended(self, step: StepResult) -> None:
        if step.exit_code != 0:
            self._line(self._paint("error", ended(step)))
        elif step.seconds >= SLOW:
            took = ", ".join(filter(None, (duration(step.seconds), used(step))))
            self._line(self._paint("faint", f"took {took}"))

    def note(self, text: str) -> None:
        for line in text.split("\n"):
            said = clean(line.removeprefix(MARK))
            self.told.add(said)
            self._line(self._paint("faint", said))

    def close(self) -> None:
        if not self._fresh:
            print(file=self._stream, flush=True)
            self._fresh = True

    def _line(self, text: str) -> None:
        if not self._fresh:
            print(file=self._stream)
            self._fresh = True
        print(text, file=self._stream, flush=True)


class Folded:
    """A step is one line; while it runs its last lines are seen below it, if it fails many."""

    def __init__(self, paint: Paint, stream: TextIO | None = None) -> None:
        self._paint, self._stream = paint, stream or sys.stdout
        self._lock = threading.RLock()
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._count = 0
        self._rest = b""
        self._drawn = 0
        self._command = ""
        self._heading = ""
        self._began = 0.0
        self.told: set[str] = set()
        """Lines of notes that were shown."""
        self._closed = threading.Event()
        threading.Thread(target=self._tick, name="screen", daemon=True).start()

    def phase(self, name: str) -> None:
        """Shown with the first that there is to say of it; most checkouts say nothing."""
        with self._lock:
            self._heading = name

    def step(self, command: str) -> None:
        with self._lock:
            self._command, self._began = title(command), time.monotonic()
            self._lines.clear()
            self._count, self._rest = 0, b""
            self._draw()

    def output(self, data: bytes) -> None:
        with self._lock:
            *whole, self._rest = (self._rest + data).split(b"\n")
            self._count += len(whole)
            self._lines.extend(_shown(line) for line in whole[-KEPT:])

    def step_ended(self, step: StepResult) -> None:
        with self._lock:
            self._erase()
            self._command = ""
            if step.exit_code == 0:
                took = f"  {duration(step.seconds)}" if step.seconds >= SLOW else ""
                done = self._fit(title(step.command), took)
                self._print(f"    {self._paint('good', '✓')} {done}")
                return
            self._print(f"    {self._paint('error', '✗')} {title(step.command)}")
            if self._rest:
                self._lines.append(_shown(self._rest))
                self._count += 1
            left_out = self._count - len(self._lines)
            if left_out > 0:
                self._print(self._paint("faint", f"      … {left_out} lines more: --verbose"))
            for line in self._lines:
                self._print(f"      {line}")
            self._print(f"      {self._paint('error', ended(step))}")

    def note(self, text: str) -> None:
        with self._lock:
            for line in text.split("\n"):
                if not line.startswith(EXPECTED):
                    said = clean(line.removeprefix(MARK))
                    self.told.add(said)
                    self._print(self._paint("faint", f"    {said}"))

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            self._erase()

    def _tick(self) -> None:
        while not self._closed.wait(TICK):
            with self._lock:
                if self._command and not self._closed.is_set():
                    self._draw()

    def _draw(self) -> None:
        self._erase()
        self._head()
        seconds = time.monotonic() - self._began
        took = f"  {duration(seconds)}" if seconds >= SLOW else ""
        lines = [f"    {self._paint('note', '▸')} {self._fit(self._command, took)}"]
        live = list(self._lines)[-LIVE:]
        width = self._paint.cut - 7
        lines += [self._paint("faint", f"      {fit(line, width)}") for line in live]
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._drawn = len(lines)

    def _fit(self, command: str, took: str) -> str:
        room = self._paint.cut - 7 - columns(took)
        return fit(command, room) + self._paint("faint", took)

    def _erase(self) -> None:
        if self._drawn:
            # Up to the first of our lines, and clear from there to the end of the screen.
            self._stream.write(f"\x1b[{self._drawn}F\x1b[0J")
            self._drawn = 0

    def _head(self) -> None:
        if self._heading:
            print(self._paint("bold", f"  {clean(self._heading)}"), file=self._stream)
            self._heading = ""

    def _print(self, text: str) -> None:
        self._erase()
        self._head()
        print(text, file=self._stream, flush=True)


def title(command: str) -> str:
    """A command in one line."""
    first, *rest = command.strip().split("\n")
    return clean(first) + (" …" if rest else "")


def ended(step: StepResult) -> str:
    """How a step that did not pass came to its end."""
    seconds = duration(step.seconds)
    taken = f" ({used(step)})" if used(step) else ""
    if step.exit_code is None:
        return f"ended after {seconds}{taken}"
    return f"exit {step.exit_code} after {seconds}{taken}"


def _shown(line: bytes) -> str:
    """One line without colours; of what a progress bar has overwritten, the last."""
    text = ansi.strip(line.decode("utf-8", "replace")).rstrip("\r")
    return clean(text.rpartition("\r")[2].expandtabs(4))
