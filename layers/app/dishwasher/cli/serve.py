"""`dishwasher serve`: the embedded mode, for a real GitHub App."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path
from types import FrameType

from dishwasher.wiring import settings

PORT = 8080
WORKERS = 2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="run the bot on this machine",
        description="Listen for a GitHub App's webhooks; build, check and deploy on this machine.",
        epilog=_described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=PORT, help="port to listen on, 0 for any free (%(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="data folder (DISHWASHER_DATA, or .dishwasher)"
    )
    parser.add_argument(
        "--workers", type=int, default=WORKERS, help="jobs that run at once (%(default)s)"
    )
    parser.set_defaults(call=serve)


def _described() -> str:
    rows = (f"  {name}\n      {text}" for name, text in settings.DESCRIBED.items())
    return "settings, from the environment (and their defaults):\n" + "\n".join(rows)


def serve(options: argparse.Namespace) -> int:
    """Listen until SIGTERM or SIGINT."""
    # Imported here, so that other commands do not pay for it.
    from dishwasher.daemon.embedded import Embedded
    from dishwasher.daemon.server import Server
    from dishwasher.errors import UserError
    from dishwasher.runner import orphans
    from dishwasher.runner.sandbox import probe
    from dishwasher.wiring import lines, local
    from dishwasher.wiring.routes import promised, routes

    if options.workers < 1:
        raise UserError("--workers must be at least 1")
    # Jobs run as the same user, and the settings hold the App's key.
    orphans.shut_memory()
    # The App that was created is in the data folder.
    folder = {"DISHWASHER_DATA": str(options.data)} if options.data else {}
    chosen = settings.read({**os.environ, **folder})
    lines.begin(chosen.log)
    isolation = probe.choose(chosen.sandbox)
    house = local.build(chosen, options.workers, os.environ)
    ready = threading.Event()
    server = Server(
        routes(house, chosen, ready.is_set),
        options.host,
        options.port,
        promised=promised(house),
    )
    embedded = Embedded(house, server)
    stop = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            # Asked twice. What is stored stays stored, and the next start goes on from there.
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    embedded.start()
    ready.set()
    public = chosen.public_url or server.url
    print(
        f"Dishwasher listens on {server.url}; GitHub's webhook goes to {public}/webhook", flush=True
    )
    why = f" ({'; '.join(isolation.lacks)})" if isolation.lacks else ""
    print(f"Jobs run {isolation.level}{why}", flush=True)
    stop.wait()
    busy = options.workers - house.fleet.free_slots()
    if busy:
        text = "1 job goes on" if busy == 1 else f"{busy} jobs go on"
        print(f"{text} without the server, and tells the next start how it went", flush=True)
    embedded.stop()
    return 0
