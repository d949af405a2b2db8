"""A sink for caches over a folder, jobs that use it, and archives made by hand."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from tarfile import TarInfo
from typing import Any, BinaryIO, cast

import zstandard
from dishwasher.cli.local_caches import LocalCaches
from dishwasher.core.outputs import Cache
from dishwasher.core.ticket import (
    CacheFound,
    CacheLeave,
    CacheOffer,
    CacheQuery,
    Limits,
    Source,
    Upload,
)
from dishwasher.runner import tar
from dishwasher.runner.cache import Caches
from dishwasher.runner.environment import Workspace
from dishwasher.runner.sink import Sink
from dishwasher.runner.stop import Stop

from tests.runner.server import ticket


class Shop:
    """The part of a sink that caches need, over a folder; can be made to fail."""

    def __init__(self, folder: Path) -> None:
        self.caches = LocalCaches(folder, ("main",))
        self.change: Callable[[bytes], bytes] = lambda data: data
        self.fault: Exception | None = None
        self.said: list[str] = []

    def find_cache(self, query: CacheQuery) -> CacheFound:
        self._say("find")
        return self.caches.find(query)

    def fetch(self, url: str, file: BinaryIO, size: int) -> None:
        self._say("fetch")
        file.write(self.change(Path(url).read_bytes()))

    def offer_cache(self, offer: CacheOffer) -> CacheLeave:
        self._say("offer")
        return self.caches.offer(offer)

    def put(self, upload: Upload, file: BinaryIO, size: int) -> None:
        self._say("put")
        self.caches.put(upload.url, file)

    def keep_cache(self, offer: CacheOffer) -> None:
        self._say("keep")
        self.caches.keep(offer)

    def _say(self, word: str) -> None:
        self.said.append(word)
        if self.fault is not None:
            raise self.fault


class Job:
    """A job of its own each time, in a new folder, with what it has said."""

    def __init__(self, shop: Shop, folder: Path, *wanted: Cache, **bounds: Any) -> None:
        self.workspace = Workspace(folder / f"job{len(list(folder.iterdir()))}")
        self.workspace.root.mkdir()
        self.workspace.make()
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.stop = Stop()
        secrets = (("TOKEN", "hidden"),)
        made = ticket(Source("", "a" * 40), caches=wanted, limits=Limits(), secrets=secrets)
        say = (self.lines.append, self.notes.append)
        sink = cast(Sink, shop)
        self.caches = Caches(made, sink, self.workspace, self.stop, *say, **bounds)

    @property
    def checkout(self) -> Path:
        return self.workspace.checkout

    def write(self, path: str, text: str = "x", mode: int = 0o644) -> Path:
        place = self.workspace.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)
        return place

    def restore(self, **environment: str) -> None:
        self.caches.restore(environment)
        assert not self.workspace.cache.exists()

    def store(self) -> None:
        self.caches.store()
        assert not self.workspace.cache.exists()

    def tree(self) -> dict[str, str]:
        """Every file below checkout and home, with its content, and links with their targets."""
        found = {}
        for root in (self.workspace.checkout, self.workspace.home):
            for place in sorted(root.rglob("*")):
                name = str(place.relative_to(self.workspace.root))
                if place.is_symlink():
                    found[name] = f"-> {os.readlink(place)}"
                elif place.is_file():
                    found[name] = place.read_text()
        return found


Begin = Callable[..., Job]


def archive_of(*members: bytes, about: object = None) -> bytes:
    data = json.dumps({"roots": {}, "virtualenvs": []} if about is None else about).encode()
    info = TarInfo("about.json")
    info.size = len(data)
    last = tar.header(info) + data + tar.padding(len(data)) + tar.END
    return zstandard.ZstdCompressor().compress(b"".join(members) + last)


def member(name: str, data: bytes = b"", **values: object) -> bytes:
    info = TarInfo(name)
    info.size = len(data)
    for field, value in values.items():
        setattr(info, field, value)
    return tar.header(info) + data + tar.padding(len(data))


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> bytes:
    return member(name, type=kind, linkname=target)


def offered(shop: Shop, data: bytes, wanted: Cache, begin: Begin) -> Job:
    """A job that is about to restore this archive."""
    job = begin(wanted)
    keyed = job.caches._key(wanted, {})
    offer = CacheOffer(keyed.version, keyed.key, len(data), hashlib.sha256(data).hexdigest())
    shop.caches.put(shop.caches.offer(offer).url, io.BytesIO(data))
    shop.caches.keep(offer)
    return job
