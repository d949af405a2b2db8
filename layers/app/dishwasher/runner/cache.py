"""The caches of a job: restored before its first phase, stored when it has succeeded.

Nothing here fails a job: what does not work makes it slower, and is told.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from dishwasher.core.expansion import expand
from dishwasher.core.outputs import Cache
from dishwasher.core.ticket import CacheOffer, CacheQuery, Ticket
from dishwasher.runner import files
from dishwasher.runner.archive import READ, SECONDS, Archives, size
from dishwasher.runner.artifacts import open_regular
from dishwasher.runner.environment import Workspace
from dishwasher.runner.pack import Packed, Packer, Unkept
from dishwasher.runner.sink import Sink
from dishwasher.runner.stop import Stop
from dishwasher.runner.tar import Bounds, Damaged

FORMAT = "1"
"""Part of each version: raised when old archives can not be read any more."""
KEY = 400
"""Characters of a key's text; the server takes a hash behind them too."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A cache of the configuration with what it is called in this build."""

    cache: Cache
    version: str
    key: str
    fallbacks: tuple[str, ...]

    @property
    def moving(self) -> bool:
        """Nothing in its key follows its content."""
        return not self.cache.files


class Caches:
    """`say` writes a line of the log, `note` one of the result."""

    def __init__(
        self,
        ticket: Ticket,
        sink: Sink,
        workspace: Workspace,
        stop: Stop,
        say: Callable[[str], None],
        note: Callable[[str], None],
        *,
        seconds: float = SECONDS,
        within: Bounds | None = None,
    ) -> None:
        self._ticket, self._workspace, self._say = ticket, workspace, say
        self._keyed: list[Keyed] = []
        self._restored: set[tuple[str, str]] = set()
        self._damaged: set[tuple[str, str]] = set()
        """What is stored under these is of no use, and may be replaced."""
        roots = {"checkout": workspace.checkout, "home": workspace.home}
        words = (ticket, sink, workspace, stop, say, note)
        self._archives = Archives(*words, roots=roots, seconds=seconds, within=within)

    def restore(self, environment: Mapping[str, str]) -> None:
        """Every cache that there is, by keys from the files of the checkout as they are now.

        `environment`: values of the variables in keys. Raises Fenced and LeaseOver.
        """
        hidden = {name for name, _ in self._ticket.secrets}
        shown = {name: value for name, value in environment.items() if name not in hidden}
        for cache in self._ticket.spec.caches:
            keyed = self._key(cache, shown)
            self._keyed.append(keyed)
            if cache.restore:
                self._try(f"Restoring {_named(keyed)}", keyed, self._restore)

    def store(self) -> None:
        """Every cache whose key was not there. Raises Fenced and LeaseOver."""
        for keyed in self.unstored:
            self._try(f"Storing {_named(keyed)}", keyed, self._store)

    @property
    def unstored(self) -> list[Keyed]:
        """Caches to store when the job has succeeded."""
        return [
            keyed
            for keyed in self._keyed
            if keyed.cache.save
            and (keyed.moving or (keyed.version, keyed.key) not in self._restored)
        ]

    def _try(self, what: str, keyed: Keyed, work: Callable[[Keyed], None]) -> None:
        self._archives.attempt(what, partial(work, keyed))

    def _key(self, cache: Cache, environment: Mapping[str, str]) -> Keyed:
        text = expand(cache.key, environment)
        fallbacks = (expand(one, environment)[:KEY] for one in cache.fallbacks)
        if cache.files:
            text = text[:KEY] + self._hash(cache)
        what = json.dumps([FORMAT, *cache.paths]).encode()
        version = hashlib.sha256(what).hexdigest()[:16]
        return Keyed(cache, version, text[: KEY + 64], tuple(one for one in fallbacks if one))

    def _hash(self, cache: Cache) -> str:
        """Of the paths and the content of its files, whatever the order of the globs."""
        checkout, found = self._workspace.checkout, dict[str, str]()
        for pattern in cache.files:
            before = len(found)
            found.update(files.found(checkout, pattern))
            if len(found) == before:
                self._say(f"The cache's key is made from {pattern}, which matches no file.")
        digest = hashlib.sha256()
        for path, place in sorted(found.items()):
            digest.update(f"{path}\0".encode("utf-8", "surrogateescape"))
            try:
                with open_regular(place) as file:
                    while data := file.read(READ):
                        digest.update(hashlib.sha256(data).digest())
            except OSError:
                # A link, say: that it is there is all that counts.
                continue
        return digest.hexdigest()

    def _restore(self, keyed: Keyed) -> None:
        query = CacheQuery(keyed.version, keyed.key, keyed.fallbacks)
        found, began = self._archives.sink.find_cache(query), time.monotonic()
        if not found.url:
            self._say(f"There is no cache yet of {_named(keyed)}.")
            return
        try:
            problems = self._archives.unpacked(found).place(keyed.cache.paths)
        except Damaged:
            self._damaged.add((keyed.version, found.key))
            raise
        for problem in problems:
            self._say(f"Left out of the cache: {problem}")
        if found.key == keyed.key and not problems:
            self._restored.add((keyed.version, keyed.key))
        which = "" if found.key == keyed.key else ", of another key"
        took = time.monotonic() - began
        self._say(f"Restored {_named(keyed)}{which}: {size(found.size)} in {took:.1f} s.")

    def _store(self, keyed: Keyed) -> None:
        began = time.monotonic()
        packed = self._archives.pack(lambda packer: self._pack(keyed, packer))
        if not packed.members:
            return
        moving = keyed.moving or (keyed.version, keyed.key) in self._damaged
        why = self._archives.send(
            CacheOffer(keyed.version, keyed.key, packed.size, packed.sha256, moving)
        )
        if why:
            self._say(f"Not stored, because {why}: {_named(keyed)}.")
            return
        took = time.monotonic() - began
        what = f"{packed.members} files, {size(packed.content)}, as {size(packed.size)}"
        self._say(f"Stored {_named(keyed)}: {what} in {took:.1f} s.")

    def _pack(self, keyed: Keyed, packer: Packer) -> Packed:
        for path in dict.fromkeys(keyed.cache.paths):
            try:
                packer.add(path)
            except Unkept as error:
                self._say(f"{path} is not kept: {error}.")
        return packer.finish()


def _named(keyed: Keyed) -> str:
    paths = keyed.cache.paths
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"
