"""How fast a step's output goes through the runner: read, masked, kept and looked at for findings.

Rates are bytes by seconds of this process's processor time, because whatever else runs here takes
the wall's; memory is what the process had at most beyond what it had before.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from itertools import cycle
from pathlib import Path

from dishwasher.core.config import MATCHERS
from dishwasher.core.ticket import Limits
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.findings import Findings
from dishwasher.runner.log import Log
from dishwasher.runner.mask import Mask
from dishwasher.runner.output import Output
from dishwasher.runner.stop import Stop

from bench.webhook import Table

PART, TIMES, ROUNDS = 10_000_000, 10, 5
SECONDS = 120.0
PLAIN_BOUND, COLOURED_BOUND = 150.0, 60.0
"""MB a second."""
GROWTH_BOUND = 8.0
"""MB; of them 1 MB is a pipe's block in each of its stages."""
SECRETS = (
    ("TOKEN", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("PASSWORD", "correct horse battery/staple+2"),
    ("KEY", "AKIAIOSFODNN7EXAMPLE"),
)
USUAL = ("flake8", "mypy", "pytest")
"""What a Python project has on; rustc's, tsc's and others make it all."""
FINDING = "src/app/views.py:{n}:1: F401 'os' imported but unused"
LINES = (
    "tests/app/test_views.py::TestOrders::test_list_{n} PASSED",
    "2026-11-23 12:30:{n:02} INFO app.orders: order {n} of customer 4711 stored in 12 ms",
    "Collecting numpy>=1.26 (from -r requirements.txt (line {n})): using cached numpy-2.1.0.whl",
    "  Applying orders.{n:04}_auto... OK",
    "Step {n}/100: copying static files to /srv/app/static, {n} of 1234 files, 87 unmodified",
    "GET /orders/{n}/?page=2 HTTP/1.1 200 5120 0.013 s curl/8.5.0",
    "src/app/models.py       {n}      3    97%   12-14",
)
COLOURED = (
    "tests/app/test_views.py::TestOrders::test_{n} \x1b[32mPASSED\x1b[0m\x1b[36m [ 12%]\x1b[0m",
    "\x1b[2m12:30:{n:02}\x1b[0m \x1b[1;34mINFO\x1b[0m app.orders: order {n} stored in 12 ms",
    *LINES[2:5],
)


def rows(table: Table) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for what, lines, bound in (
            ("plain", LINES, PLAIN_BOUND),
            ("coloured", COLOURED, COLOURED_BOUND),
        ):
            file = folder / what
            write(file, lines)
            for names, kept in ((USUAL, bound), (MATCHERS, None)):
                best, growth = 0.0, 0.0
                for _ in range(ROUNDS):
                    rate, grown = pump(folder, file, names)
                    best, growth = max(best, rate), max(growth, grown)
                table.floor(f"{what} output, {len(names)} tools' matchers", best, "MB/s", kept)
            table.row("memory that it takes", growth, "MB", GROWTH_BOUND)


def write(file: Path, lines: tuple[str, ...]) -> None:
    """A part of the output, with a finding in every thousand lines."""
    mixed = cycle((*lines * (1000 // len(lines)), FINDING))
    with file.open("w") as stream:
        for n, line in enumerate(mixed):
            if stream.tell() >= PART:
                break
            stream.write(f"{line.format(n=n % 100)}\n")


def pump(folder: Path, file: Path, names: tuple[str, ...]) -> tuple[float, float]:
    """MB by second of processor time, and MB of memory."""
    checkout = folder / "checkout"
    (checkout / "src/app").mkdir(parents=True, exist_ok=True)
    (checkout / "src/app/views.py").touch()
    log = Log(folder, Limits().log_bytes, Mask(SECRETS))
    findings = Findings()
    findings.ready(names, checkout, print)
    output = Output(log, findings.feed)
    stop = Stop()
    commands = Commands(stop, time.monotonic() + SECONDS, Grace())
    # Its highest memory so far is forgotten (proc(5), clear_refs).
    Path("/proc/self/clear_refs").write_text("5")
    memory, begun = status("VmRSS"), cpu()
    argv = ("cat", *(str(file),) * TIMES)
    ended = commands.run(argv, folder, {"PATH": os.environ["PATH"]}, output.feed)
    output.finish()
    seconds = cpu() - begun
    assert ended.exit_code == 0
    assert findings.total > 0
    grown = status("VmHWM") - memory
    log.discard()
    stop.close()
    return file.stat().st_size * TIMES / seconds / 1e6, grown / 1e6


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def status(name: str) -> int:
    """Bytes, of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)
