"""Archives that no honest runner has made (32, 33)."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from tarfile import TarInfo

import pytest
from dishwasher.runner import tar
from dishwasher.runner.tar import Damaged, Reader
from hypothesis import given
from hypothesis import strategies as st

LONG = "n" * 180 + "/" + "é" * 120


def member(name: str, data: bytes = b"", **values: object) -> bytes:
    info = TarInfo(name)
    info.size = len(data)
    for field, value in values.items():
        setattr(info, field, value)
    return tar.header(info) + data + tar.padding(len(data))


def read(data: bytes) -> list[tuple[str, bytes]]:
    reader = Reader(io.BytesIO(data))
    return [(info.name, b"".join(reader.content())) for info in reader]


@pytest.mark.parametrize("name", ["a", "a/b", LONG, "é", "\udcff", "a\nb", "a=b", " "])
@pytest.mark.parametrize("data", [b"", b"x", b"y" * 512, b"z" * 5000])
def test_what_is_written_is_read(name: str, data: bytes) -> None:
    again = member(name, data) + member("next", b"!") + tar.END
    assert read(again) == [(name, data), ("next", b"!")]


def test_content_need_not_be_read() -> None:
    reader = Reader(io.BytesIO(member("a", b"x" * 600) + member(LONG, b"y") + tar.END))
    assert [info.name for info in reader] == ["a", LONG]


def test_links_and_folders_keep_what_they_are() -> None:
    data = member("d", type=tarfile.DIRTYPE, mode=0o700) + member(
        "l", type=tarfile.SYMTYPE, linkname=LONG
    )
    folder, link = list(Reader(io.BytesIO(data + tar.END)))
    assert (folder.name, folder.isdir(), folder.mode) == ("d", True, 0o700)
    assert (link.name, link.issym(), link.linkname) == ("l", True, LONG)


def test_tar_itself_reads_them(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(member(LONG, b"data") + tar.END)
    listed = subprocess.run(("tar", "-tf", archive), capture_output=True, check=True, text=True)
    assert listed.stdout.count("/") == 1


@pytest.mark.parametrize(
    "kind",
    [
        *(tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE),
        *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE),
        *(tarfile.XGLTYPE, b"Z"),
    ],
)
def test_nothing_else_is_read(kind: bytes) -> None:
    data = member("a", type=kind, linkname="/etc/passwd")
    with pytest.raises(Damaged, match="neither a file, a folder nor a link"):
        read(data + tar.END)


def test_an_archive_that_ends_too_early_is_none() -> None:
    whole = member("a", b"x" * 1000) + member(LONG, b"y") + tar.END
    for end in (0, 1, 511, 512, 513, 1500, 2047, len(whole) - 2 * 512, len(whole) - 513):
        with pytest.raises(Damaged):
            read(whole[:end])


@pytest.mark.parametrize(
    "records",
    [
        b"no record", b"99 path=a\n", b"9 path=ab", b"3 path=abc\n", b"0 path=abc\n", b" path=a\n",
        b"11 path=ab\n99", b"999999999999 path=a\n",
    ],
)  # fmt: skip
def test_headers_that_can_not_be_read(records: bytes) -> None:
    with pytest.raises(Damaged, match="can not be read"):
        read(member("x", records, type=tarfile.XHDTYPE) + member("a") + tar.END)


def test_a_header_takes_no_memory() -> None:
    info = TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 * 1024**3
    with pytest.raises(Damaged, match="a header has 8589934592 bytes"):
        read(info.tobuf(tarfile.GNU_FORMAT) + bytes(512))


@pytest.mark.parametrize("size", ["-1", "1e3", "²", "9" * 30, ""])
def test_a_size_is_a_number(size: str) -> None:
    record = f" size={size}\n".encode()
    count = len(record) + len(str(len(record) + 2))
    records = f"{count}".encode() + record
    with pytest.raises(Damaged):
        read(member("x", records, type=tarfile.XHDTYPE) + member("a") + tar.END)


def test_a_negative_size_is_refused() -> None:
    info = TarInfo("a")
    info.size = -1
    with pytest.raises(Damaged, match="negative"):
        read(info.tobuf(tarfile.GNU_FORMAT) + tar.END)


def test_a_wrong_checksum_is_damage() -> None:
    data = bytearray(member("a", b"x"))
    data[0] ^= 1
    with pytest.raises(Damaged, match="can not be read"):
        read(bytes(data) + tar.END)


TEXT = st.text("abcXYZ012 ._-/", min_size=1, max_size=110).map(lambda text: text.strip("/") or "a")


@given(TEXT, st.binary(max_size=600), st.integers(0, 0o777), st.integers(0, 8**11 - 1))
def test_python_reads_what_is_written(name: str, data: bytes, mode: int, mtime: int) -> None:
    whole = member(name, data, mode=mode, mtime=mtime) + tar.END
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        (info,) = archive
        content = archive.extractfile(info)
        assert content is not None and content.read() == data
    (ours,) = Reader(io.BytesIO(whole))
    for field in ("name", "mode", "size", "mtime", "type", "linkname"):
        assert getattr(ours, field) == getattr(info, field)


@given(TEXT, TEXT, st.integers(0, 511), st.integers(0, 255), st.booleans())
def test_a_header_is_read_as_python_reads_it_or_not_at_all(
    name: str, target: str, place: int, byte: int, mended: bool
) -> None:
    block = bytearray(member(name[:99], type=tarfile.SYMTYPE, linkname=target[:99])[:512])
    block[place] = byte
    if mended:
        block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    quick = tar._plain(bytes(block))
    if quick is not None:
        true = TarInfo.frombuf(bytes(block), *tar.CODING)
        for field in ("name", "mode", "size", "mtime", "type", "linkname"):
            assert getattr(quick, field) == getattr(true, field)
