"""Checkouts with and without a mirror on the machine, of a small and of a large repository.

`python -m bench.checkout` (or `make bench`) prints seconds, git processes and bytes fetched, the
two ways in turns, with their bounds; exit code 1 when one is missed. Of several turns the best one
counts: other programs only add. The stand-in GitHub shares the machine, and its network is the
loopback: the way without a mirror looks better than it is.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dishwasher.core.ticket import GIBIBYTE, Source
from dishwasher.demo.github import Repo, StandIn
from dishwasher.runner.checkout import Checkout
from dishwasher.runner.command import Commands, Ended, Grace
from dishwasher.runner.mirror import Mirrors
from dishwasher.runner.mirrored_checkout import MirroredCheckout
from dishwasher.runner.stop import Stop

from bench.webhook import Table

COMMITS, FILES, CHANGED = 5000, 2000, 4
"""Of the large repository, and how many files each of its commits changes."""
BLOB = 7_800
"""Bytes of a file: packed, its history takes 100 MB."""
TIMES = 3
BOUNDS = {
    "small": {"first": 2.0, "next": 2.0, "again": 1.0},
    "large": {"first": 1.25, "next": 1.0, "again": 1.0},
    "large, history": {"first": 1.25, "next": 0.5, "again": 0.5},
}


@dataclass(slots=True)
class Taken:
    """`busy`: seconds of processor time of the runner and its git, the server's not counted."""

    passed: float
    busy: float
    processes: int
    bytes: int


class Counting(Commands):
    """Adds up what its commands have used."""

    busy = 0.0

    def run(self, *words: Any, **more: Any) -> Ended:
        ended = super().run(*words, **more)
        self.busy += ended.usage.cpu_seconds
        return ended


class Machine:
    """Checks out in new folders; `mirrored` keeps what it has fetched."""

    def __init__(self, folder: Path, *, mirrored: bool) -> None:
        self.folder, self._mirrored = folder, mirrored
        self.said: list[str] = []
        self.mirrors = Mirrors(folder / "mirrors", GIBIBYTE)
        folder.mkdir()

    def forget(self) -> None:
        shutil.rmtree(self.mirrors.folder, ignore_errors=True)

    def take(self, source: Source, history: bool, *, traced: bool = False) -> Taken:
        """Without `traced`, which costs time, no processes are counted."""
        checkout, trace = self.folder / "checkout", self.folder / "trace"
        for folder in (checkout, trace):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        if traced:
            # One file a process: https://git-scm.com/docs/api-trace2
            environment["GIT_TRACE2_EVENT"] = str(trace)
        stop = Stop()
        commands = Counting(stop, time.monotonic() + 600, Grace())
        words = (commands, checkout, environment, time.sleep)
        way = Checkout(*words)
        if self._mirrored:
            mirror = self.mirrors.of(source.repository, True, history)
            way = MirroredCheckout(*words, self.mirrors, mirror, self.said.append)
        before, began, busy = self._kept(), time.perf_counter(), time.thread_time()
        way.run(source, history)
        passed, busy = time.perf_counter() - began, time.thread_time() - busy + commands.busy
        stop.close()
        came = self._kept() - before if self._mirrored else size(checkout / ".git/objects/pack")
        return Taken(passed, busy, len(list(trace.iterdir())), came)

    def _kept(self) -> int:
        return size(self.mirrors.folder) if self._mirrored else 0


def main() -> int:
    argparse.ArgumentParser(prog="bench.checkout", description=__doc__).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, StandIn() as github:
        folder = Path(name)
        small = github.add_repo(
            "acme/small", {f"f{number}.txt": "x\n" * 50 for number in range(20)}, private=False
        )
        large = github.add_repo("acme/large", {"README": "x\n"}, private=False)
        shas = grow(large)
        print(f"{COMMITS} commits, {size(large.git.folder / 'objects/pack') / 1e6:.0f} MB of packs")
        tips = [small.commit({"f1.txt": f"{number}\n"}) for number in range(TIMES + 1)]
        measure(table, folder / "s", "small", small, tips, history=False)
        measure(table, folder / "l", "large", large, shas, history=False)
        measure(table, folder / "h", "large, history", large, shas, history=True)
    return 0 if table.kept else 1


def grow(repo: Repo) -> list[str]:
    """Write the history; answers its last commits, oldest first."""
    chance = random.Random(4)
    words = [f"{chance.getrandbits(64):x}" for _ in range(5000)]
    folder = repo.git.folder
    with subprocess.Popen(
        ("git", "fast-import", "--quiet", "--force"), cwd=folder, stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for number in range(COMMITS):
            head = f"commit refs/heads/big\ncommitter a <a@b> {1_700_000_000 + number} +0000\n"
            process.stdin.write(f"{head}data 2\nx\n".encode())
            for file in range(FILES) if not number else chance.sample(range(FILES), CHANGED):
                text = " ".join(chance.choices(words, k=BLOB // 17)).encode()
                place = f"d{file % 50}/f{file}.txt"
                process.stdin.write(b"M 644 inline %s\ndata %d\n" % (place.encode(), len(text)))
                process.stdin.write(text + b"\n")
    repo.git.run("repack", "-adq")
    repo.git.reload()
    return repo.git.run("rev-list", f"--max-count={TIMES + 1}", "refs/heads/big").split()[::-1]


def measure(
    table: Table, folder: Path, what: str, repo: Repo, shas: list[str], *, history: bool
) -> None:
    folder.mkdir()
    machines = [Machine(folder / "direct", mirrored=False), Machine(folder / "ours", mirrored=True)]
    sources = [Source(repo.clone_url, sha, repository=repo.id) for sha in shas]
    taken: dict[tuple[str, int], list[Taken]] = {}
    for turn in range(TIMES):
        # Who comes first is the other one each time.
        for one in (0, 1) if turn % 2 else (1, 0):
            machine = machines[one]
            machine.forget()
            for step, at in {"first": turn, "next": turn + 1, "again": turn + 1}.items():
                taken.setdefault((step, one), []).append(machine.take(sources[at], history))
    for step in ("first", "next", "again"):
        pairs = [taken[step, one] for one in (0, 1)]
        for name, them in zip(("from the server", "by the mirror"), pairs, strict=True):
            passed, busy = min(one.passed for one in them), min(one.busy for one in them)
            said = f"{passed * 1000:.0f} ms, of the processor {busy * 1000:.0f} ms"
            print(f"{what}: {step}, {name}: {said}", flush=True)
        plain, ours = (min(one.busy for one in them) for them in pairs)
        table.row(f"{what}: {step}, ratio of processor time", ours / plain, "", BOUNDS[what][step])
    for name, machine in zip(("from the server", "by the mirror"), machines, strict=True):
        machine.forget()
        took = [machine.take(sources[at], history, traced=True) for at in (0, 1, 1)]
        said = ", ".join(f"{one.processes} and {one.bytes / 1e6:.2f} MB" for one in took)
        print(f"{what}: git processes and bytes {name}, in that order: {said}")


def size(folder: Path) -> int:
    return sum(place.stat().st_size for place in folder.rglob("*.pack"))


if __name__ == "__main__":
    sys.exit(main())
