"""The exact commit in a folder, from what this machine has fetched before where that helps.

A mirror is never needed: with whatever is wrong with it, the commit comes from its server.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError
from dishwasher.runner.checkout import (
    DENIED,
    FETCH,
    MISSING,
    Checkout,
    git_environment,
    skeleton,
    wanted,
)
from dishwasher.runner.command import Commands
from dishwasher.runner.mirror import COMMIT, Busy, Damaged, Mirror, Mirrors
from dishwasher.runner.stop import Stopped

WAIT_SECONDS = 120.0
"""For another runner that fetches into the same mirror; after that two fetch the same."""
LOOK_SECONDS = 0.05

REMOTE = re.compile(
    r"unable to access 'http|RPC failed|returned error: \d|Could not resolve|hung up|early EOF"
    r"|unexpected disconnect|timed out|Connection (?:reset|refused)",
    re.I,
)
"""Words of git that are about its server or the way there."""

FULL = re.compile(r"No space left|Disk quota exceeded", re.I)


class Full(Exception):
    """There is no room for a mirror."""


class MirroredCheckout(Checkout):
    """`mirror` is the one for this repository, this trust and this need of a history."""

    def __init__(
        self,
        commands: Commands,
        folder: Path,
        environment: Mapping[str, str],
        sleep: Callable[[float], None],
        mirrors: Mirrors,
        mirror: Mirror,
        say: Callable[[str], None],
        wait: float = WAIT_SECONDS,
    ) -> None:
        super().__init__(commands, folder, environment, sleep)
        self._mirrors, self._mirror, self._say = mirrors, mirror, say
        self._wait = wait

    def _obtain(self, source: Source, environment: Mapping[str, str]) -> str:
        try:
            if self._from_mirror(source):
                return ""
            why = "its server has to say why"
        except Busy:
            why = f"another runner has had it for {self._wait:g} s"
        except Full:
            why = "the disk has little room left, so that all mirrors go"
        except (Damaged, OSError, InfraError) as error:
            self._throw_away()
            why = f"{error}; it is thrown away"
        self._say(f"Not by the mirror on this machine: {why}")
        _empty(self._folder)
        return super()._obtain(source, environment)

    def _from_mirror(self, source: Source) -> bool:
        # Of single commits a checkout reads all that is in it, and finds what a power cut has done.
        lasting = self._mirror.history
        environment = git_environment(self._environment, source, lasting=lasting)
        shas = wanted(source)
        if not self._copied(source, shas):
            if not self._mirrors.has_room:
                self._mirrors.prune(time.time())
                raise Full
            with self._locked(fcntl.LOCK_EX):
                there = self._mirror.holds(shas) or self._fill(source, shas, environment)
            if not there or not self._copied(source, shas):
                return False
            self._mirrors.prune(time.time())
        else:
            self._say("All of it is on this machine already")
        self._write_files(source.sha, environment)
        return True

    def _copied(self, source: Source, shas: list[str]) -> bool:
        """Several runners may do so at once."""
        with self._locked(fcntl.LOCK_SH):
            if not self._mirror.holds(shas):
                return False
            git = self._folder / ".git"
            skeleton(git, source)
            self._mirror.copy(git, shas)
            self._mirror.used()
            return True

    def _fill(self, source: Source, shas: list[str], environment: Mapping[str, str]) -> bool:
        """Fetch what is missing; what is wrong with the mirror is mended by a new one."""
        mirror = self._mirror
        if mirror.is_worn:
            mirror.discard()
        argv = [*FETCH, *self._depth, "--", source.url, *(f"{sha}:{COMMIT}/{sha}" for sha in shas)]
        for _ in range(2):
            mirror.open(source)
            if mirror.is_scattered:
                self._git(environment, "repack", "-q", "-d", "--geometric=2", place=mirror.place)
            code, said = self._git(environment, *argv, place=mirror.place)
            if not code:
                mirror.doubt(again=False)
                return True
            if MISSING.search(said) or DENIED.search(said):
                return False
            if REMOTE.search(said) and not mirror.doubt(again=True):
                return False
            mirror.discard()
            if FULL.search(said):
                raise Full
            self._say("The mirror on this machine is damaged: it is made anew")
        return False

    def _throw_away(self) -> None:
        with suppress(Busy), self._mirror.locked(fcntl.LOCK_EX, lambda: False):
            self._mirror.discard()

    @contextmanager
    def _locked(self, mode: int) -> Iterator[None]:
        until = time.monotonic() + self._wait

        def wait() -> bool:
            if self._commands.is_over():
                raise Stopped
            self._sleep(LOOK_SECONDS)
            return time.monotonic() < until

        with self._mirror.locked(mode, wait):
            yield


def _empty(folder: Path) -> None:
    for place in folder.iterdir():
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
