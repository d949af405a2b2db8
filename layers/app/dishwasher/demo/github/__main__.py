"""The stand-in as a process of its own: prints where it is, serves until it is told to stop."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from dishwasher.demo.github.limits import PRIMARY_PER_HOUR
from dishwasher.demo.github.standin import StandIn


def main() -> int:
    parser = argparse.ArgumentParser(prog="dishwasher.demo.github", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--data", type=Path, help="an empty folder for the repositories")
    parser.add_argument("--per-hour", type=int, default=PRIMARY_PER_HOUR)
    parser.add_argument("--enforce-secondary", action="store_true")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    standin = StandIn(
        options.data,
        host=options.host,
        port=options.port,
        per_hour=options.per_hour,
        enforce_secondary=options.enforce_secondary,
    )
    with standin:
        places = {"url": standin.url, "api_url": standin.api_url}
        print(json.dumps(places | {"control_url": f"{standin.url}/_control"}), flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
