"""The log as JSON objects, one a line, for programs that collect logs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

SETTING = "DISHWASHER_LOG"
TEXT, JSON = "text", "json"
PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Lines(logging.Formatter):
    """`time`, `level`, `logger`, `message`, and the fields of `wiring.activity` by their names."""

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
