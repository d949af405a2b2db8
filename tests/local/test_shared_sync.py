"""One sync for all who wait, and for nobody one that began before."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from dishwasher.local.shared_sync import BLOCK, SharedSync, rewrite, sync

CALLERS = 12
PATIENCE = 60.0


class Disk:
    """Syncs as slowly as the test likes."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.syncs, self.at_once = 0, threading.Lock()
        self.error: Exception | None = None

    def __call__(self) -> None:
        assert self.at_once.acquire(blocking=False)
        self.syncs += 1
        self.begun.release()
        assert self.go_on.acquire(timeout=PATIENCE)
        self.at_once.release()
        if self.error is not None:
            raise self.error


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        yield pool


def crowd(shared: SharedSync, disk: Disk, pool: ThreadPoolExecutor) -> list[Future[None]]:
    """One that has begun a sync, and the others that came while it was under way."""
    first = pool.submit(shared)
    assert disk.begun.acquire(timeout=PATIENCE)
    others = [pool.submit(shared) for _ in range(CALLERS)]
    pause = threading.Event()
    while shared.waiting < CALLERS:
        pause.wait(0.001)
    return [first, *others]


def test_those_who_come_during_a_sync_share_the_next_one(pool: ThreadPoolExecutor) -> None:
    disk = Disk()
    shared = SharedSync(disk)
    first, *others = crowd(shared, disk, pool)
    disk.go_on.release()
    first.result(PATIENCE)
    # Theirs is under way, and none of them has come back.
    assert disk.begun.acquire(timeout=PATIENCE)
    assert (disk.syncs, shared.waiting) == (2, 0)
    assert not any(other.done() for other in others)
    disk.go_on.release()
    for other in others:
        other.result(PATIENCE)
    assert disk.syncs == 2


def test_each_call_alone_is_a_sync_of_its_own() -> None:
    disk = Disk()
    shared = SharedSync(disk)
    for number in range(3):
        disk.go_on.release()
        shared()
        assert disk.syncs == number + 1


def test_all_who_shared_it_hear_that_it_failed(pool: ThreadPoolExecutor) -> None:
    disk = Disk()
    shared = SharedSync(disk)
    first, *others = crowd(shared, disk, pool)
    disk.go_on.release()
    first.result(PATIENCE)
    disk.error = OSError("the disk is gone")
    disk.go_on.release()
    wait(others, PATIENCE)
    assert all("the disk is gone" in str(other.exception()) for other in others)
    disk.error = None
    disk.go_on.release()
    shared()
    assert disk.syncs == 3


def test_a_file_that_is_gone_needs_no_sync(tmp_path: Path) -> None:
    sync(tmp_path / "gone")
    with pytest.raises(OSError, match="Invalid argument"):
        # A device that can not do it says so.
        sync(Path("/dev/null"))


def test_a_file_is_written_once_more_with_what_stands_in_it(tmp_path: Path) -> None:
    file = tmp_path / "log"
    rewrite(file)
    assert not file.exists()
    text = bytes(range(251)) * 9000
    file.write_bytes(text)
    # Nothing but holes follows, which take no room until they are written.
    os.truncate(file, 3 * BLOCK)
    before = file.stat().st_blocks
    rewrite(file)
    assert file.read_bytes() == text.ljust(3 * BLOCK, b"\0")
    assert file.stat().st_blocks * 512 >= 3 * BLOCK > before * 512
