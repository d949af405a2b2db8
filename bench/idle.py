"""What a server costs that has nothing to do: processor time and wake-ups in a minute.

    python -m bench.idle [--seconds 60]

Counts the server and its zygote. A wake-up is a voluntary context switch: something was waited for,
and came; each keeps a processor from its deeper sleep.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dishwasher.demo.github.process import StandInProcess

SETTLE = 5.0
"""Seconds after the start in which a server still reads its modules and looks around once."""
TICKS = os.sysconf("SC_CLK_TCK")
WAKES = re.compile(r"^voluntary_ctxt_switches:\s+(\d+)", re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, StandInProcess() as github:
        app = github.call("add_app")
        server = start(Path(folder), app, github)
        try:
            time.sleep(SETTLE)
            family = [server.pid, *children(server.pid)]
            before = [cost(pid) for pid in family]
            time.sleep(seconds)
            after = [cost(pid) for pid in family]
        finally:
            server.terminate()
            server.communicate(timeout=30)
    cpu = sum(b[0] - a[0] for a, b in zip(before, after, strict=True)) * 60 / seconds
    wakes = sum(b[1] - a[1] for a, b in zip(before, after, strict=True)) / seconds
    print(f"idle: {cpu:.3f} s of processor time a minute, {wakes:.1f} wake-ups a second")
    return 0


def start(folder: Path, app: dict[str, str], github: StandInProcess) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DISHWASHER_GITHUB_APP_ID": str(app["id"]),
        "DISHWASHER_GITHUB_PRIVATE_KEY": app["private_key"],
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": app["webhook_secret"],
        "DISHWASHER_GITHUB_URL": github.url,
        "DISHWASHER_SANDBOX": "plain",
    }
    command = (sys.executable, "-m", "dishwasher", "serve", "--port", "0", "--data", str(folder))
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    server.stdout.readline()
    return server


def children(pid: int) -> list[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        found.update(map(int, (task / "children").read_text().split()))
    return sorted(found)


def cost(pid: int) -> tuple[float, int]:
    """Seconds of processor time, and wake-ups of all threads, since the process began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    tasks = Path(f"/proc/{pid}/task").iterdir()
    wakes = sum(int(WAKES.findall((task / "status").read_text())[0]) for task in tasks)
    return (int(fields[11]) + int(fields[12])) / TICKS, wakes


if __name__ == "__main__":
    raise SystemExit(main())
