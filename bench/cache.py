"""A virtual environment of 200 MB into a cache and out of it, beside `tar | zstd` on its files.

`python -m bench.cache` (or `make bench`) prints seconds, size and peak memory with their bounds;
exit code 1 when one is missed. The files are this environment's packages, as often as it takes.
Bounds are on the ratio of processor time, which other programs do not lengthen.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from dishwasher.runner.pack import Packer
from dishwasher.runner.tar import bounds
from dishwasher.runner.unpack import Unpacker

from bench.webhook import Table

SIZE = 200_000_000
TIMES = 3
BOUNDS = bounds(1024**3)
MEMORY = 80.0
"""MB that packing and unpacking may add to an idle interpreter, however large the folder is."""
RATIO = 2.0


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds."""

    passed: float
    busy: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.cache", description=__doc__)
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        return once(options.once[0], Path(options.once[1]))
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        files, size = make(folder / "checkout/venv")
        print(f"{files} files, {size / 1e6:.0f} MB")
        measure(folder, table)
    return 0 if table.kept else 1


def make(venv: Path) -> tuple[int, int]:
    """The packages of this environment until there is enough; answers how much it is."""
    source, count, files, size = Path(sysconfig.get_paths()["purelib"]), 0, 0, 0
    while size < SIZE:
        for place in sorted(source.rglob("*")):
            if size >= SIZE or not place.is_file() or place.is_symlink():
                continue
            target = venv / "lib" / str(count) / place.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Different each time: zstd must not find the last copy in its window.
            target.write_bytes(place.read_bytes() + b"%d" % count)
            files, size = files + 1, size + place.stat().st_size
        count += 1
    return files, size


def measure(folder: Path, table: Table) -> None:
    checkout, home, ours, theirs = (folder / one for one in ("checkout", "home", "ours", "theirs"))
    home.mkdir()
    turns = {
        "pack": (lambda: pack(checkout, home, ours), lambda: tar_zstd(checkout, theirs)),
        "unpack": (
            lambda: unpack(ours, fresh(folder / "a")),
            lambda: zstd_tar(theirs, fresh(folder / "b")),
        ),
    }
    for what, pair in turns.items():
        taken: tuple[list[Taken], list[Taken]] = ([], [])
        for turn in range(TIMES):
            # Who comes first is the other one each time.
            for one in (0, 1) if turn % 2 else (1, 0):
                taken[one].append(timed(pair[one]))
        for name, turns_of in zip(("ours", "tar and zstd"), taken, strict=True):
            table.row(f"{what}, {name}: passed", median(one.passed for one in turns_of), "s")
            table.row(f"{what}, {name}: processor", median(one.busy for one in turns_of), "s")
        mine, other = (median(one.busy for one in turns_of) for turns_of in taken)
        table.row(f"{what}: ratio of processor time", mine / other, "", RATIO)
    table.row("archive: ours", ours.stat().st_size / 1e6, "MB")
    table.row("archive: tar and zstd", theirs.stat().st_size / 1e6, "MB")
    idle = peak("nothing", folder)
    for what in ("pack", "unpack"):
        table.row(f"{what}: memory", (peak(what, folder) - idle) / 1e3, "MB", MEMORY)


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def timed(work: Callable[[], None]) -> Taken:
    began, busy = time.perf_counter(), processor()
    work()
    return Taken(time.perf_counter() - began, processor() - busy)


def processor() -> float:
    """Seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def peak(what: str, folder: Path) -> int:
    """KB of an interpreter that does this once."""
    command = (sys.executable, "-m", "bench.cache", "--once", what, str(folder))
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


def once(what: str, folder: Path) -> int:
    if what == "pack":
        pack(folder / "checkout", folder / "home", folder / "again")
    elif what == "unpack":
        unpack(folder / "ours", fresh(folder / "c"))
    # Not `ru_maxrss`, which begins with that of the parent: `man 2 getrusage`.
    status = Path("/proc/self/status").read_text()
    print(status.partition("VmHWM:")[2].split()[0])
    return 0


def pack(checkout: Path, home: Path, archive: Path) -> None:
    with archive.open("wb") as file:
        packer = Packer({"checkout": checkout, "home": home}, file, BOUNDS, lambda: None)
        packer.add("venv")
        packer.finish()


def unpack(archive: Path, folder: Path) -> None:
    for name in ("checkout", "home"):
        (folder / name).mkdir()
    roots = {"checkout": folder / "checkout", "home": folder / "home"}
    unpacker = Unpacker(roots, folder, folder / "new", BOUNDS, lambda: None)
    with archive.open("rb") as file:
        unpacker.read(file)
    assert unpacker.place(("venv",)) == []
    assert (folder / "checkout/venv/lib").is_dir()


def tar_zstd(folder: Path, archive: Path) -> None:
    command = f"tar -cf - -C '{folder}' venv | zstd -q -f -3 -T2 -o '{archive}'"
    subprocess.run(("bash", "-eo", "pipefail", "-c", command), check=True)


def zstd_tar(archive: Path, folder: Path) -> None:
    command = f"zstd -q -dc '{archive}' | tar -xf - -C '{folder}'"
    subprocess.run(("bash", "-eo", "pipefail", "-c", command), check=True)


if __name__ == "__main__":
    sys.exit(main())
