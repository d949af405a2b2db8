"""What jobs may restore and store, by tokens and places of their own (31, 33)."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.event import Event
from dishwasher.core.job import Job, Reason
from dishwasher.core.lifecycle import conclude
from dishwasher.core.shelf import (
    ANNOUNCED_SECONDS,
    REPLACED_SECONDS,
    UNUSED_SECONDS,
    USED_SECONDS,
    Shelf,
)
from dishwasher.core.ticket import CacheFound, CacheLeave, CacheOffer, CacheQuery
from dishwasher.errors import Conflict, Refused, UserError
from dishwasher.flow.caches import ALREADY, FALLBACKS, TEXT, WRITES, Caches

from tests.flow.house import ROOM, House
from tests.samples import OTHER_SHA, SHA, job, pull_request, push

CONFIG = b"checks:\n  tests: {run: pytest, cache: [.tox]}\n"


class Visitor:
    """A running job, with what it may say of caches."""

    def __init__(self, house: House, event: Event) -> None:
        self.house = house
        self.job = house.jobs(house.planned(event))["tests"]
        token = house.started(self.job)
        self._key = (house.job(self.job).attempt_id, token)

    def find(self, key: str, *fallbacks: str) -> CacheFound:
        return self.house.caches.find(*self._key, CacheQuery("v", key, fallbacks))

    def restored(self, key: str, *fallbacks: str) -> bytes | None:
        """What a runner would get."""
        found = self.find(key, *fallbacks)
        if not found.url:
            return None
        data = self.house.blobs.get(self.house.blobs.shown(found.url.rpartition("/")[2]))
        assert data is not None
        assert (len(data), hashlib.sha256(data).hexdigest()) == (found.size, found.sha256)
        return data

    def offer(self, key: str, data: bytes, *, moving: bool = False) -> CacheLeave:
        return self.house.caches.offer(*self._key, offered(key, data, moving=moving))

    def keep(self, key: str, data: bytes, *, moving: bool = False) -> None:
        self.house.caches.keep(*self._key, offered(key, data, moving=moving))

    def store(self, key: str, data: bytes, *, moving: bool = False) -> bool:
        leave = self.offer(key, data, moving=moving)
        if leave.url:
            self.house.blobs.receive(leave.url.rpartition("/")[2], io.BytesIO(data))
            self.keep(key, data, moving=moving)
        return bool(leave.url)


def offered(key: str, data: bytes, *, moving: bool = False) -> CacheOffer:
    return CacheOffer("v", key, len(data), hashlib.sha256(data).hexdigest(), moving)


@pytest.fixture
def house() -> House:
    return House(CONFIG)


def visitor(house: House, branch: str = "main", delivery: str = "one") -> Visitor:
    sha = SHA if branch == "main" else OTHER_SHA
    return Visitor(house, push(branch=branch, sha=sha, delivery=delivery))


def shelf_of(house: House) -> Shelf:
    return house.found(Shelf, "7/team")


def test_what_one_job_stores_another_restores(house: House) -> None:
    main = visitor(house)
    assert main.restored("pip-1") is None
    assert main.store("pip-1", b"wheels")
    assert main.restored("pip-1") == b"wheels"
    topic = visitor(house, "topic", "two")
    assert topic.restored("pip-1") == b"wheels"
    assert topic.restored("pip-2", "pip-") == b"wheels"
    assert topic.find("pip-2", "pip-").key == "pip-1"
    assert topic.restored("pip-2") is None


def test_a_branch_stores_for_itself(house: House) -> None:
    main, topic = visitor(house), visitor(house, "topic", "two")
    assert topic.store("pip-1", b"of topic")
    assert main.restored("pip-1") is None
    assert main.store("pip-1", b"of main")
    assert (topic.restored("pip-1"), main.restored("pip-1")) == (b"of topic", b"of main")


def test_a_pull_request_stores_nothing_that_the_default_branch_restores(house: House) -> None:
    house.there.branches["main"] = OTHER_SHA
    request = pull_request(sha=OTHER_SHA, delivery="two")
    asking = Visitor(house, push(sha=OTHER_SHA, branch="main", delivery="three"))
    build = house.found(Build, asking.job.build)
    house.store.save(_as(build, request, "It comes from a fork."))
    stranger = asking
    assert stranger.store("pip-1", b"poison")
    assert stranger.restored("pip-1") == b"poison"
    house.store.save(_as(house.found(Build, build.id), build.event, ""))
    assert asking.restored("pip-1") is None
    assert asking.store("pip-1", b"clean")
    assert {one.ref for one in shelf_of(house).entries} == {"branch main"}
    house.store.save(_as(house.found(Build, build.id), request, "It comes from a fork."))
    assert stranger.restored("pip-1") == b"poison"
    assert stranger.restored("pip-2", "pip-") == b"poison"


def _as(build: Build, event: Event, doubt: str) -> Build:
    return replace(build, event=event, doubt=doubt)


def test_a_key_is_written_once(house: House) -> None:
    main = visitor(house)
    assert main.store("pip-1", b"first")
    assert main.offer("pip-1", b"second") == CacheLeave(why=ALREADY)
    assert main.restored("pip-1") == b"first"


def test_of_two_who_store_at_once_the_first_wins_and_the_other_s_upload_goes(house: House) -> None:
    main, other = visitor(house), visitor(house, "topic", "two")
    build = house.found(Build, other.job.build)
    house.store.save(_as(build, push(delivery="two"), ""))
    tokens = [one.offer("pip-1", data).url for one, data in ((main, b"first"), (other, b"second"))]
    for token, data in zip(tokens, (b"first", b"second"), strict=True):
        house.blobs.receive(token.rpartition("/")[2], io.BytesIO(data))
    main.keep("pip-1", b"first")
    other.keep("pip-1", b"second")
    assert other.restored("pip-1") == b"first"
    (leaving,) = shelf_of(house).leavings
    # Until the URL ends, a PUT that is late may bring it once more.
    house.caches.sweep(shelf_of(house))
    assert house.blobs.get(leaving.blob) == b"second"
    house.clock.advance(ANNOUNCED_SECONDS)
    house.caches.sweep(shelf_of(house))
    assert house.blobs.get(leaving.blob) is None
    assert shelf_of(house).leavings == ()
    assert other.restored("pip-1") == b"first"


def test_a_key_that_moves_has_the_last_content(house: House) -> None:
    main = visitor(house)
    assert main.store("", b"first", moving=True)
    assert not main.store("", b"first", moving=True)
    assert main.store("", b"second", moving=True)
    assert main.restored("") == b"second"
    old = shelf_of(house).leavings[0].blob
    assert house.blobs.get(old) == b"first"
    house.clock.advance(REPLACED_SECONDS)
    house.reap()
    assert house.blobs.get(old) is None


def test_a_cache_that_nobody_uses_is_removed(house: House) -> None:
    main = visitor(house)
    assert main.store("pip-1", b"wheels")
    blob = shelf_of(house).entries[0].blob
    house.clock.advance(UNUSED_SECONDS - 1)
    house.reap()
    assert house.blobs.get(blob) == b"wheels" and len(shelf_of(house).entries) == 1
    house.clock.advance(1)
    house.reap()
    assert shelf_of(house).entries == ()
    house.clock.advance(REPLACED_SECONDS)
    house.reap()
    assert house.blobs.get(blob) is None
    assert shelf_of(house) == replace(Shelf(shelf_of(house).id), version=shelf_of(house).version)


def test_of_a_slot_the_newest_stays(house: House) -> None:
    main = visitor(house)
    for key in ("env-a", "env-b"):
        offer = replace(offered(key, key.encode()), slot="env-")
        leave = house.caches.offer(*main._key, offer)
        house.blobs.receive(leave.url.rpartition("/")[2], io.BytesIO(key.encode()))
        house.caches.keep(*main._key, offer)
    assert main.restored("env-a") is None
    assert main.restored("env-b") == b"env-b"


def test_an_upload_that_is_never_kept_is_removed(house: House) -> None:
    main = visitor(house)
    leave = main.offer("pip-1", b"wheels")
    house.blobs.receive(leave.url.rpartition("/")[2], io.BytesIO(b"wheels"))
    blob = shelf_of(house).leavings[0].blob
    assert main.restored("pip-1") is None
    house.clock.advance(ANNOUNCED_SECONDS)
    house.caches.sweep(shelf_of(house))
    assert house.blobs.get(blob) is None
    main.keep("pip-1", b"wheels")
    assert main.restored("pip-1") is None


def test_what_is_not_uploaded_is_not_kept(house: House) -> None:
    main = visitor(house)
    main.offer("pip-1", b"wheels")
    with pytest.raises(UserError, match="not uploaded"):
        main.keep("pip-1", b"wheels")
    assert main.restored("pip-1") is None


def test_keeping_twice_is_keeping_once(house: House) -> None:
    main = visitor(house)
    main.store("pip-1", b"wheels")
    before = shelf_of(house)
    main.keep("pip-1", b"wheels")
    assert shelf_of(house) == before


def test_a_word_that_comes_twice_at_once_keeps_once(house: House) -> None:
    main = visitor(house)
    leave = main.offer("pip-1", b"wheels")
    house.blobs.receive(leave.url.rpartition("/")[2], io.BytesIO(b"wheels"))
    house.store.interrupt(lambda: main.keep("pip-1", b"wheels"))
    main.keep("pip-1", b"wheels")
    assert [one.key for one in shelf_of(house).entries] == ["pip-1"]


def test_a_cache_whose_file_is_gone_is_none(house: House) -> None:
    main, topic = visitor(house), visitor(house, "topic", "two")
    main.store("pip-1", b"of main")
    topic.store("pip-1", b"of topic")
    (lost,) = (one for one in shelf_of(house).entries if one.ref == "branch topic")
    house.blobs.put(lost.blob, b"half")
    assert topic.restored("pip-1") == b"of main"
    assert lost not in shelf_of(house).entries
    assert topic.store("pip-1", b"of topic")


def test_a_use_keeps_it_from_being_pushed_out(house: House) -> None:
    main = visitor(house)
    for key in ("a", "b"):
        main.store(key, key.encode() * 100)
        house.clock.advance(1)
    house.clock.advance(USED_SECONDS)
    assert main.restored("a")
    main.store("c", b"c" * 100)
    assert [main.restored(key) is not None for key in "abc"] == [True, False, True]


def test_a_use_that_can_not_be_written_down_is_no_loss(house: House) -> None:
    main = visitor(house)
    main.store("a", b"a")
    house.clock.advance(USED_SECONDS)
    house.store.interrupt(lambda: main.store("b", b"b"))
    assert main.restored("a") == b"a"


def test_what_is_too_large_is_not_taken(house: House) -> None:
    main = visitor(house)
    for size in (101, -1):
        leave = house.caches.offer(*main._key, CacheOffer("v", "k", size, "0" * 64))
        assert leave == CacheLeave(why="it is larger than 100 bytes")


def test_only_so_much_is_stored_at_once(house: House) -> None:
    main = visitor(house)
    for key in "abcde":
        assert main.offer(key, b"x" * 100).url
    assert main.offer("f", b"x").why == "too many caches are being stored at once"


def test_strange_queries_are_refused(house: House) -> None:
    main = visitor(house)
    with pytest.raises(UserError):
        main.find("x" * (TEXT + 1))
    with pytest.raises(UserError):
        main.find("x", *["y"] * (FALLBACKS + 1))


def test_only_a_running_job_is_answered(house: House) -> None:
    main = visitor(house)
    key = main._key[0]
    with pytest.raises(Refused):
        house.caches.find(key, "another token", CacheQuery("v", "k"))
    ended = visitor(house, "topic", "two")
    house.verdicts.change(ended.job.id, lambda one: _over(one, house))
    for word in (lambda: ended.find("k"), lambda: ended.offer("k", b"x")):
        with pytest.raises(Refused):
            word()
    with pytest.raises(Refused):
        ended.keep("k", b"x")


def _over(running: Job, house: House) -> Job:
    return conclude(running, Reason.OK, "", house.clock.now())


def test_a_shelf_that_everybody_writes_is_given_up(house: House) -> None:
    main = visitor(house)
    main.store("a", b"a")

    def other() -> None:
        house.store.save(shelf_of(house))

    house.store.interrupt(*[other] * WRITES)
    with pytest.raises(Conflict, match="too often"):
        main.offer("b", b"b")


def test_a_build_that_is_not_there_is_a_bug(house: House) -> None:
    class Believing:
        def authorised(self, attempt_id: str, token: str) -> Job:
            return job()

    words = (house.store, house.blobs, house.clock, Believing(), ROOM)
    with pytest.raises(LookupError, match="job build-0 has no build"):
        Caches(*words).find("build-0.1", "token", CacheQuery("v", "k"))
