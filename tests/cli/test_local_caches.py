"""The cache folder of `dishwasher run`."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from dishwasher.cli.local_caches import INDEX, LocalCaches, folder_of
from dishwasher.core.shelf import REPLACED_SECONDS, Room
from dishwasher.core.ticket import CacheOffer, CacheQuery

from tests.cli.test_run import dishwasher, git
from tests.fakes.clock import FakeClock


class Store:
    def __init__(self, folder: Path, *refs: str) -> None:
        self.clock = FakeClock()
        self.folder = folder
        self.caches = LocalCaches(folder, refs or ("main",), Room(100, 250), self.clock.now)

    def store(self, key: str, data: bytes, *, moving: bool = False) -> str:
        """Empty, or why not."""
        digest = hashlib.sha256(data).hexdigest()
        offer = CacheOffer("v", key, len(data), digest, moving)
        leave = self.caches.offer(offer)
        if leave.url:
            assert self.caches.holds(leave.url)
            self.caches.put(leave.url, io.BytesIO(data))
            self.caches.keep(offer)
        return leave.why

    def found(self, key: str, *fallbacks: str) -> bytes | None:
        found = self.caches.find(CacheQuery("v", key, fallbacks))
        return Path(found.url).read_bytes() if found.url else None


def test_what_is_stored_is_found_again_by_another_run(tmp_path: Path) -> None:
    assert Store(tmp_path / "a").store("pip-1", b"wheels") == ""
    again = Store(tmp_path / "a")
    assert again.found("pip-1") == again.found("pip-2", "pip-") == b"wheels"
    assert again.found("pip-2") is None
    assert Store(tmp_path / "b").found("pip-1") is None
    assert again.store("pip-1", b"others") == "it is stored already"
    assert again.store("big", b"x" * 101) == "there is no room for it"
    assert not again.caches.holds("docs/index.html")


def test_branches_are_apart_as_on_the_server(tmp_path: Path) -> None:
    topic, main = Store(tmp_path, "topic", "main"), Store(tmp_path, "main")
    topic.store("k", b"of topic")
    assert (topic.found("k"), main.found("k")) == (b"of topic", None)
    main.store("k", b"of main")
    assert Store(tmp_path, "other", "main").found("k") == b"of main"


def test_old_caches_make_room(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for key in "abc":
        store.store(key, key.encode() * 100)
        store.clock.advance(1)
    assert [store.found(key) is not None for key in "abc"] == [False, True, True]
    store.clock.advance(REPLACED_SECONDS)
    store.found("a")
    assert len([name for name in os.listdir(tmp_path) if name != INDEX]) == 2


def test_a_file_that_is_gone_or_cut_is_no_cache(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.store("k", b"data")
    place = Path(store.caches.find(CacheQuery("v", "k")).url)
    place.write_bytes(b"da")
    assert store.found("k") is None
    assert store.store("k", b"data") == ""


@pytest.mark.parametrize("text", ["", "{}", "[", '{"id": 5}'])
def test_an_index_that_can_not_be_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.store("k", b"data")
    (tmp_path / INDEX).write_text(text)
    assert store.found("k") is None
    assert store.store("k", b"data") == ""
    assert store.found("k") == b"data"


def test_each_checkout_has_a_folder_of_its_own(tmp_path: Path) -> None:
    one, two = tmp_path / "x/site", tmp_path / "y/site"
    given = {"XDG_CACHE_HOME": "/cache"}
    assert folder_of(one, given) != folder_of(two, given)
    assert folder_of(one, given).parent == Path("/cache/dishwasher/cache")
    assert folder_of(one, given).name.startswith("site-")
    for relative in ("", "cache"):
        expected = Path.home() / ".cache/dishwasher/cache"
        assert folder_of(one, {"XDG_CACHE_HOME": relative}).parent == expected


def test_a_run_keeps_caches_for_the_next_unless_told_otherwise(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    count = "mkdir -p deps && echo x >> deps/log && wc -l < deps/log > $DISHWASHER_ARTIFACTS/n"
    (root / ".dishwasher.yml").write_text(f"cache: [deps]\nchecks:\n  count: {count}\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")

    def run(*words: str) -> str:
        kept = tmp_path / "kept"
        done = dishwasher(
            root, "--artifacts", str(kept), *words, XDG_CACHE_HOME=str(tmp_path / "cache")
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return (kept / "count" / "n").read_text().strip()

    assert [run("--no-cache"), run(), run(), run("--no-cache"), run()] == ["1", "1", "2", "1", "3"]
