"""The ticket routes of caches, and downloads by URL."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.ticket import CacheFound, CacheLeave, CacheOffer, CacheQuery
from dishwasher.errors import Refused
from dishwasher.http.caches import WORD, Caches, Downloads
from dishwasher.http.message import Request, Response, text
from dishwasher.http.router import Router

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock

OFFER = CacheOffer("v", "pip-1", 3, "00", moving=True)


class FakeCaches:
    """Knows one attempt, `j.1`, with the token `key`; remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def _hear(self, attempt_id: str, token: str, word: object) -> None:
        if (attempt_id, token) != ("j.1", "key"):
            raise Refused("that is not this attempt's key")
        self.heard.append(word)

    def find(self, attempt_id: str, token: str, query: CacheQuery) -> CacheFound:
        self._hear(attempt_id, token, query)
        return CacheFound("http://u", "pip-1", 3, "00")

    def offer(self, attempt_id: str, token: str, offer: CacheOffer) -> CacheLeave:
        self._hear(attempt_id, token, offer)
        return CacheLeave("http://u")

    def keep(self, attempt_id: str, token: str, offer: CacheOffer) -> None:
        self._hear(attempt_id, token, offer)


def say(caches: FakeCaches, verb: str, body: Any, token: str = "key") -> Response:
    router = Router(Caches(caches).routes(), lambda request: text(404, "no"))
    data = body if isinstance(body, bytes) else json.dumps(encode(body)).encode()
    headers = {"authorization": f"Bearer {token}"}
    path = f"/jobs/j.1/caches/{verb}"
    return router(Request("POST", path, io.BytesIO(data), len(data), headers=headers))


def body(answer: Response) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def test_each_word_reaches_the_flow() -> None:
    caches, query = FakeCaches(), CacheQuery("v", "pip-1", ("pip-",))
    found = say(caches, "find", query)
    assert body(found) == {
        "url": "http://u",
        "key": "pip-1",
        "size": 3,
        "sha256": "00",
        "kept": True,
    }
    assert body(say(caches, "offer", OFFER)) == {"url": "http://u", "why": ""}
    assert body(say(caches, "keep", OFFER)) == {}
    assert caches.heard == [query, OFFER, OFFER]


@pytest.mark.parametrize("verb", ["find", "offer", "keep"])
def test_only_the_attempt_is_heard(verb: str) -> None:
    caches = FakeCaches()
    word = CacheQuery("v", "k") if verb == "find" else OFFER
    assert say(caches, verb, word, "another").status == 403
    assert say(caches, verb, b"[]").status == 400
    assert say(caches, verb, b" " * (WORD + 1)).status == 413
    assert caches.heard == []


def test_a_download_is_the_file_and_nothing_else() -> None:
    clock = FakeClock()
    blobs = MemoryBlobs(clock)
    router = Router(Downloads(blobs.shown, blobs).routes(), lambda request: text(404, "no"))

    def get(url: str) -> Response:
        return router(Request("GET", url.removeprefix("http://memory.invalid"), io.BytesIO()))

    blobs.put("caches/a", b"data" * 50_000)
    answer = get(blobs.download_url("caches/a"))
    assert dict(answer.headers)["content-length"] == "200000"
    assert b"".join(answer.body) == b"data" * 50_000  # type: ignore[arg-type]  # streamed
    assert get(blobs.download_url("caches/b")).status == 410
    assert get("/downloads/nonsense").status == 403
    url = blobs.download_url("caches/a")
    clock.advance(3601)
    assert get(url).status == 410
