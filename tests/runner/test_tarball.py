"""Tarballs of commits, by git itself and by those who mean harm."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from dishwasher.runner import tar
from dishwasher.runner.tar import Damaged
from dishwasher.runner.tarball import Tarball

from tests.runner.forge import Forge
from tests.runner.test_tar import member

SHA = "5" * 40
TOP = "acme-site-5555555"


def pax(name: str, value: str, kind: bytes) -> bytes:
    text = f" {name}={value}\n".encode()
    # The length counts itself: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
    return member("pax_header", b"%d" % (len(text) + 2) + text, type=kind)


def comment(sha: str) -> bytes:
    return pax("comment", sha, tarfile.XGLTYPE)


def packed(*members: bytes, sha: str = SHA) -> bytes:
    head = comment(sha) if sha else b""
    return gzip.compress(head + b"".join(members) + tar.END, 1)


def unpack(
    folder: Path, data: bytes, sha: str = SHA, alive: Callable[[], None] = lambda: None
) -> tuple[str, ...]:
    folder.mkdir(exist_ok=True)
    return Tarball(folder, alive).read(io.BytesIO(data), sha, len(data))


def link(name: str, target: str) -> bytes:
    return member(f"{TOP}/{name}", type=tarfile.SYMTYPE, linkname=target)


def found(folder: Path) -> Mapping[str, str]:
    return {
        str(place.relative_to(folder)): os.readlink(place)
        if place.is_symlink()
        else place.read_text()
        for place in sorted(folder.rglob("*"))
        if place.is_symlink() or place.is_file()
    }


def test_what_git_makes_becomes_the_files_of_the_commit(tmp_path: Path, forge: Forge) -> None:
    root = forge.folder / "site"
    long = "n" * 120 + "/" + "é" * 60
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("README")
    sha = forge.commit({long: "deep\n", "empty": "", " odd \n name": "odd\n"})
    archive = tmp_path / "a.tar.gz"
    forge.git("archive", "--format=tar.gz", f"--prefix={TOP}/", f"--output={archive}", sha)
    with archive.open("rb") as file:
        assert Tarball(fresh(tmp_path / "out"), lambda: None).read(file, sha, 10_000) == ()
    told = {"README": "hello\n", "run.sh": "#!/bin/sh\n", "link": "README"}
    assert found(tmp_path / "out") == {**told, long: "deep\n", "empty": "", " odd \n name": "odd\n"}
    modes = {name: stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in told}
    assert modes == {"README": 0o644, "run.sh": 0o755, "link": 0o644}
    assert not (tmp_path / "out/.git").exists()


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("said", ["", "6" * 40, "5" * 39, "main"])
def test_it_has_to_be_of_the_commit_that_was_asked_for(tmp_path: Path, said: str) -> None:
    with pytest.raises(Damaged, match="was asked for"):
        unpack(tmp_path / "out", packed(member(f"{TOP}/a", b"x"), sha=said))
    with pytest.raises(Damaged, match="was asked for"):
        unpack(tmp_path / "none", packed(sha=said))
    assert found(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        (member("/etc/evil", b"x"), "no path"),
        (member("../evil", b"x"), "no path"),
        (member(f"{TOP}/../../evil", b"x"), "no path"),
        (member(f"{TOP}/a/../../../evil", b"x"), "no path"),
        (member(f"{TOP}//evil", b"x"), "no path"),
        (member(f"{TOP}/./evil", b"x"), "no path"),
        (member("other/evil", b"x"), "no path"),
        (member(TOP, b"x"), "no folder"),
        (member(TOP, type=tarfile.SYMTYPE, linkname="/etc"), "no folder"),
        (member(f"{TOP}/.git/config", b"[core]"), "no commit holds"),
        (member(f"{TOP}/sub/.GIT", b"gitdir: /"), "no commit holds"),
        (link(".git", "../elsewhere"), "no commit holds"),
        (member(f"{TOP}/dev", type=tarfile.CHRTYPE), "neither a file"),
        (member(f"{TOP}/disk", type=tarfile.BLKTYPE), "neither a file"),
        (member(f"{TOP}/pipe", type=tarfile.FIFOTYPE), "neither a file"),
        (member(f"{TOP}/hard", type=tarfile.LNKTYPE, linkname="/etc/passwd"), "neither a file"),
        (member(f"{TOP}/a", b"1") + member(f"{TOP}/a", b"2"), "there twice"),
        (member(f"{TOP}/a", b"1") + member(f"{TOP}/a/b", b"2"), "there twice"),
        (link("a", "b") + member(f"{TOP}/a", b"2"), "there twice"),
        # A link that stays inside is no way to write through either.
        (link("a", "b") + member(f"{TOP}/a/c", b"2"), "there twice"),
        (member(f"{TOP}/b/c", b"1") + link("a", "b") + member(f"{TOP}/a/c", b"2"), "there twice"),
        (pax("path", f"{TOP}/n\0l", tarfile.XHDTYPE) + member("short", b"x"), "NUL"),
        (comment("6" * 40) + member(f"{TOP}/a", b"x"), "was asked for"),
    ],
)
def test_a_hostile_tarball_is_none_and_writes_nothing_outside(
    tmp_path: Path, hostile: bytes, why: str
) -> None:
    outside = set(tmp_path.rglob("*"))
    folder = tmp_path / "out"
    with pytest.raises(Damaged, match=why):
        unpack(folder, packed(member(f"{TOP}/first", b"1"), hostile))
    assert set(tmp_path.rglob("*")) - set(folder.rglob("*")) == {*outside, folder}
    for place in folder.rglob("*"):
        assert place.is_symlink() or place.is_file() or place.is_dir()


def test_links_that_lead_out_are_left_out_and_told(tmp_path: Path) -> None:
    out = [("a", "/proc/self/environ"), ("b", "../x"), ("d/c", "../../x"), ("e", "d/../../x")]
    names = [link(name, target) for name, target in out]
    more = [link(f"more{number}", "/etc") for number in range(3)]
    notes = unpack(tmp_path / "out", packed(link("d/in", "../f"), *names, *more))
    assert found(tmp_path / "out") == {"d/in": "../f"}
    assert notes == (
        "Links that lead out of the checkout were left out: a, b, d/c, e, more0 and 2 more.",
    )


def test_set_user_bits_and_wide_modes_are_gone(tmp_path: Path) -> None:
    unpack(
        tmp_path / "out",
        packed(member(f"{TOP}/a", b"x", mode=0o6777), member(f"{TOP}/b", b"x", mode=0o2666)),
    )
    modes = [stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in "ab"]
    assert modes == [0o755, 0o644]


def test_a_bomb_is_refused_before_it_is_large(tmp_path: Path) -> None:
    size = tar.LEAST + 1
    info = tarfile.TarInfo(f"{TOP}/bomb")
    info.size = size
    data = gzip.compress(comment(SHA) + tar.header(info) + bytes(100_000), 9)
    with pytest.raises(Damaged, match="too much when unpacked"):
        unpack(tmp_path / "out", data)
    assert found(tmp_path / "out") == {}


@pytest.mark.parametrize("length", [0, 1, 9, 10, 40, -20, -1])
def test_what_is_cut_off_is_none(tmp_path: Path, length: int) -> None:
    whole = packed(member(f"{TOP}/a", os.urandom(3000)), member(f"{TOP}/b", b"x"))
    end = length if length >= 0 else len(whole) + length
    if length in (-1,):
        # Only the sum of the whole is missing: what was read is what was sent.
        whole = whole[:-8] + bytes(8)
        end = len(whole)
    with pytest.raises(Damaged):
        unpack(tmp_path / "out", whole[:end])


def test_what_is_no_gzip_is_none(tmp_path: Path) -> None:
    for data in (b"<html>404</html>", gzip.compress(b"<html>"), b"\x1f\x8b" + bytes(100)):
        with pytest.raises(Damaged):
            unpack(tmp_path / "out", data)


def test_files_that_git_leaves_out_are_told(tmp_path: Path, forge: Forge) -> None:
    sha = forge.commit({".gitattributes": "*.md export-ignore\n", "a.md": "x", "b": "y"})
    archive = tmp_path / "a.tar.gz"
    forge.git("archive", "--format=tar.gz", f"--prefix={TOP}/", f"--output={archive}", sha)
    (note,) = unpack(tmp_path / "out", archive.read_bytes(), sha)
    assert "export-ignore" in note
    assert sorted(found(tmp_path / "out")) == [".gitattributes", "README", "b"]


def test_each_member_asks_whether_there_is_time(tmp_path: Path) -> None:
    class Over(Exception):
        pass

    def alive() -> None:
        raise Over

    with pytest.raises(Over):
        unpack(tmp_path / "out", packed(member(f"{TOP}/a", b"x")), alive=alive)


def test_a_folder_that_is_gone_is_no_damage(tmp_path: Path) -> None:
    data = packed(member(f"{TOP}/a", b"x"))
    with pytest.raises(FileNotFoundError):
        Tarball(tmp_path / "gone", lambda: None).read(io.BytesIO(data), SHA, len(data))
