"""Artifacts and caches that mean harm, over the real server and its runners (27 to 33)."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import signal
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from dishwasher.local.blobs import ABANDONED_SECONDS, TEMPORARY
from dishwasher.local.keys import path_of

from tests.e2e.world import World
from tests.runner.shop import archive_of, link, member

LEASE = 24.0
"""Seconds: a runner has to outlive a server that is away."""
ODD = r"""
cd "$DISHWASHER_ARTIFACTS" && mkdir -p sub deep && cd sub
echo fine > file; ln -s /etc/passwd link; ln -s ../../.. up; mkfifo fifo; ln file hard
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
"""
NAMES = r"""
cd "$DISHWASHER_ARTIFACTS"
echo A > Read.me; echo b > read.me; touch "$(printf 'caf\351')"
long=$(printf 'n%.0s' $(seq 250)); mkdir "$long"; echo l > "$long/$long"
mkdir -p $long/$long/2 2>/dev/null || true
mkdir -p "d/$long/$long/$long"; echo x > "d/$long/$long/$long/$long"
(while sleep 0.01; do echo more >> growing; done) &
sleep 0.2
"""
CACHE = """\
cache: {paths: [deps], files: lock, key: deps-, fallbacks: [deps-]}
checks:
  tests:
    run: >
      mkdir -p deps && echo "$DISHWASHER_BRANCH" >> deps/log &&
      cp deps/log "$DISHWASHER_ARTIFACTS/log"
"""


def checks(run: str) -> str:
    return "checks:\n  tests:\n    run: |\n" + "".join(f"      {one}\n" for one in run.split("\n"))


def artifacts(world: World, sha: str) -> tuple[dict[str, bytes], list[str]]:
    """All artifacts of a commit's one job, from their archive, and the job's notes."""
    run = world.concluded(sha)["tests"]
    assert run.conclusion == "success", run.output.summary
    (job,) = world.table.jobs(sha)
    data = world.bot.get(f"/jobs/{job['id']}/artifacts.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]
    key = path_of(f"attempts/{job['id']}.{job['attempt']}/result.json")
    result = json.loads(Path(world.bot.data, "blobs", *key).read_bytes())
    for kept in result["artifacts"]:
        data = found[kept["path"]]
        assert (len(data), hashlib.sha256(data).hexdigest()) == (kept["size"], kept["sha256"])
    return found, result["notes"]


def test_case_27_only_regular_files_are_artifacts_and_the_others_are_told(world: World) -> None:
    found, notes = artifacts(world, world.repo(checks(ODD)).commit({"n": "1"}))
    assert found == {"sub/file": b"fine\n", "sub/hard": b"fine\n"}
    for name in ("link", "up", "fifo", "socket"):
        assert f"Artifact left out: sub/{name}: it is not a regular file" in notes


def test_case_28_names_may_be_anything_and_a_size_is_what_was_sent(world: World) -> None:
    found, notes = artifacts(world, world.repo(checks(NAMES)).commit({"n": "1"}))
    long = "n" * 250
    assert (found.pop("Read.me"), found.pop("read.me")) == (b"A\n", b"b\n")
    assert found.pop(f"{long}/{long}") == b"l\n"
    assert set(found.pop("growing").split()) == {b"more"}
    assert found == {}
    assert any("its name is not valid UTF-8" in note for note in notes)
    assert any("its path is longer than 900 bytes" in note for note in notes)


BIG = 300_000_000
LARGE = f'truncate -s {BIG} "$DISHWASHER_ARTIFACTS/big"'


def under_way(world: World) -> list[Path]:
    """Uploads of which a part is stored."""
    found = []
    for path in Path(world.bot.data, "blobs", TEMPORARY).iterdir():
        # Another one may be whole, and so have its own name, by now.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size:
                found.append(path)
    return found


def arriving(world: World) -> bool:
    """Whether a part of a body has come; the server keeps it in a file without a name."""
    for one in Path(f"/proc/{world.bot.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(one).endswith(" (deleted)") and one.stat().st_size:
                return True
    return False


def assert_whole(world: World, sha: str, attempt: int) -> None:
    """The one artifact is what the last attempt sent, and of no other one is anything shown."""
    assert world.concluded(sha)["tests"].conclusion == "success"
    (job,) = world.table.jobs(sha)
    assert job["attempt"] == attempt
    assert world.bot.get(f"/jobs/{job['id']}").count(b'/artifacts/big"') == 1
    kept = world.bot.get(f"/jobs/{job['id']}/artifacts/big")
    assert (len(kept), kept.count(0)) == (BIG, BIG)
    # Each attempt has names of its own, and what lists them is written when all of them are there.
    listed = Path(world.bot.data, "blobs/attempts").glob(f"{job['id']}.*/=result.json")
    assert [place.parent.name for place in listed] == [f"{job['id']}.{attempt}"]


def test_case_29_an_upload_that_dies_half_way_is_nothing(world: World) -> None:
    sha = world.repo(checks(LARGE)).commit({"n": "1"})
    world.table.wait(lambda: arriving(world), "an upload")
    for pid in world.bot.runners():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert_whole(world, sha, attempt=2)
    assert under_way(world) == []


def test_case_29_a_server_that_dies_half_way_is_sent_it_again(world: World) -> None:
    sha = world.repo(checks(LARGE)).commit({"n": "1"})
    world.table.wait(lambda: under_way(world), "an upload")
    world.bot.kill()
    (left,) = under_way(world)
    world.bot.start()
    assert_whole(world, sha, attempt=1)
    # What nobody finishes goes when it is a day old.
    assert left.exists()
    yesterday = time.time() - ABANDONED_SECONDS - 1
    os.utime(left, (yesterday, yesterday))
    world.bot.kill()
    world.bot.start()
    assert not left.exists()


def seen(world: World, sha: str) -> list[str]:
    """The branches whose jobs have made what this one found in its cache, and its own."""
    return artifacts(world, sha)[0]["log"].decode().split()


def test_case_31_the_main_branch_restores_nothing_that_another_has_stored(world: World) -> None:
    repo = world.repo(CACHE, {"lock": "0"})
    assert seen(world, repo.commit({"lock": "1"}, branch="topic")) == ["topic"]
    repo.open_pull("topic")
    assert seen(world, repo.commit({"lock": "2"}, branch="topic")) == ["topic", "topic"]
    # Another file too: the same change at the same second would be the same commit.
    assert seen(world, repo.commit({"lock": "1", "n": "1"})) == ["master"]
    assert seen(world, repo.commit({"lock": "2", "n": "2"})) == ["master", "master"]


def exchange(
    world: World, repository: int, change: Callable[[bytes], bytes], *, told: bool
) -> None:
    """Change the one archive that is stored; where it is told, the table agrees with it."""
    shelf = world.table.row("shelf", f"{repository}/team")
    entry = shelf["entries"][0]
    place = Path(world.bot.data, "blobs", *path_of(entry["blob"]))
    data = change(place.read_bytes())
    place.write_bytes(data)
    if told:
        entry["size"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
        with world.table.open() as connection:
            words = (json.dumps(shelf), "shelf", shelf["id"])
            connection.execute("UPDATE rows SET body = ? WHERE kind = ? AND id = ?", words)


def test_case_32_an_archive_that_leads_out_is_no_cache(world: World, tmp_path: Path) -> None:
    repo = world.repo(CACHE, {"lock": "0"})
    assert seen(world, repo.commit({"n": "1"})) == ["master"]
    hostile = archive_of(
        member("checkout/deps/log", b"evil\n"),
        link("checkout/deps/out", str(tmp_path)),
        member("checkout/deps/out/canary", b"x"),
    )
    exchange(world, repo.id, lambda data: hostile, told=True)
    assert seen(world, repo.commit({"n": "2"})) == ["master"]
    assert not (tmp_path / "canary").exists()
    assert seen(world, repo.commit({"n": "3"})) == ["master", "master"]


def test_case_33_a_damaged_cache_is_none_and_fails_nothing(world: World) -> None:
    repo = world.repo(CACHE, {"lock": "0"})
    assert seen(world, repo.commit({"n": "1"})) == ["master"]
    for number, told in ((2, True), (3, False)):
        exchange(world, repo.id, lambda data: data[: len(data) // 2], told=told)
        found, notes = artifacts(world, repo.commit({"n": str(number)}))
        assert found["log"] == b"master\n"
        assert told == any("Restoring deps failed" in note for note in notes)
