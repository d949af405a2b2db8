"""What this machine has fetched of a repository before, so that only what is new comes by network.

Each repository has a bare one here, by its number and never by its name; one for jobs of trusted
commits and one for others, which no job of the other kind is served from; one of single commits
and one of whole histories, so that a job that wants one commit copies little. Only runners write
here, before a job's first command, and jobs get copies: no link leads back.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.environment import MIRROR_GB, MIRRORS
from dishwasher.core.ticket import GIBIBYTE, Source
from dishwasher.runner.checkout import skeleton

GIGABYTES = 10.0
"""Room for all mirrors of a machine, unless it is set."""
UNUSED = 14 * 24 * 3600.0
"""Seconds after which a mirror goes that nobody has asked for."""
SPARE = 2 * GIBIBYTE
"""Bytes that a disk has left when mirrors give way to what jobs write."""
PACKS = 50
"""Each fetch brings one, and git looks into each of them for every object."""
COMMITS = 32
"""That the next fetch is told of: it brings what differs from the nearest of them."""
GROWTH, SLACK = 2, 8 * 1024**2
"""A mirror of single commits is worn when it is that many times its largest pack, and bytes."""
PIECE = 64 * 1024**2
COMMIT = "refs/commits"
GONE = ".gone"
_TRAILER = {40: 20, 64: 32}
"""Bytes of a checksum at the end of a pack, by the length of the names of its objects:
https://git-scm.com/docs/gitformat-pack"""


class Busy(Exception):
    """Another runner has it for longer than this one waits."""


class Damaged(Exception):
    """It does not hold what it says; it has to go."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """One bare repository; `place` need not be there."""

    place: Path
    history: bool

    @contextmanager
    def locked(self, mode: int, wait: Callable[[], bool]) -> Iterator[None]:
        """With `fcntl.LOCK_SH` or `LOCK_EX`; raises Busy when `wait` answers that it is enough.

        The kernel lets go of it when the process ends, however it does.
        """
        self.place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(f"{self.place}.lock", flags, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not wait():
                        raise Busy from None
            yield
        finally:
            os.close(descriptor)

    def holds(self, shas: list[str]) -> bool:
        return all((self.place / COMMIT / sha).is_file() for sha in shas)

    def open(self, source: Source) -> None:
        """Make it, or mend what a job without walls could have written into its settings."""
        self.place.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(self.place / "hooks", ignore_errors=True)
        skeleton(self.place, source, bare=True)
        for left in self._packs.glob("tmp_*"):
            # Of a fetch that was killed: nobody else is in here.
            left.unlink()

    @property
    def is_worn(self) -> bool:
        """Whether a new one serves better than one more fetch into this one."""
        sizes = [pack.stat().st_size for pack in self._packs.glob("*.pack")]
        if self.history or not sizes:
            return False
        return len(sizes) > PACKS or sum(sizes) > GROWTH * max(sizes) + SLACK

    @property
    def is_scattered(self) -> bool:
        """Whether a history is in too many packs; to fetch it anew takes longer than to pack it."""
        return self.history and len(list(self._packs.glob("*.pack"))) > PACKS

    def copy(self, git: Path, shas: list[str]) -> None:
        """All its objects into a checkout's `.git`; raises Damaged or OSError."""
        target = git / "objects" / "pack"
        target.mkdir(parents=True)
        length = _TRAILER[len(shas[0])]
        for index in sorted(self._packs.glob("*.idx")):
            pack = index.with_suffix(".pack")
            if not _fit(pack, index, length):
                raise Damaged(f"{pack.name} is not whole")
            for place in (pack, index):
                _copy(place, target / place.name)
        cut = self.place / "shallow"
        known = set(cut.read_text().split()) if cut.exists() else set()
        if self.history and known:
            raise Damaged("a history is cut off")
        shallow = [sha for sha in shas if sha in known]
        if shallow:
            (git / "shallow").write_text("".join(f"{sha}\n" for sha in shallow))

    def used(self) -> None:
        """Note that it serves, and forget the commits that nobody has fetched for longest."""
        with suppress(FileNotFoundError):
            os.utime(self.place)
            commits = sorted((self.place / COMMIT).iterdir(), key=lambda ref: ref.stat().st_mtime)
            for ref in commits[:-COMMITS]:
                ref.unlink()

    def doubt(self, again: bool) -> bool:
        """Note whether a fetch failed for what may be the server's fault; True at the second."""
        mark = self.place / "doubt"
        if again and mark.exists():
            return True
        if again:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
        return False

    def discard(self) -> None:
        """Under its lock; what is half removed has another name already."""
        gone = self.place.with_name(f"{self.place.name}{GONE}")
        shutil.rmtree(gone, ignore_errors=True)
        with suppress(FileNotFoundError):
            os.rename(self.place, gone)
        shutil.rmtree(gone, ignore_errors=True)

    @property
    def size(self) -> int:
        """Bytes."""
        sizes = 0
        for place in (*self._packs.glob("*"), *self.place.glob("objects/??/*")):
            with suppress(FileNotFoundError):
                sizes += place.stat().st_size
        return sizes

    @property
    def _packs(self) -> Path:
        return self.place / "objects" / "pack"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """All of this machine; `limit` and `spare` in bytes."""

    folder: Path
    limit: int
    spare: int = SPARE

    def of(self, repository: int, trusted: bool, history: bool) -> Mirror:
        kind = "history" if history else "commits"
        side = "trusted" if trusted else "untrusted"
        return Mirror(self.folder / side / f"{repository}-{kind}", history)

    @property
    def has_room(self) -> bool:
        """Whether the disk can take one more."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free >= self.spare

    def prune(self, now: float) -> None:
        """Remove what nobody has used for long, and the least recently used where room ends."""
        found = []
        for place in self.folder.glob("*/*-*"):
            if place.suffix == GONE:
                shutil.rmtree(place, ignore_errors=True)
            elif place.suffix != ".lock":
                mirror = Mirror(place, place.name.endswith("-history"))
                with suppress(FileNotFoundError):
                    found.append((place.stat().st_mtime, mirror.size, mirror))
        left = sum(size for _, size, _ in found)
        limit = self.limit if self.has_room else 0
        for used, size, mirror in sorted(found, key=lambda one: one[0]):
            if left <= limit and used > now - UNUSED:
                continue
            # Whoever has it now will come by here, too.
            with suppress(Busy), mirror.locked(fcntl.LOCK_EX, lambda: False):
                mirror.discard()
                left -= size


def mirrors(host: Mapping[str, str]) -> Mirrors | None:
    """Those that the server tells its runners of; None on other machines."""
    folder, text = host.get(MIRRORS, ""), host.get(MIRROR_GB, "")
    if not folder:
        return None
    try:
        room = float(text or GIGABYTES)
    except ValueError:
        room = GIGABYTES
    fine = 0 < room < float("inf")
    return Mirrors(Path(folder), int(room * GIBIBYTE)) if fine else None


def _fit(pack: Path, index: Path, length: int) -> bool:
    """Whether a pack ends with the checksum that its index has of it."""
    try:
        with pack.open("rb") as file:
            file.seek(-length, os.SEEK_END)
            ours = file.read()
        with index.open("rb") as file:
            file.seek(-2 * length, os.SEEK_END)
            return file.read(length) == ours
    except OSError:
        return False


def _copy(place: Path, target: Path) -> None:
    """By the kernel, which shares the blocks until one side writes, where a file system can."""
    with place.open("rb") as source, target.open("xb") as copy:
        try:
            while os.copy_file_range(source.fileno(), copy.fileno(), PIECE):
                pass
        except OSError:
            # Between two file systems, or on one that can not do it.
            for file in (source, copy):
                file.seek(0)
            copy.truncate()
            shutil.copyfileobj(source, copy, PIECE)
        os.fchmod(copy.fileno(), 0o444)
