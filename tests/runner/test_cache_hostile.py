"""Archives that lie, bombs and links: none of them is a cache, and nothing escapes."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from dishwasher.core.outputs import Cache
from dishwasher.runner import files, tar
from dishwasher.runner.pack import Packer
from dishwasher.runner.tar import Bounds

from tests.runner.shop import Begin, Shop, archive_of, link, member, offered

HOSTILE = {
    "absolute": (member("/checkout/dist/a"),),
    "above": (member("checkout/../../a"),),
    "dots": (member("checkout/./dist"),),
    "nowhere": (member("checkout"),),
    "other root": (member("artifacts/a"),),
    "no root": (member("dist/a"),),
    "empty part": (member("checkout//a"),),
    "absolute link": (link("checkout/dist/l", "/etc"),),
    "link above": (link("checkout/dist/l", "../../x"),),
    "link above late": (link("checkout/dist/l", "a/../../../x"),),
    "empty link": (link("checkout/dist/l", ""),),
    "write through a link": (
        link("checkout/dist/l", "sub"), member("checkout/dist/l/a", b"x"),
    ),
    "folder over a link": (
        link("checkout/dist/l", "sub"), member("checkout/dist/l", type=tarfile.DIRTYPE),
        member("checkout/dist/l/a", b"x"),
    ),
    "file over a link": (link("checkout/dist/l", "a"), member("checkout/dist/l", b"x")),
    "link over a file": (member("checkout/dist/l", b"x"), link("checkout/dist/l", "a")),
    "link over a folder": (member("checkout/dist/l/a"), link("checkout/dist/l", "a")),
    "file as a folder": (member("checkout/dist"), member("checkout/dist/a")),
    "links that add up": (
        link("checkout/dist/a", "b/c/d/.."), link("checkout/dist/x", "a/../../.."),
    ),
    "hard link": (link("checkout/dist/l", "/etc/passwd", tarfile.LNKTYPE),),
    "hard link inside": (
        member("checkout/dist/a"), link("checkout/dist/l", "checkout/dist/a", tarfile.LNKTYPE),
    ),
    "device": (member("checkout/dist/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),),
    "fifo": (member("checkout/dist/fifo", type=tarfile.FIFOTYPE),),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_no_cache_and_writes_nothing(
    name: str, begin: Begin, shop: Shop, tmp_path: Path
) -> None:
    wanted = Cache(("dist",))
    job = offered(shop, archive_of(member("checkout/dist/ok"), *HOSTILE[name]), wanted, begin)
    before = sorted(tmp_path.rglob("*"))
    job.restore()
    assert job.tree() == {}
    assert sorted(tmp_path.rglob("*")) == before
    (note,) = job.notes
    assert note.startswith("Restoring dist failed, and the job did without: ")


def test_a_hostile_archive_is_replaced(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",), files=("absent",))
    job = offered(shop, archive_of(link("checkout/dist/l", "/etc")), wanted, begin)
    job.restore()
    job.write("checkout/dist/a", "good")
    job.store()
    again = begin(wanted)
    again.restore()
    assert again.tree() == {"checkout/dist/a": "good"}


def test_only_the_paths_of_the_configuration_are_restored(begin: Begin, shop: Shop) -> None:
    data = archive_of(
        member("checkout/dist/a", b"x"), member("home/.bashrc", b"x"), member("checkout/Makefile")
    )
    job = offered(shop, data, Cache(("dist",)), begin)
    job.restore()
    assert job.tree() == {"checkout/dist/a": "x"}


@pytest.mark.parametrize(
    "about",
    [[], "x", {"virtualenvs": [{"folder": "checkout/../..", "pythons": []}]},
     {"virtualenvs": [{"folder": "checkout/none", "pythons": []}]}],
)  # fmt: skip
def test_what_an_archive_says_of_itself_is_not_believed(
    begin: Begin, shop: Shop, about: object
) -> None:
    data = archive_of(member("checkout/dist/a", b"x"), about=about)
    job = offered(shop, data, Cache(("dist",)), begin)
    job.restore()
    assert job.tree() == {}
    assert len(job.notes) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data + b"x",
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data[:-20] + bytes(20),
    ],
)
def test_what_is_damaged_on_the_way_is_no_cache(
    begin: Begin, shop: Shop, change: Callable[[bytes], bytes]
) -> None:
    wanted = Cache(("dist",))
    job = begin(wanted)
    job.restore()
    job.write("checkout/dist/a", "x" * 1000)
    job.store()
    shop.change = change
    again = begin(wanted)
    again.restore()
    assert again.tree() == {}
    assert "not what was stored" in again.notes[0]


@pytest.mark.parametrize(
    "members",
    [
        member("checkout/dist/a") + tar.END,
        member("about.json", b"{") + tar.END,
        member("about.json", b"[" * 100_000) + tar.END,
        member("about.json", b" " * 2_000_000) + tar.END,
        member("checkout/dist/a\0b" + "n" * 200) + member("about.json", b"{}") + tar.END,
    ],
)
def test_an_archive_that_is_none_of_ours_is_no_cache(
    begin: Begin, shop: Shop, members: bytes
) -> None:
    data = zstandard.ZstdCompressor().compress(members)
    job = offered(shop, data, Cache(("dist",)), begin)
    job.restore()
    assert (job.tree(), len(job.notes)) == ({}, 1)


def test_a_link_among_the_files_of_a_key_is_not_followed(begin: Begin, tmp_path: Path) -> None:
    wanted = Cache(("dist",), files=("*.txt",))
    keys = []
    for content in ("one", "two"):
        job = begin(wanted)
        (tmp_path / "outside").write_text(content)
        (job.checkout / "a.txt").symlink_to(tmp_path / "outside")
        job.restore()
        keys.append(job.caches.unstored[0].key)
    assert keys[0] == keys[1]


@pytest.mark.parametrize("data", [b"", b"no zstd", archive_of()[:-9], b"\x28\xb5\x2f\xfd" * 9])
def test_what_was_stored_damaged_is_no_cache(begin: Begin, shop: Shop, data: bytes) -> None:
    job = offered(shop, data, Cache(("dist",)), begin)
    job.restore()
    assert (job.tree(), len(job.notes)) == ({}, 1)


def test_a_bomb_is_no_cache(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",))
    data = archive_of(*(member(f"checkout/dist/{n}", bytes(300_000)) for n in range(4)))
    assert len(data) < 2000
    job = begin(wanted, within=Bounds(2000, 1_000_000))
    offered(shop, data, wanted, lambda *_: job).restore()
    assert job.tree() == {}
    assert "too much when unpacked" in job.notes[0]


def test_too_many_members_are_no_cache(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",))
    data = archive_of(*(member(f"checkout/dist/{n}") for n in range(9)))
    job = begin(wanted, within=Bounds(2000, 1_000_000, members=9))
    offered(shop, data, wanted, lambda *_: job).restore()
    assert "too much when unpacked" in job.notes[0]


def test_a_cache_larger_than_this_runner_takes_is_none(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",))
    data = archive_of(member("checkout/dist/a"))
    job = begin(wanted, within=Bounds(10, 1_000_000))
    offered(shop, data, wanted, lambda *_: job).restore()
    assert f"it has {len(data)} bytes; at most 10 are taken" in job.notes[0]
    assert shop.said == ["find"]


def test_a_large_window_takes_no_memory(begin: Begin, shop: Shop) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    plain = zstandard.ZstdDecompressor().decompress(archive_of(member("checkout/dist/a")))
    stream = io.BytesIO()
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    with packer.stream_writer(stream, closefd=False) as writer:
        writer.write(plain)
    job = offered(shop, stream.getvalue(), Cache(("dist",)), begin)
    job.restore()
    assert (job.tree(), len(job.notes)) == ({}, 1)


@pytest.mark.parametrize("when", [2, 3, 4])
def test_a_folder_that_becomes_a_link_while_it_is_packed_is_not_followed(
    tmp_path: Path, when: int
) -> None:
    """A server of the job's own, say, is alive while its dependencies are packed."""
    outside, job = tmp_path / "outside", tmp_path / "job"
    outside.mkdir()
    (outside / "key").write_text("the server's key")
    (job / "deps").mkdir(parents=True)
    (job / "deps/key").write_text("mine")
    looked = 0

    def alive() -> None:
        nonlocal looked
        looked += 1
        if looked == when:
            # The second look at a file, or one of the two that are written.
            (job / "deps").rename(job / "moved")
            (job / "deps").symlink_to(outside)

    archive = tmp_path / "archive"
    with archive.open("wb") as file:
        packer = Packer({"job": job}, file, Bounds(1000, 1000), alive)
        packer.take("job", ["deps"])
        packed = packer.finish()
    assert looked >= when and packed.members
    content = zstandard.ZstdDecompressor().decompressobj().decompress(archive.read_bytes())
    assert b"the server's key" not in content


def test_parents_are_opened_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("c")
    (tmp_path / "link").symlink_to("a")
    with files.Folders(tmp_path) as folders:
        assert os.stat("c", dir_fd=folders.opened("a/b")).st_size == 1
        assert os.stat("b", dir_fd=folders.opened("a"))
        assert os.stat("a", dir_fd=folders.opened(""))
        for path in ("link", "link/b", "a/b/c", "nowhere"):
            with pytest.raises(OSError):
                folders.opened(path)
