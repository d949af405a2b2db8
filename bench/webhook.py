"""From webhook to verdict, beside a bare HTTP server and a bare loop of the same checkouts.

`python -m bench.webhook` (or `make bench`) prints each figure with its bound; exit code 1 when one
is missed. Everything runs on this machine: stand-in GitHub, bot and sender share its cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from dishwasher.demo.github.process import StandInProcess

from bench.load import Memory, checkout, send, send_at_once, syncs
from bench.stage import Push, bot, process, repository

WARM_UP, ALONE = 3, 12
INSTALLATIONS, EACH = 20, 10
WORKERS = 2
PATIENCE = 300.0


class Table:
    """Prints figures beside their bounds and remembers whether all were kept."""

    def __init__(self) -> None:
        self.kept = True

    def row(self, what: str, value: float, unit: str, bound: float | None = None) -> None:
        verdict = "" if bound is None else f"<= {bound:g} {unit}"
        if bound is not None and value > bound:
            self.kept, verdict = False, f"{verdict}  MISSED"
        print(f"{what:<58} {value:>9.1f} {unit:<4} {verdict}", flush=True)

    def floor(self, what: str, value: float, unit: str, bound: float | None = None) -> None:
        """As `row`, for what should be high."""
        verdict = "" if bound is None else f">= {bound:g} {unit}"
        if bound is not None and value < bound:
            self.kept, verdict = False, f"{verdict}  MISSED"
        print(f"{what:<58} {value:>9.1f} {unit:<4} {verdict}", flush=True)


def main() -> int:
    argparse.ArgumentParser(prog="bench.webhook", description=__doc__).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with StandInProcess() as hub:
            app = hub.call("add_app")
            alone = repository(hub, app, "alone", WARM_UP + ALONE)
            crowd = [
                push
                for number in range(INSTALLATIONS)
                for push in repository(hub, app, f"team-{number}", EACH)
            ]
            bare_server(folder, alone, crowd, table)
            bare_disk(folder, table)
            with bot(folder, hub, app, WORKERS) as (pid, url):
                one_by_one(hub, url, alone, table)
                all_at_once(hub, pid, url, crowd, table)
            table.row("requests that GitHub would refuse", len(hub.call("violations")), "", 0)
    return 0 if table.kept else 1


def bare_disk(folder: Path, table: Table) -> None:
    """A push waits for it some twenty times, and the bare server never does."""
    seconds = syncs(folder)
    table.row("bare disk: one sync, median", 1e3 * statistics.median(seconds), "ms")
    table.row("bare disk: one sync, max", 1e3 * max(seconds), "ms")


def bare_server(folder: Path, alone: list[Push], crowd: list[Push], table: Table) -> None:
    command = [sys.executable, "-m", "bench.load"]
    with process(command, os.environ, folder / "bare.log") as (_, line):
        url = line.strip()
        seconds = [send(url, push).seconds for push in alone][WARM_UP:]
        table.row("bare server, alone: answered, median", 1e3 * statistics.median(seconds), "ms")
        at_once = [sent.seconds for sent in send_at_once(url, crowd)]
        table.row("bare server, 200 at once: p50", 1e3 * statistics.median(at_once), "ms")
        table.row("bare server, 200 at once: max", 1e3 * max(at_once), "ms")


def one_by_one(hub: StandInProcess, url: str, pushes: list[Push], table: Table) -> None:
    answered, first, concluded = [], [], []
    for push in pushes:
        sent = send(url, push)
        created, ended = wait_for(hub, [push])[push.sha]
        answered.append(1e3 * sent.seconds)
        first.append(1e3 * (created - sent.at))
        concluded.append(1e3 * (ended - sent.at))
    bare = 1e3 * statistics.median([checkout(push) for push in pushes][WARM_UP:])
    table.row("bare checkout, median", bare, "ms")
    table.row("alone: webhook answered, median", median(answered), "ms", 5)
    table.row("alone: first check run, median", median(first), "ms", 40)
    table.row("alone: concluded, median", median(concluded), "ms")
    table.row("alone: concluded beyond the bare checkout", median(concluded) - bare, "ms", 150)


def all_at_once(hub: StandInProcess, pid: int, url: str, pushes: list[Push], table: Table) -> None:
    loop = sum(checkout(push) for push in pushes)
    with Memory(pid) as memory:
        sent = send_at_once(url, pushes)
        times = wait_for(hub, pushes)
    begun = min(one.at for one in sent)
    seconds = [one.seconds for one in sent]
    table.row("bare loop of 200 checkouts", loop, "s")
    table.row("200 at once: refused", sum(one.status != 202 for one in sent), "", 0)
    table.row("200 at once: answered, p50", 1e3 * statistics.median(seconds), "ms", 250)
    table.row("200 at once: answered, max", 1e3 * max(seconds), "ms", 1000)
    last = max(ended for _, ended in times.values()) - begun
    table.row("200 at once: all concluded", last, "s", 2 * loop + 8)
    runs = runs_of(hub)
    wrong = sum(len(runs[push.sha]) != 1 for push in pushes)
    table.row("200 at once: lost or doubled", wrong, "", 0)
    table.row("server and runners together, peak", memory.peak / 1e6, "MB", 150)


def wait_for(hub: StandInProcess, pushes: list[Push]) -> dict[str, tuple[float, float]]:
    """For each commit, when its first check run was made and when it was concluded."""
    for push in pushes:
        hub.call("wait_concluded", sha=push.sha, timeout=PATIENCE)
    runs = runs_of(hub)
    return {
        push.sha: (
            min(run["created_at"] for run in runs[push.sha]),
            max(run["updated_at"] for run in runs[push.sha]),
        )
        for push in pushes
    }


def median(values: list[float]) -> float:
    return statistics.median(values[WARM_UP:])


def runs_of(hub: StandInProcess) -> dict[str, list[Any]]:
    """All check runs by commit."""
    found: dict[str, list[Any]] = {}
    for number in range(INSTALLATIONS):
        for run in hub.call("check_runs", repo=f"team-{number}/site"):
            found.setdefault(run["head_sha"], []).append(run)
    for run in hub.call("check_runs", repo="alone/site"):
        found.setdefault(run["head_sha"], []).append(run)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
