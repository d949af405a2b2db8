"""The runner's code as one object of the bucket, for machines that have Python and nothing of ours.

So that they run the very version that their ticket comes from, whatever image they begin with.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import sys
import tarfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import faults
from dishwasher.aws.objects import Objects

PARTS = ("__init__.py", "errors.py", "core", "checks", "runner")
"""Of the package: what a runner imports. The rest of it has nothing to seek where jobs run."""
LIBRARIES = ("regex", "zstandard")
PROGRAM = "typos"
SECONDS = 3600
"""How long a URL opens it: longer than any queue that a machine stands in."""


class RunnerArchive:
    """Actions, on its objects: s3:GetObject, s3:PutObject; on the bucket: s3:ListBucket."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients, self._objects = clients, Objects(clients, bucket)

    def url(self) -> str:
        """Where a runner finds a gzipped tar of it, without anybody's rights."""
        words = {"Bucket": self._objects.bucket, "Key": self._key}
        with faults(f"can not sign for {self._key}"):
            return self._clients.s3.generate_presigned_url(
                "get_object", Params=words, ExpiresIn=SECONDS
            )

    @cached_property
    def _key(self) -> str:
        """Of the object, which is there when this is known. Named after what is in it, so that it
        is stored once for each version."""
        found = tuple(files())
        key = f"runner/{_digest(found)}.tar.gz"
        if self._objects.head(key) is None:
            self._objects.put(key, _packed(found))
        return key


def files() -> Iterator[tuple[str, Path]]:
    """(name in the archive, file)"""
    for name in PARTS:
        yield from _below(f"dishwasher/{name}", _home("dishwasher") / name)
    for name in LIBRARIES:
        yield from _below(name, _home(name))
    for folder in (_home("dishwasher").parent / "bin", Path(sys.executable).parent):
        if (folder / PROGRAM).is_file():
            yield f"bin/{PROGRAM}", folder / PROGRAM
            return


def _home(package: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _below(name: str, place: Path) -> Iterator[tuple[str, Path]]:
    if place.is_file():
        yield name, place
        return
    for path in sorted(place.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{name}/{path.relative_to(place)}", path


def _digest(found: tuple[tuple[str, Path], ...]) -> str:
    digest = hashlib.sha256()
    for name, path in found:
        data = path.read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def _packed(found: tuple[tuple[str, Path], ...]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, path in found:
            archive.add(path, name, recursive=False)
    return buffer.getvalue()
