"""What is the file system's own: modes, links, full disks, what a kill leaves behind."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dishwasher.errors import InfraError
from dishwasher.local.blobs import ABANDONED_SECONDS, TEMPORARY, FileBlobs
from dishwasher.local.uploads import UPLOAD_SECONDS

from tests.fakes.clock import FakeClock
from tests.local.program import output

OUTSIDE = b"outside"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def blobs(data: Path, clock: FakeClock) -> FileBlobs:
    return FileBlobs(data, clock, b"secret", lambda: "http://localhost:1")


def test_only_its_owner_can_read_it(blobs: FileBlobs, data: Path) -> None:
    before = os.umask(0)
    try:
        blobs.put("a/b", b"1")
        blobs.append("a/log", 0, b"2")
    finally:
        os.umask(before)
    modes = {
        path.relative_to(data).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in data.rglob("*")
    }
    assert modes == {TEMPORARY: 0o700, "a": 0o700, "a/=b": 0o600, "a/=log": 0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_links_are_not_followed(blobs: FileBlobs, data: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "=file").write_bytes(OUTSIDE)
    (data / "folder").symlink_to(outside)
    (data / "=file").symlink_to(outside / "=file")
    (data / "=new").symlink_to(outside / "=new")
    for key in ("folder/file", "file"):
        with pytest.raises(InfraError):
            blobs.get(key)
        with pytest.raises(InfraError):
            blobs.size(key)
    for key in ("folder/file", "folder/new", "file", "new"):
        with pytest.raises(InfraError):
            blobs.append(key, 0, b"changed and longer")
    for key in ("folder/file", "folder/new"):
        with pytest.raises(InfraError):
            blobs.put(key, b"changed")
    # Putting replaces the link itself.
    blobs.put("file", b"changed")
    assert blobs.get("file") == b"changed"
    assert [path.name for path in outside.iterdir()] == ["=file"]
    assert (outside / "=file").read_bytes() == OUTSIDE


def test_who_appends_has_the_file_alone(blobs: FileBlobs, data: Path) -> None:
    blobs.append("log", 0, b"one ")
    with ThreadPoolExecutor(1) as pool, (data / "=log").open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        appended = pool.submit(blobs.append, "log", 4, b"two")
        with pytest.raises(TimeoutError):
            appended.result(timeout=0.1)
        other.seek(0, os.SEEK_END)
        other.write(b"tw")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_UN)
        assert appended.result(timeout=10) == 7
    assert blobs.get("log") == b"one two"


def test_a_folder_given_relative_stays_where_it_was(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blobs = FileBlobs(Path("blobs"), clock, b"secret", lambda: "")
    monkeypatch.chdir("/")
    blobs.put("key", b"1")
    assert (tmp_path / "blobs" / "=key").read_bytes() == b"1"


def test_a_failed_upload_leaves_nothing_behind(blobs: FileBlobs, data: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(100)
            if not data:
                raise ConnectionResetError("the runner is gone")
            return data

    token = blobs.upload_url("key", 1000, hashlib.sha256(b"").hexdigest()).rpartition("/")[2]
    with pytest.raises(InfraError, match="the runner is gone"):
        blobs.receive(token, Broken(b"x" * 900))
    assert [path.name for path in data.rglob("*")] == [TEMPORARY]


def test_what_a_kill_left_behind_is_removed_a_day_later(data: Path, clock: FakeClock) -> None:
    folder = data / TEMPORARY
    folder.mkdir(parents=True)
    for name, age in (("old", ABANDONED_SECONDS + 1), ("new", ABANDONED_SECONDS - 1)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (clock.now() - age, clock.now() - age))
    FileBlobs(data, clock, b"secret", lambda: "")
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_the_url_follows_the_server(data: Path, clock: FakeClock) -> None:
    port = ["1"]
    blobs = FileBlobs(data, clock, b"secret", lambda: f"http://localhost:{port[0]}")
    port[0] = "2"
    assert blobs.upload_url("key", 0, "").startswith("http://localhost:2/uploads/")


def test_only_an_upload_that_was_asked_for_is_expected(data: Path, clock: FakeClock) -> None:
    blobs = FileBlobs(data, clock, b"secret", lambda: "")
    token = blobs.upload_url("key", 1 << 30, "").rpartition("/")[2]
    assert (blobs.expected(token), blobs.expected(f"{token}x"), blobs.expected("é")) == (
        1 << 30,
        0,
        0,
    )
    clock.advance(UPLOAD_SECONDS + 1)
    assert blobs.expected(token) == 0


def test_a_token_of_before_a_restart_is_good(data: Path, clock: FakeClock) -> None:
    before, after = (FileBlobs(data, clock, b"secret", lambda: "") for _ in range(2))
    token = before.upload_url("key", 2, hashlib.sha256(b"ok").hexdigest()).rpartition("/")[2]
    after.receive(token, io.BytesIO(b"ok"))
    assert before.get("key") == b"ok"


FULL = """
import hashlib, io, resource, sys
from pathlib import Path
from dishwasher.errors import InfraError
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.clock import SystemClock
folder = Path(sys.argv[1])
blobs = FileBlobs(folder, SystemClock(), b"secret", lambda: "")
blobs.put("put", b"before")
blobs.append("log", 0, b"before")
# Writing beyond it fails as on a full disk (Python ignores the signal).
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
big = b"x" * 1_000_000
token = blobs.upload_url("upload", len(big), hashlib.sha256(big).hexdigest()).rpartition("/")[2]
for act in (
    lambda: blobs.put("put", big),
    lambda: blobs.append("log", 6, big),
    lambda: blobs.receive(token, io.BytesIO(big)),
):
    try:
        act()
    except InfraError as error:
        assert "make room" in str(error), error
        print("fault")
print(blobs.get("put"), blobs.get("log"), blobs.get("upload"), list((folder / "%new").iterdir()))
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
blobs.put("put", big)
blobs.receive(token, io.BytesIO(big))
print(blobs.append("log", 6, big), blobs.size("put"), blobs.size("upload"))
"""


def test_a_full_disk_is_a_fault_that_passes(data: Path) -> None:
    assert output(FULL, data).splitlines() == [
        "fault",
        "fault",
        "fault",
        "b'before' b'before' None []",
        "1000006 1000000 1000000",
    ]
