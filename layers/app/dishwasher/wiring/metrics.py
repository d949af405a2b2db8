"""What a monitoring system asks a server for, in Prometheus' text format.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
Numbers only: no name of a repository, job or person, because the page has no login.
"""

from __future__ import annotations

import logging
import os
import resource
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from dishwasher import __version__
from dishwasher.local.database import Database
from dishwasher.ports import Clock

Labels = tuple[tuple[str, str], ...]
COUNTED = {
    "deliveries": "Webhook deliveries that were planned or ignored, since the start",
    "jobs_concluded": "Jobs that ended, by reason, since the start",
    "checks_reported": "Conclusions that GitHub took, since the start",
    "problems": "Warnings and errors in the log, since the start",
}
"""Counters and what they count; their names get `dishwasher_` before and `_total` behind."""
JOBS = """
SELECT json_extract(body, '$.state'), count(*) FROM rows
WHERE kind = 'job' AND due > 0 AND json_extract(body, '$.state') <> 'concluded' GROUP BY 1
"""
"""By the index on `due`, which what is over and told has left."""
MESSAGES = "SELECT topic, count(*), min(visible_at) FROM messages GROUP BY topic"
STATES = ("blocked", "queued", "starting", "running")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Counts:
    """Counters of one process, safe to share between threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Labels]] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, **labels: str) -> None:
        """`name` is one of COUNTED."""
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] += 1

    def all(self) -> Mapping[tuple[str, Labels], int]:
        with self._lock:
            return dict(self._counts)


class Counting(logging.Handler):
    """Counts what the log tells: `wiring.activity` gives its lines as fields, too."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counts()

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.counts.add("problems", level=record.levelname.lower())
        fields = getattr(record, "fields", {})
        match fields.get("what"):
            case "planned" | "ignored" as stage:
                self.counts.add("deliveries", stage=stage, event=str(fields["event"]))
            case "concluded":
                self.counts.add("jobs_concluded", reason=str(fields["reason"]))
            case "reported":
                self.counts.add("checks_reported", conclusion=str(fields["conclusion"]))


class Metrics:
    """The page, read anew for each that asks."""

    def __init__(
        self,
        counts: Counts,
        database: Database,
        clock: Clock,
        data: Path,
        slots: int,
        free: Callable[[], int],
    ) -> None:
        self._counts = counts
        self._database, self._clock, self._data = database, clock, data
        self._slots, self._free = slots, free

    def __call__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        version = ".".join(map(str, sys.version_info[:3]))
        labels = (("python", version), ("version", __version__))
        yield from _gauge("dishwasher_build_info", "The program", [(labels, 1)])
        yield from self._counters()
        yield from self._table()
        runners = [
            ((("state", "busy"),), self._slots - self._free()),
            ((("state", "all"),), self._slots),
        ]
        yield from _gauge("dishwasher_runners", "Runners on this machine", runners)
        free = shutil.disk_usage(self._data).free
        text = "Room on the disk of the data folder"
        yield from _gauge("dishwasher_disk_free_bytes", text, [((), free)])
        yield from _process()

    def _counters(self) -> Iterator[str]:
        counts = self._counts.all()
        for name, text in COUNTED.items():
            full = f"dishwasher_{name}_total"
            yield from _head(full, text, "counter")
            for (counted, labels), value in sorted(counts.items()):
                if counted == name:
                    yield _sample(full, labels, value)

    def _table(self) -> Iterator[str]:
        now = self._clock.now()
        with self._database.reading() as connection:
            jobs = dict(connection.execute(JOBS).fetchall())
            messages = connection.execute(MESSAGES).fetchall()
        states = [((("state", state),), jobs.get(state, 0)) for state in STATES]
        yield from _gauge("dishwasher_jobs", "Jobs that are not over", states)
        waiting = [((("topic", topic),), count) for topic, count, _ in messages]
        yield from _gauge("dishwasher_messages", "Messages in the queue", waiting)
        late = [((("topic", topic),), max(0.0, now - first)) for topic, _, first in messages]
        text = "For how long the oldest message could have been taken"
        yield from _gauge("dishwasher_message_delay_seconds", text, late)


def _process() -> Iterator[str]:
    """As the clients of Prometheus name them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield from _head("process_cpu_seconds_total", "Processor time of the server", "counter")
    yield _sample("process_cpu_seconds_total", (), used.ru_utime + used.ru_stime)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    yield from _gauge("process_resident_memory_bytes", "Memory of the server", [((), resident)])


def _gauge(name: str, text: str, values: Sequence[tuple[Labels, float]]) -> Iterator[str]:
    yield from _head(name, text, "gauge")
    for labels, value in values:
        yield _sample(name, labels, value)


def _head(name: str, text: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: Labels, value: float) -> str:
    # The name of an event comes from outside, and a quote would end the label.
    inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{inner}}} {value}" if inner else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
