"""Which files are kept, in folders that may hold anything."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from dishwasher.core.machine import Machine, Variable
from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.result import Artifact
from dishwasher.core.step import Shell
from dishwasher.core.ticket import Limits, Upload
from dishwasher.errors import InfraError
from dishwasher.runner.artifacts import NOTES_KEPT, Collection, send
from dishwasher.runner.sink import Sink

from tests.runner.job import Jobs, phase
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


def test_a_million_files_take_no_memory(checkout: Path) -> None:
    """Case 28."""
    collection = Collection(replace(LIMITS, artifact_files=0))
    many = checkout / "many"
    many.mkdir()
    for number in range(2000):
        (many / str(number)).touch()
    for _ in range(50):
        collection.add_folder(many)
    assert len(collection._skipped) == NOTES_KEPT
    assert collection.notes[-1] == f"… and {100_000 - NOTES_KEPT} more artifacts left out."


def test_names_that_differ_in_case_are_two_files(checkout: Path) -> None:
    """Case 28."""
    for name in ("out/Read.me", "out/read.me", "OUT/read.me"):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text(name)
    found, collection = kept(checkout, "out", "OUT")
    assert found == ["out/Read.me", "out/read.me", "OUT/read.me"]
    assert len({file.artifact.sha256 for file in collection.files}) == 3


def test_a_path_may_be_long_and_not_longer_than_a_key(checkout: Path) -> None:
    """Case 28."""
    long = "/".join(["out", "n" * 150, "é" * 75, "x" * 255])
    longer = "/".join(["out", *["y" * 250] * 4])
    for path in (long, longer):
        (checkout / path).parent.mkdir(parents=True)
        (checkout / path).write_text("x")
    found, collection = kept(checkout, "out")
    assert found == [long]
    assert "its path is longer than 900 bytes" in collection.notes[0]


class Gathering:
    """A sink that keeps what it is sent, in pieces of a few bytes."""

    def __init__(self) -> None:
        self.sent: dict[str, bytes] = {}

    def uploads(self, artifacts: tuple[Artifact, ...]) -> tuple[Upload, ...]:
        return tuple(Upload(one.path, f"https://files.invalid/{one.path}") for one in artifacts)

    def put(self, upload: Upload, file: BinaryIO, size: int) -> None:
        for _ in range(2):
            # As when the first try fails.
            file.seek(0)
            self.sent[upload.path] = b"".join(iter(lambda: file.read(5), b""))
        assert len(self.sent[upload.path]) == size


def test_what_was_hashed_is_sent_of_a_file_that_grows(checkout: Path) -> None:
    """Case 28."""
    found, collection = kept(checkout, "report.html")
    with (checkout / "report.html").open("a") as file:
        file.write("more and more")
    sink = Gathering()
    send(cast(Sink, sink), collection.files)
    (kept_one,) = collection.files
    assert found == ["report.html"]
    assert sink.sent == {"report.html": b"report.html"}
    assert kept_one.artifact.sha256 == sha256(sink.sent["report.html"]).hexdigest()


def test_a_file_that_shrinks_is_told_and_not_waited_for(checkout: Path) -> None:
    """Case 28."""
    _, collection = kept(checkout, "report.html")
    (checkout / "report.html").write_text("less")
    with pytest.raises(InfraError, match="became shorter while it was sent"):
        send(cast(Sink, Gathering()), collection.files)


def test_a_file_that_grows_for_ever_is_read_once(checkout: Path) -> None:
    """Case 28: as long as it was when it was opened."""
    place = checkout / "endless"
    place.write_bytes(b"x" * 3_000_000)
    stop = threading.Event()

    def grow() -> None:
        with place.open("ab") as file:
            while not stop.is_set():
                file.write(b"y" * 1_000_000)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        _, collection = kept(checkout, "endless", limits=replace(LIMITS, artifact_bytes=10**12))
    finally:
        stop.set()
        writer.join()
    (file,) = collection.files
    content = place.read_bytes()[: file.artifact.size]
    assert sha256(content).hexdigest() == file.artifact.sha256


def sets(checkout: Path, *wanted: ArtifactSet) -> tuple[list[str], tuple[str, ...]]:
    home = checkout.parent / "home"
    collection = Collection(LIMITS)
    for one in wanted:
        collection.add_set(checkout, home, one)
    return [file.artifact.path for file in collection.files], collection.notes


def test_files_count_from_their_base_which_is_not_part_of_their_path(checkout: Path) -> None:
    assert sets(checkout, ArtifactSet(("**/*",), base="dist/deep")) == (["c.whl"], ())
    assert sets(checkout, ArtifactSet(("**/*",), base=".", exclude=("**/*.whl", "reports"))) == (
        [".coverage", "[odd] name.txt", "report.html", "dist/b.tar.gz"],
        (),
    )


def test_a_base_may_be_a_glob(checkout: Path) -> None:
    for name in ("app-1", "app-2"):
        (checkout / "target" / name).mkdir(parents=True)
        (checkout / "target" / name / f"{name}.jar").touch()
    assert sets(checkout, ArtifactSet(("*.jar",), base="target/app-*"))[0] == [
        "app-1.jar",
        "app-2.jar",
    ]
    assert sets(checkout, ArtifactSet(("*",), base="nowhere/*"))[1] == (
        "Artifact left out: nowhere/*: is no folder of the checkout",
    )


def test_a_base_does_not_lead_out_or_through_a_link(checkout: Path, tmp_path: Path) -> None:
    (checkout / "link").symlink_to(tmp_path)
    for base in ("..", "/etc", "link", "link/checkout", "dist/../.."):
        assert sets(checkout, ArtifactSet(("*",), base=base))[0] == []


def test_flat_keeps_names_only_and_tells_of_two_alike(checkout: Path) -> None:
    (checkout / "dist/deep/a.whl").touch()
    assert sets(checkout, ArtifactSet(("dist/**/*.whl",), flat=True)) == (
        ["a.whl", "c.whl"],
        ("Artifact left out: a.whl: another file has this path already",),
    )


def test_a_name_is_a_folder_of_its_own(checkout: Path) -> None:
    wanted = ArtifactSet(("report.html",), name="site/v1")
    assert sets(checkout, wanted, ArtifactSet(("report.html",)))[0] == [
        "site/v1/report.html",
        "report.html",
    ]
    assert sets(checkout, ArtifactSet(("report.html",), name="../up"))[0] == ["report.html"]


def test_links_are_kept_where_asked_for_and_when_they_stay_inside(checkout: Path) -> None:
    (checkout / "dist/latest.whl").symlink_to("a.whl")
    (checkout / "dist/passwd").symlink_to("/etc/passwd")
    (checkout / "dist/up").symlink_to("../report.html")
    assert "dist/latest.whl" not in sets(checkout, ArtifactSet(("dist",)))[0]
    found, notes = sets(checkout, ArtifactSet(("dist/latest.whl", "dist/passwd"), symlinks=True))
    assert found == ["dist/latest.whl"]
    assert notes == ("Artifact left out: dist/passwd: it is not a regular file",)
    assert sets(checkout, ArtifactSet(("*",), base="dist", symlinks=True))[0] == [
        "a.whl",
        "b.tar.gz",
        "latest.whl",
        "deep/c.whl",
    ]


def test_a_path_may_begin_in_the_jobs_home(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "home/logs").mkdir(parents=True)
    (tmp_path / "home/logs/a.log").touch()
    assert sets(checkout, ArtifactSet(("~/logs",)))[0] == ["logs/a.log"]
    assert sets(checkout, ArtifactSet(("*.log",), base="~/logs"))[0] == ["a.log"]
    assert sets(checkout, ArtifactSet(("~/../checkout/*",)))[0] == []


def test_braces_are_either(checkout: Path) -> None:
    assert kept(checkout, "dist/{a,b}.{whl,tar.gz}")[0] == ["dist/a.whl", "dist/b.tar.gz"]
    many = "{0,1}" * 12
    assert kept(checkout, many)[1].notes == (f"Artifact left out: {many}: matches no file",)


def test_sets_of_a_job_depend_on_how_it_went(job: Jobs) -> None:
    made = phase("build", "mkdir out; touch out/a; false")
    sure, green, later = (
        ArtifactSet(("out",)),
        ArtifactSet(("out",), name="green", always=False),
        ArtifactSet(("out",), name="later", after="post"),
    )
    done = job(made, phase("post"), artifacts=(sure, green, later))
    assert list(done.artifacts) == ["out/a"]
    assert done.notes[-2:] == [
        "Artifact left out: out: kept only when the job succeeds",
        "Artifact left out: out: the job did not come to post",
    ]
    fine = job(phase("build", "mkdir out; touch out/a"), phase("post"), artifacts=(green, later))
    assert list(fine.artifacts) == ["green/out/a", "later/out/a"]


@pytest.mark.parametrize("shell", [Shell.EACH, Shell.ONE])
def test_a_name_may_be_what_the_shell_makes_of_it(job: Jobs, shell: Shell) -> None:
    wanted = ArtifactSet(("*",), name="app-$V-$(echo x)", base="$DIR", evaluated=True)
    machine = Machine(environment=(Variable("V", "2"), Variable("DIR", "out")))
    done = job(
        phase("build", "mkdir out; touch out/a"), shell=shell, machine=machine, artifacts=(wanted,)
    )
    assert list(done.artifacts) == ["app-2-x/a"]
