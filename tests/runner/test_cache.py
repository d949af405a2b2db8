"""Caches of a job: what is kept, what is restored, and that nothing of it can fail or escape."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import venv
from pathlib import Path

import pytest
from dishwasher.core.outputs import Cache
from dishwasher.errors import InfraError
from dishwasher.runner.stop import Cause
from dishwasher.runner.tar import Bounds

from tests.runner.shop import Begin, Job, Shop, archive_of, member, offered


def test_folders_come_back_as_they_were(begin: Begin) -> None:
    wanted = Cache((".tox", "~/.cache/pip", "one.bin"))
    job = begin(wanted)
    job.restore()
    job.write("checkout/.tox/deep/er/a.txt", "a")
    job.write("checkout/.tox/run", "#!/bin/sh", 0o755)
    job.write("checkout/.tox/" + "long/" * 40 + "é" * 100, "far")
    job.write("home/.cache/pip/wheel", "w" * 2_000_000)
    job.write("checkout/one.bin", "1")
    job.write("checkout/other", "not kept")
    (job.checkout / ".tox/empty").mkdir()
    (job.checkout / ".tox/link").symlink_to("deep/er/a.txt")
    (job.checkout / ".tox/up").symlink_to("../one.bin")
    os.utime(job.checkout / ".tox/run", (1_600_000_000, 1_600_000_000))
    before = job.tree()
    job.store()
    again = begin(wanted)
    again.restore()
    del before["checkout/other"]
    assert again.tree() == before
    assert (again.checkout / ".tox/empty").is_dir()
    assert os.stat(again.checkout / ".tox/run").st_mode & 0o777 == 0o755
    assert os.stat(again.checkout / ".tox/run").st_mtime == 1_600_000_000
    assert again.lines[0].startswith("Restored .tox and 2 more: ")
    assert again.notes == []


def test_the_key_follows_the_content_of_files(begin: Begin) -> None:
    wanted = Cache(("dist",), "pip-", ("requirements*.txt", "setup.py"), ("pip-",))

    def job(requirements: str, setup: str = "s") -> Job:
        made = begin(wanted)
        made.write("checkout/requirements.txt", requirements)
        made.write("checkout/setup.py", setup)
        made.restore()
        return made

    first = job("django")
    assert first.lines == ["There is no cache yet of dist."]
    first.write("checkout/dist/a", "first")
    first.store()
    assert first.lines[1].startswith("Stored dist: 2 files, 0.0 kB, as ")
    same = job("django")
    assert same.tree()["checkout/dist/a"] == "first"
    assert same.caches.unstored == []
    other = job("flask")
    assert other.lines[0].startswith("Restored dist, of another key: ")
    assert other.tree()["checkout/dist/a"] == "first"
    assert len(other.caches.unstored) == 1
    other.write("checkout/dist/a", "other")
    other.store()
    assert job("django").tree()["checkout/dist/a"] == "first"
    assert job("flask").tree()["checkout/dist/a"] == "other"
    assert job("flask", "changed").tree()["checkout/dist/a"] == "other"


def test_without_files_the_last_content_stays(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",))
    for content in ("first", "second", "second"):
        job = begin(wanted)
        job.restore()
        job.write("checkout/dist/a", content)
        os.utime(job.checkout / "dist/a", (1, 1))
        job.store()
    assert shop.said[-1] == "offer"
    assert job.lines[-1] == "Not stored, because it is stored already: dist."
    last = begin(wanted)
    last.restore()
    assert last.tree() == {"checkout/dist/a": "second"}


def test_variables_stand_in_keys_and_secrets_do_not(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",), "$PYTHON-$TOKEN-", ("a",), ("${PYTHON}-",))
    job = begin(wanted)
    job.restore(PYTHON="3.12", TOKEN="hidden")
    (keyed,) = job.caches.unstored
    assert keyed.key.startswith("3.12--")
    assert keyed.fallbacks == ("3.12-",)


def test_one_direction_alone(begin: Begin, shop: Shop) -> None:
    both, out = Cache(("dist",)), Cache(("dist",), restore=False)
    job = begin(out)
    job.restore()
    assert shop.said == []
    job.write("checkout/dist/a")
    job.store()
    back = begin(Cache(("dist",), save=False))
    back.restore()
    assert back.tree() == {"checkout/dist/a": "x"}
    back.store()
    assert shop.said == ["offer", "put", "keep", "find", "fetch"]
    assert both.restore and both.save


def test_what_the_commit_holds_stays(begin: Begin) -> None:
    wanted = Cache(("dist", "vendor/lib"))
    job = begin(wanted)
    job.restore()
    for path in ("dist/a", "dist/sub/b", "dist/c/d", "vendor/lib/x"):
        job.write(f"checkout/{path}", "cached")
    job.store()
    again = begin(wanted)
    again.write("checkout/dist/a", "committed")
    again.write("checkout/dist/sub/other", "committed")
    again.write("checkout/dist/c", "committed")
    again.write("checkout/vendor", "committed")
    again.restore()
    assert again.tree() == {
        "checkout/dist/a": "committed",
        "checkout/dist/sub/b": "cached",
        "checkout/dist/sub/other": "committed",
        "checkout/dist/c": "committed",
        "checkout/vendor": "committed",
    }
    assert again.lines[0] == "Left out of the cache: vendor/lib: vendor is there and is no folder"


def test_a_link_in_the_commit_leads_nothing_out(begin: Begin, tmp_path: Path) -> None:
    wanted = Cache(("dist/deep",))
    job = begin(wanted)
    job.restore()
    job.write("checkout/dist/deep/a", "cached")
    job.store()
    outside = tmp_path / "outside"
    outside.mkdir()
    again = begin(wanted)
    (again.checkout / "dist").symlink_to(outside)
    again.restore()
    assert list(outside.iterdir()) == []
    (outside / "deep").mkdir()
    (outside / "deep" / "secret").write_text("s")
    again.caches._restored.clear()
    again.store()
    assert "dist/deep is not kept: there is no such folder." in again.lines


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "a/../../..", "..", "../.."])
def test_a_folder_with_a_link_out_is_not_kept(begin: Begin, target: str) -> None:
    job = begin(Cache(("good", "bad")))
    job.restore()
    job.write("checkout/good/a")
    job.write("checkout/bad/a")
    (job.checkout / "bad/sub").mkdir()
    depth = "bad/link" if target in ("../..", "../../x") else "bad/sub/link"
    target = "../../.." if target == ".." else target
    (job.checkout / depth).symlink_to(target)
    job.store()
    assert job.lines[1] == f"bad is not kept: {depth} is a link to {target}, which leads out."
    again = begin(Cache(("good", "bad")))
    again.restore()
    assert again.tree() == {"checkout/good/a": "x"}


def test_what_is_no_file_is_left_out(begin: Begin) -> None:
    job = begin(Cache(("dist",)))
    job.restore()
    job.write("checkout/dist/a")
    os.mkfifo(job.checkout / "dist/fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        # By its name alone: a whole path may be longer than the 107 bytes that bind takes.
        with contextlib.chdir(job.checkout / "dist"):
            listening.bind("socket")
        job.store()
    again = begin(Cache(("dist",)))
    again.restore()
    assert again.tree() == {"checkout/dist/a": "x"}


def test_globs_stand_for_paths(begin: Begin) -> None:
    wanted = Cache(("packages/*/node_modules", "*.bin"))
    job = begin(wanted)
    job.restore()
    for path in ("packages/a/node_modules/x", "packages/b/node_modules/y", "packages/b/z", "1.bin"):
        job.write(f"checkout/{path}", path)
    job.store()
    again = begin(wanted)
    again.restore()
    kept = ["1.bin", "packages/a/node_modules/x", "packages/b/node_modules/y"]
    assert sorted(again.tree()) == [f"checkout/{path}" for path in kept]


@pytest.mark.parametrize("path", ["..", "../x", "/etc", ".", "", "~/", "~/../x", "absent"])
def test_other_paths_are_not_kept(begin: Begin, path: str, shop: Shop) -> None:
    job = begin(Cache((path,)))
    job.restore()
    job.store()
    assert job.lines[-1] == f"{path} is not kept: there is no such folder."
    assert shop.said == ["find"]


def test_what_is_too_large_is_not_stored(begin: Begin, shop: Shop) -> None:
    job = begin(Cache(("dist",)), within=Bounds(10_000, 10_000_000))
    job.restore()
    (job.checkout / "dist").mkdir()
    (job.checkout / "dist/a").write_bytes(os.urandom(300_000))
    job.store()
    assert job.lines[-1] == "Storing dist failed: it would be larger than 10000 bytes"
    assert "put" not in shop.said


def test_what_is_too_much_is_not_begun(begin: Begin, shop: Shop) -> None:
    job = begin(Cache(("dist", "small")), within=Bounds(10_000, 10_000, members=3))
    job.restore()
    for number in range(4):
        job.write(f"checkout/dist/{number}")
    job.write("checkout/small/a")
    job.store()
    assert job.lines[1] == "dist is not kept: it has 5 files of 4 bytes, which is too much."
    again = begin(Cache(("dist", "small")))
    again.restore()
    assert again.tree() == {"checkout/small/a": "x"}


@pytest.mark.parametrize("fault", [InfraError("no answer"), OSError("disk full")])
def test_a_server_in_trouble_costs_the_cache_alone(
    begin: Begin, shop: Shop, fault: Exception
) -> None:
    wanted = Cache(("dist",))
    shop.fault = fault
    job = begin(wanted)
    job.restore()
    job.write("checkout/dist/a")
    job.store()
    assert len(job.notes) == 2
    assert all(str(fault) in note for note in job.notes)


def test_a_job_that_must_stop_waits_for_no_cache(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",))
    job = begin(wanted)
    job.restore()
    job.write("checkout/dist/a")
    job.store()
    stopped = begin(wanted)
    stopped.stop.request(Cause.CANCELLED)
    stopped.restore()
    stopped.store()
    assert stopped.tree() == {}
    assert stopped.lines == [
        "Restoring dist: given up, because the job ends.",
        "dist is not kept: there is no such folder.",
    ]


def test_a_cache_that_takes_too_long_is_given_up(begin: Begin, shop: Shop) -> None:
    job = begin(Cache(("dist",)), seconds=-1.0)
    job.restore()
    job.write("checkout/dist/a")
    job.store()
    assert job.lines[-1] == "Storing dist: given up after -1 s."
    assert (shop.said, job.notes) == (["find"], [])


def test_a_virtual_environment_works_in_its_new_place(begin: Begin) -> None:
    wanted = Cache((".venv",))
    job = begin(wanted)
    job.restore()
    folder = job.checkout / ".venv"
    venv.create(folder, with_pip=False, symlinks=True)
    script = f"#!{folder}/bin/python\nimport sys; print(sys.prefix)\n"
    job.write("checkout/.venv/bin/tool", script, 0o755)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "own.pth").write_text(f"{job.checkout}/src\n")
    (site / "__editable___own_finder.py").write_text(f"MAPPING = {{'own': '{job.checkout}/own'}}")
    (site / "_own_editable.py").write_text(f"install({{'own': '{job.checkout}/own'}})")
    (site / "own-1.dist-info").mkdir()
    (site / "own-1.dist-info/direct_url.json").write_text(f'{{"url": "file://{job.checkout}/"}}')
    job.store()
    shutil.rmtree(job.checkout)
    again = begin(wanted)
    again.restore()
    place = again.checkout / ".venv"
    said = subprocess.run((place / "bin/tool",), capture_output=True, text=True, check=True)
    assert said.stdout == f"{place}\n"
    site = next(place.glob("lib/python*/site-packages"))
    assert (site / "own.pth").read_text() == f"{again.checkout}/src\n"
    finders = ("__editable___own_finder.py", "_own_editable.py", "own-1.dist-info/direct_url.json")
    for finder in finders:
        assert str(again.checkout) in (site / finder).read_text()
    assert str(job.checkout) not in (place / "pyvenv.cfg").read_text()
    assert os.path.realpath(place / "bin/python") == os.path.realpath(sys.executable)


@pytest.mark.parametrize("python", ["/nowhere/python3", "/bin/sh", "python3", "/usr/lib"])
def test_without_its_interpreter_a_virtual_environment_is_left_out(
    begin: Begin, shop: Shop, python: str
) -> None:
    about = {"virtualenvs": [{"folder": "checkout/v", "pythons": [["python", python]]}]}
    members = (member("checkout/v/pyvenv.cfg"), member("checkout/v/bin/tool"))
    job = offered(shop, archive_of(*members, about=about), Cache(("v",)), begin)
    job.restore()
    assert job.tree() == {}
    said = f"Left out of the cache: v: it was made with {python}, which is not on this machine"
    assert job.lines[0] == said
    assert len(job.caches.unstored) == 1


def test_an_interpreter_of_the_job_is_none_of_the_machine(begin: Begin, shop: Shop) -> None:
    job = begin(Cache(("v",)))
    fake = job.write("home/python3", "#!/bin/sh", 0o755)
    about = {"virtualenvs": [{"folder": "checkout/v", "pythons": [["python", str(fake)]]}]}
    data = archive_of(member("checkout/v/bin/tool"), about=about)
    offered(shop, data, Cache(("v",)), lambda *_: job)
    job.restore()
    assert not (job.checkout / "v").exists()


def test_two_jobs_that_store_at_once_leave_one_whole_cache(begin: Begin, shop: Shop) -> None:
    wanted = Cache(("dist",), files=("absent",))
    jobs = [begin(wanted) for _ in range(4)]
    for number, job in enumerate(jobs):
        job.restore()
        job.write("checkout/dist/a", str(number) * 300_000)
    threads = [threading.Thread(target=job.store) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = begin(wanted)
    again.restore()
    assert again.tree()["checkout/dist/a"] in {str(n) * 300_000 for n in range(4)}
    assert [note for job in jobs for note in job.notes] == []


def test_nothing_is_held_open(begin: Begin) -> None:
    job = begin(Cache(("dist",)))
    job.restore()
    job.write("checkout/dist/a")
    before = len(os.listdir("/proc/self/fd"))
    job.store()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_path_that_changes_its_version_is_another_cache(begin: Begin) -> None:
    job = begin(Cache(("dist",)))
    job.restore()
    job.write("checkout/dist/a")
    job.store()
    other = begin(Cache(("dist", "more")))
    other.restore()
    assert other.tree() == {}
