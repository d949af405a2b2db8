"""What a step costs over bash: a hundred times `true` in every kind of shell, side by side.

The best of several rounds counts, because everything else that runs here only adds to it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.step import Phase, Shell, Step
from dishwasher.core.ticket import PROTOCOL, Limits, Source, Ticket
from dishwasher.runner.build import Build
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.environment import Workspace
from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.stages import Stages
from dishwasher.runner.stop import Stop
from dishwasher.runner.verdict import Judge

from bench.webhook import Table

STEPS, ROUNDS = 100, 9
SECONDS = 60.0
EACH_BOUND, ONE_BOUND = 5.0, 1.0
"""Milliseconds a step, over one bash that runs them all."""


def rows(table: Table) -> None:
    ways: dict[str, Callable[[], None]] = {
        "bash": bash,
        "popen": popen,
        **{shell: partial(job, shell) for shell in Shell},
    }
    # In turns, so that a busy moment of the machine falls on all of them.
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            best[name] = min(best[name], (time.perf_counter() - begun) * 1000 / STEPS)
    table.row("a step of one `bash -e`", best["bash"], "ms")
    table.row("a bare Popen of `bash -c`, over that", best["popen"] - best["bash"], "ms")
    for shell in Shell:
        bound = ONE_BOUND if shell is Shell.ONE else EACH_BOUND
        over = best[shell] - best["bash"]
        table.row(f"a step in the shell `{shell}`, over that", over, "ms", bound)


def bash() -> None:
    subprocess.run(("bash", "-e", "-c", "true\n" * STEPS), check=True)


def popen() -> None:
    for _ in range(STEPS):
        subprocess.run(("bash", "-c", "true"), check=True, stdin=subprocess.DEVNULL)


def job(shell: Shell) -> None:
    """A whole job but for its checkout."""
    phases = (Phase("build", (Step("true"),) * STEPS),)
    spec = JobSpec("steps", Kind.CHECK, 1, phases=phases, shell=shell)
    ticket = Ticket(PROTOCOL, "job", 1, spec, Source("", ""), (), Limits())
    stop = Stop()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        workspace.make()
        log = Log(workspace.root, 1_000_000)
        commands = Commands(stop, time.monotonic() + SECONDS, Grace())
        journal = Journal(lambda: log.size, lambda: None)
        stages = Stages(Judge(stop, SECONDS), journal, log)
        host = {"PATH": os.environ["PATH"]}
        verdict = Build(ticket, host, workspace, commands, stages, []).run()
        assert verdict.fine, verdict.detail
        commands.end()
        log.discard()
    stop.close()
