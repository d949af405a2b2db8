"""What a job has on disk is counted when it could be too much, and its writers are ended then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dishwasher.runner import disk, removal
from dishwasher.runner.disk import Disk, unlinked, used

MEBIBYTE = 1024 * 1024


class Writers:
    """Processes that may be struck."""

    def __init__(self, *pids: int) -> None:
        self.pids, self.struck = set(pids), 0
        self.folders: tuple[Path, ...] = ()

    def processes(self) -> set[int]:
        return self.pids

    def strike(self) -> None:
        self.struck += 1


def fill(path: Path, size: int) -> None:
    path.write_bytes(os.urandom(size))


@contextmanager
def holding(folder: Path, size: int) -> Iterator[int]:
    """The process id of one that has a file open which nobody can find any more."""
    code = (
        "import os, sys; file = open(sys.argv[1], 'wb'); os.unlink(sys.argv[1]); "
        f"file.write(os.urandom({size})); file.flush(); print('done', flush=True); sys.stdin.read()"
    )
    argv = (sys.executable, "-c", code, str(folder / "hidden"))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_every_file_counts_once_by_what_it_takes(tmp_path: Path) -> None:
    fill(tmp_path / "one", MEBIBYTE)
    os.link(tmp_path / "one", tmp_path / "two")
    (tmp_path / "below").mkdir()
    fill(tmp_path / "below" / "three", MEBIBYTE)
    (tmp_path / "out").symlink_to("/usr")
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(100 * MEBIBYTE)
    assert 2 * MEBIBYTE <= used([tmp_path]) < 2.2 * MEBIBYTE
    assert used([tmp_path / "not-there"]) == 0


@pytest.mark.parametrize(("name", "times"), [("d" * 200, 60), ("e", 2_500)])
def test_files_count_however_deep_they_lie(tmp_path: Path, name: str, times: int) -> None:
    code = (
        f"import os\nfor _ in range({times}): os.mkdir({name!r}); os.chdir({name!r})\n"
        f"open('x', 'wb').write(os.urandom({3 * MEBIBYTE}))"
    )
    # Not from here: the folder of this process stays what it is.
    subprocess.run((sys.executable, "-c", code), cwd=tmp_path, check=True)
    assert used([tmp_path]) >= 3 * MEBIBYTE
    removal.remove(tmp_path / name)


def test_a_file_that_is_open_and_has_no_name_counts_too(tmp_path: Path) -> None:
    with holding(tmp_path, 3 * MEBIBYTE) as pid:
        assert used([tmp_path]) < MEBIBYTE
        assert 3 * MEBIBYTE <= unlinked([tmp_path], [pid]) < 3.1 * MEBIBYTE
        assert unlinked([tmp_path, tmp_path / "gone"], [pid, 2**22 + 1]) > 0


def test_who_has_too_much_is_struck_and_may_clean_up(tmp_path: Path) -> None:
    writers = Writers()
    watch = Disk(MEBIBYTE, tmp_path, writers)
    assert watch.look() <= disk.LATEST
    assert (writers.struck, watch.trouble()) == (0, "")
    fill(tmp_path / "much", 2 * MEBIBYTE)
    while not writers.struck:
        watch.look()
    assert watch.trouble().startswith("wrote too much: a job here may have 1 MiB on disk in all")
    assert watch.trouble() == ""
    # What removes files writes a little first; only who goes on is struck again.
    fill(tmp_path / "more", MEBIBYTE)
    watch.look()
    assert writers.struck == 1
    fill(tmp_path / "even-more", disk.AGAIN)
    while writers.struck == 1:
        watch.look()
    for file in tmp_path.iterdir():
        file.unlink()
    watch.end()
