"""The log as JSON objects, one a line, for programs that collect logs."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from dishwasher.ports import Topic

SETTING = "DISHWASHER_LOG"
TEXT, JSON = "text", "json"
PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


WHOLE = re.compile(r"([0-9a-f]{8})[0-9a-f]{12}((?:-\d+(?:\.\d+)?)?)")
"""The id of a build, of one of its jobs or of an attempt at that."""
NAMES = {Topic.DELIVERIES: "delivery", Topic.JOBS: "job", Topic.REPORTS: "build"}


def short(id: str) -> str:
    """As a log may hold it: who knows the whole id of a build may read the build's pages."""
    found = WHOLE.fullmatch(id)
    return f"{found[1]}{found[2]}" if found else id


def about(topic: Topic, key: str) -> Mapping[str, Mapping[str, str]]:
    """`extra` of a line about what a bell has rung for."""
    return {"fields": {NAMES[topic]: short(key)}}


class Lines(logging.Formatter):
    """`time`, `level`, `logger`, `message`, and the fields of a line by their names."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields: dict[str, object] = getattr(record, "fields", {})
        line |= {name: value for name, value in fields.items() if value != ""}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


def begin(kind: str) -> None:
    """Write the log to standard error, from INFO on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if kind == JSON else logging.Formatter(PLAIN))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
