"""Which files are kept, in folders that may hold anything."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.ticket import Limits
from dishwasher.runner.artifacts import NOTES_KEPT, Collection

from tests.runner.server import LIMITS

FILES = (
    "report.html",
    "dist/a.whl",
    "dist/b.tar.gz",
    "dist/deep/c.whl",
    "reports/junit-1.xml",
    "reports/junit-12.xml",
    ".coverage",
    "[odd] name.txt",
    ".git/config",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "checkout"


def kept(checkout: Path, *globs: str, limits: Limits = LIMITS) -> tuple[list[str], Collection]:
    found = Collection(limits)
    for glob in globs:
        found.add_set(checkout, checkout, ArtifactSet((glob,)))
    return [file.artifact.path for file in found.files], found


@pytest.mark.parametrize(
    ("glob", "paths"),
    [
        ("report.html", ["report.html"]),
        ("./report.html", ["report.html"]),
        ("dist", ["dist/a.whl", "dist/b.tar.gz", "dist/deep/c.whl"]),
        ("dist/", ["dist/a.whl", "dist/b.tar.gz", "dist/deep/c.whl"]),
        ("dist/*.whl", ["dist/a.whl"]),
        ("dist/**/*.whl", ["dist/a.whl", "dist/deep/c.whl"]),
        ("**/*.whl", ["dist/a.whl", "dist/deep/c.whl"]),
        ("dist/**", ["dist/a.whl", "dist/b.tar.gz", "dist/deep/c.whl"]),
        ("di*", ["dist/a.whl", "dist/b.tar.gz", "dist/deep/c.whl"]),
        ("reports/junit-?.xml", ["reports/junit-1.xml"]),
        ("reports/junit-[0-9].xml", ["reports/junit-1.xml"]),
        ("reports/junit-[!0-9].xml", []),
        ("*/deep/*", ["dist/deep/c.whl"]),
        (".cov*", [".coverage"]),
        ("[[]odd] name.txt", ["[odd] name.txt"]),
        ("[odd", []),
        ("report.html/x", []),
        ("**/config", []),
    ],
)
def test_globs(checkout: Path, glob: str, paths: list[str]) -> None:
    found, collection = kept(checkout, glob)
    assert found == paths
    expected = () if paths else (f"Artifact left out: {glob}: matches no file",)
    assert collection.notes == expected


@pytest.mark.parametrize("glob", ["/etc/passwd", "../x", "dist/../../x", "", ".", "/"])
def test_globs_that_lead_out_are_refused(checkout: Path, glob: str) -> None:
    found, collection = kept(checkout, glob)
    assert found == []
    assert "relative to the checkout" in collection.notes[0]


def test_size_and_digest(checkout: Path) -> None:
    _, collection = kept(checkout, "report.html")
    (file,) = collection.files
    assert file.artifact.size == len("report.html")
    assert file.artifact.sha256 == sha256(b"report.html").hexdigest()


def test_only_regular_files_inside_are_kept(checkout: Path, tmp_path: Path) -> None:
    """Cases 15 and 27."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("canary")
    (checkout / "out").mkdir()
    (checkout / "out/link").symlink_to(outside / "secret")
    (checkout / "out/folder").symlink_to(outside)
    (checkout / "out/environ").symlink_to("/proc/self/environ")
    (checkout / "out/loop").symlink_to(".")
    (checkout / "out/broken").symlink_to("nowhere")
    os.mkfifo(checkout / "out/fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(checkout / "out/socket"))
    (checkout / "out/file").write_text("fine")
    (checkout / "moved").symlink_to(outside)
    found, collection = kept(
        checkout, "out", "moved/*", "moved", "moved/secret", "out/folder/secret"
    )
    assert found == ["out/file"]
    assert len(collection.notes) == 7 + 4
    assert "Artifact left out: out/fifo: it is not a regular file" in collection.notes


def test_the_artifact_folder_may_be_gone_or_a_link(tmp_path: Path, checkout: Path) -> None:
    collection = Collection(LIMITS)
    collection.add_folder(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(checkout)
    collection.add_folder(tmp_path / "link")
    assert (collection.files, collection.notes) == ((), ())


def test_a_path_is_kept_once(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "artifacts"
    (folder / "dist").mkdir(parents=True)
    (folder / "dist/a.whl").write_text("another")
    collection = Collection(LIMITS)
    collection.add_folder(folder)
    collection.add_set(checkout, checkout, ArtifactSet(("dist/*.whl",)))
    collection.add_set(checkout, checkout, ArtifactSet(("dist/b*",)))
    assert [file.artifact.path for file in collection.files] == ["dist/a.whl", "dist/b.tar.gz"]
    assert collection.notes == (
        "Artifact left out: dist/a.whl: another file has this path already",
    )


def test_the_limits_are_kept_and_told(checkout: Path) -> None:
    """Case 28."""
    found, collection = kept(checkout, "dist", limits=replace(LIMITS, artifact_files=2))
    assert found == ["dist/a.whl", "dist/b.tar.gz"]
    assert collection.notes == ("Artifact left out: dist/deep/c.whl: the limit is 2 files",)
    found, collection = kept(checkout, "dist", limits=replace(LIMITS, artifact_bytes=25))
    assert found == ["dist/a.whl", "dist/b.tar.gz"]
    assert "the limit is 25 bytes in all" in collection.notes[0]
    many = checkout / "many"
    many.mkdir()
    for number in range(NOTES_KEPT + 5):
        (many / f"{number:02}").touch()
    _, collection = kept(checkout, "many", limits=replace(LIMITS, artifact_files=0))
    assert len(collection.notes) == NOTES_KEPT + 1
    assert collection.notes[-1] == "… and 5 more artifacts left out."


def test_names_may_be_anything(checkout: Path) -> None:
    (checkout / "odd").mkdir()
    (checkout / "odd" / ("x" * 255)).write_text("long")
    (checkout / "odd/new\nline").write_text("newline")
    with open(os.fsencode(checkout) + b"/odd/caf\xe9", "wb"):
        pass
    found, collection = kept(checkout, "odd")
    assert found == ["odd/new\nline", f"odd/{'x' * 255}"]
    assert collection.notes == ("Artifact left out: odd/caf?: its name is not valid UTF-8",)
