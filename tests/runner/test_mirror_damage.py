"""Whatever a mirror has suffered, its jobs go on and the next ones have a whole one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dishwasher.runner.mirror import Mirror

from tests.runner.forge import Forge
from tests.runner.mirrored import Machine, at_head, fetches, packs


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.stop.close()


def cut(mirror: Mirror) -> None:
    pack = packs(mirror)[-1]
    pack.chmod(0o600)
    os.truncate(pack, pack.stat().st_size // 2)


def rot(mirror: Mirror) -> None:
    """As after a power cut: the length is right, and the end too."""
    pack = packs(mirror)[-1]
    data = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(data[:12] + bytes(len(data) - 40) + data[-28:])


def lose_index(mirror: Mirror) -> None:
    packs(mirror)[-1].with_suffix(".idx").unlink()


def lose_objects(mirror: Mirror) -> None:
    shutil.rmtree(mirror.place / "objects")


def leave_locks(mirror: Mirror) -> None:
    """As git does when it is killed."""
    for name in ("shallow.lock", "HEAD.lock", "config.lock"):
        (mirror.place / name).touch()


def leave_pieces(mirror: Mirror) -> None:
    (mirror.place / "objects/pack/tmp_pack_XyZ").write_bytes(b"PACK half of it")


def write_settings(mirror: Mirror) -> None:
    """As a job without any walls around it could."""
    canary = mirror.place.parent / "canary"
    (mirror.place / "hooks").mkdir()
    for name in ("reference-transaction", "post-checkout"):
        (mirror.place / "hooks" / name).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (mirror.place / "hooks" / name).chmod(0o755)
    (mirror.place / "config").write_text(
        f"[core]\n\tbare = true\n\tfsmonitor = touch {canary}\n\tsshCommand = touch {canary}\n"
    )


DAMAGES = (cut, rot, lose_index, lose_objects, leave_locks, leave_pieces, write_settings)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("same", [True, False], ids=["same-commit", "next-commit"])
def test_a_damaged_mirror_fails_no_job_and_is_made_anew(
    machine: Machine, forge: Forge, damage: Callable[[Mirror], None], same: bool
) -> None:
    forge.commit({"a": os.urandom(2000).hex()})
    machine(at_head(forge))
    damage(machine.mirror())
    if not same:
        forge.commit({"b": "next\n"})
    machine(at_head(forge))
    # Whatever it was, it is over with the job after that at the latest.
    forge.commit({"c": "later\n"})
    machine(at_head(forge))
    before = fetches(forge)
    machine(at_head(forge))
    assert fetches(forge) == before
    assert not list(machine.mirror().place.glob("*.lock"))
    assert not list(machine.mirror().place.rglob("tmp_*"))
    assert not (machine.mirror().place.parent / "canary").exists()


def test_a_disk_that_is_full_costs_the_mirror_and_not_the_job(
    machine: Machine, forge: Forge, tmp_path: Path
) -> None:
    machine(at_head(forge))
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin/git"
    # As git ends there; a disk of one's own takes rights that a test has not.
    wrapper.write_text(
        f"#!/bin/sh\ncase $PWD in */mirrors/*) echo 'fatal: write error: No space left on device' "
        f'>&2; exit 128;; esac\nexec {shutil.which("git")} "$@"\n'
    )
    wrapper.chmod(0o755)
    forge.commit({"a": "1\n"})
    machine.path = f"{wrapper.parent}:{machine.path}"
    machine(at_head(forge))
    assert "the disk has little room left" in machine.said[-1]
    assert not machine.mirror().place.exists()
