"""An archive of a cache → the folders of a job, all of it or nothing, and never outside of them."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from tarfile import TarInfo
from typing import Any, BinaryIO, cast

from dishwasher.runner import files, links
from dishwasher.runner.pack import ABOUT, split
from dishwasher.runner.tar import PIECE, Bounds, Damaged, Reader
from dishwasher.runner.tree import Tree

WINDOW = 8 * 1024 * 1024
"""Bytes that zstd may look back, which is the memory that an archive may ask for."""


class Unpacker:
    """Unpacks into `staging`, a new folder, and moves what is whole to its place.

    `alive()` is asked for each file and raises where there is no time.
    """

    def __init__(
        self,
        roots: Mapping[str, Path],
        own: Path,
        staging: Path,
        bounds: Bounds,
        alive: Callable[[], None],
    ) -> None:
        """`roots`: as for a Packer. `own`: the job's folder, where no interpreter is trusted."""
        self._roots, self._own, self._alive = roots, own, alive
        self._staging, self._tree = staging, Tree(staging)
        self._left, self._members = bounds.content, bounds.members
        self._about: dict[str, Any] = {}

    def read(self, file: BinaryIO) -> None:
        """Raises Damaged for an archive that is none, or that no honest runner has made."""
        import zstandard

        self._staging.mkdir(mode=0o700)
        decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW)
        try:
            with decompressor.stream_reader(file, closefd=False) as stream:
                # A header is 512 bytes, and each call into zstd costs more than they do.
                reader = Reader(io.BufferedReader(cast(io.RawIOBase, stream), PIECE))
                for info in reader:
                    self._alive()
                    self._member(info, reader)
        except zstandard.ZstdError as error:
            raise Damaged(str(error)) from error
        if not self._about:
            raise Damaged("it does not say what it is")

    @property
    def made(self) -> dict[str, str]:
        """What the archive says of how it came about: anything at all."""
        made = self._about.get("made")
        made = made if isinstance(made, dict) else {}
        return {str(name): str(text) for name, text in made.items()}

    def place(self, paths: tuple[str, ...]) -> list[str]:
        """Move what these paths stand for to the job; what is there already stays.

        Answers what was left out, and why. A cache never changes what the commit holds.
        """
        problems = self.mend()
        for path in dict.fromkeys(paths):
            root, parts = split(path)
            for found in files.matching(self._staging / root, parts):
                problems += [f"{path}: {problem}" for problem in self.move(root, found)]
        return problems

    def move(self, root: str, path: str) -> list[str]:
        """One file or folder to its place; what is wrong with that."""
        place = self._staging / root / path
        if not os.path.lexists(place):
            return []
        problem = _merge(place, self._roots[root], path)
        return [problem] if problem else []

    def has(self, root: str, path: str) -> bool:
        """Whether a folder is there, and not left out by `mend`."""
        return (self._staging / root / path).is_dir()

    def folders(self, root: str, names: Collection[str]) -> list[str]:
        """Paths below a root of the folders with one of these names, none within another."""
        tops: list[str] = []
        for name in sorted(self._tree.folders):
            top, _, path = name.partition("/")
            if top != root:
                continue
            inside = tops and path.startswith(f"{tops[-1]}/")
            if path.rpartition("/")[2] in names and not inside:
                tops.append(path)
        return tops

    def mend(self) -> list[str]:
        """Virtual environments: their interpreter and their paths; without one they go."""
        try:
            return self._mend()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Damaged("what it says of itself makes no sense") from error

    def _mend(self) -> list[str]:
        old, roots = self._about.get("roots", {}), self._roots
        moved = {str(old[name]): str(folder) for name, folder in roots.items() if name in old}
        problems = []
        for told in self._about.get("virtualenvs", ()):
            name = str(told["folder"])
            if f"{name}/bin" not in self._tree.folders:
                raise Damaged(f"{name} is no virtual environment")
            folder = self._staging / name
            pythons = {str(base): str(target) for base, target in told["pythons"]}
            problem = links.restore_pythons(folder, pythons, self._own)
            if problem:
                shutil.rmtree(folder)
                problems.append(f"{name.partition('/')[2] or name}: {problem}")
            else:
                links.move(folder, moved)
        return problems

    def _member(self, info: TarInfo, reader: Reader) -> None:
        self._members -= 1
        self._left -= info.size
        if self._members < 0 or self._left < 0:
            raise Damaged("it is too much when unpacked")
        if info.name == ABOUT:
            self._about = _about(reader, info.size)
            return
        parts = info.name.split("/")
        if parts[0] not in self._roots or len(parts) < 2 or not {"", ".", ".."}.isdisjoint(parts):
            raise Damaged(f"{info.name!r} is no path of a cache")
        if "\0" in info.name + info.linkname:
            raise Damaged("a name holds a NUL")
        if info.type == tarfile.SYMTYPE and not links.stays(info.name, info.linkname):
            raise Damaged(f"{info.name!r} is a link to {info.linkname!r}, which leads out")
        self._tree.add(info, info.name, info.mode & 0o777, reader)


def _about(reader: Reader, size: int) -> dict[str, Any]:
    if size > links.TEXT:
        raise Damaged("what it says of itself is too long")
    try:
        about = json.loads(b"".join(reader.content()))
    except (ValueError, RecursionError) as error:
        raise Damaged("what it says of itself can not be read") from error
    if not isinstance(about, dict):
        raise Damaged("what it says of itself can not be read")
    return about


def _merge(place: Path, root: Path, path: str) -> str:
    """Move one file or folder below the root; else why not."""
    target = root
    *parents, _ = path.split("/")
    for name in parents:
        target = target / name
        if not files.is_folder(target):
            if os.path.lexists(target):
                return f"{target.relative_to(root)} is there and is no folder"
            target.mkdir()
    _move(place, root / path)
    return ""


def _move(place: Path, target: Path) -> None:
    if not os.path.lexists(target):
        os.rename(place, target)
    elif files.is_folder(place) and files.is_folder(target):
        for name in os.listdir(place):
            _move(place / name, target / name)
