"""Mirrors on one machine: little comes by network, jobs get copies, and damage costs no job."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.errors import InfraError
from dishwasher.runner.checkout import Missing
from dishwasher.runner.mirror import COMMITS, PACKS, UNUSED, Mirrors, mirrors
from dishwasher.runner.stop import Cause, Stopped

from tests.runner.forge import Forge
from tests.runner.mirrored import Machine, at_head, fetches, packs
from tests.runner.test_checkout import git


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.stop.close()


def test_the_same_commit_comes_by_network_once(machine: Machine, forge: Forge) -> None:
    first = machine(at_head(forge))
    again = machine(at_head(forge))
    assert fetches(forge) == 1
    assert machine.said == ["All of it is on this machine already"]
    assert (again / "README").read_text() == (first / "README").read_text() == "hello\n"
    assert git(again, "remote", "get-url", "origin") == forge.url


def test_of_the_next_commit_only_what_is_new_comes(machine: Machine, forge: Forge) -> None:
    forge.commit({f"f{number}": os.urandom(500).hex() for number in range(200)})
    machine(at_head(forge))
    before = {pack: pack.stat().st_size for pack in packs(machine.mirror())}
    forge.commit({"f1": "changed\n"})
    checkout = machine(at_head(forge))
    (new,) = set(packs(machine.mirror())) - before.keys()
    assert new.stat().st_size < sum(before.values()) / 20
    assert (checkout / "f1").read_text() == "changed\n"
    assert len(list(checkout.glob("f*"))) == 200
    assert git(checkout, "rev-list", "--all", "HEAD") == git(checkout, "rev-parse", "HEAD")


def test_a_checkout_shares_no_file_with_the_mirror(machine: Machine, forge: Forge) -> None:
    checkout = machine(at_head(forge))
    inside = {place: place.stat() for place in (checkout / ".git").rglob("*") if place.is_file()}
    assert {state.st_nlink for state in inside.values()} == {1}
    assert not [place for place in inside if place.name == "alternates" or place.is_symlink()]
    (pack,) = [place for place in inside if place.suffix == ".pack"]
    before = packs(machine.mirror())[0].read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(b"changed by a job")
    assert packs(machine.mirror())[0].read_bytes() == before
    # Nor does it need the mirror.
    checkout = machine(at_head(forge))
    shutil.rmtree(machine.mirrors.folder)
    git(checkout, "fsck", "--full")


def test_trusted_and_untrusted_are_apart(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    machine(at_head(forge), trusted=False)
    assert fetches(forge) == 2
    assert machine.mirror().place.parent != machine.mirror(trusted=False).place.parent
    # What only an untrusted job has fetched is not there for a trusted one.
    forge.commit({"a": "fork\n"})
    machine(at_head(forge), trusted=False)
    assert not machine.mirror().holds([at_head(forge).sha])
    machine(at_head(forge))
    assert fetches(forge) == 4


def test_a_repository_is_known_by_its_number(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    renamed = replace(at_head(forge), url=forge.url.replace("/acme/", "/renamed/"))
    machine(renamed)
    assert fetches(forge) == 1
    assert git(machine.folder / "checkout-2", "remote", "get-url", "origin") == renamed.url


def test_a_history_has_a_mirror_of_its_own(machine: Machine, forge: Forge) -> None:
    forge.commit({"a": "1\n"})
    machine(at_head(forge))
    whole = machine(at_head(forge), history=True)
    assert git(whole, "rev-list", "--count", "HEAD") == "2"
    assert not (whole / ".git/shallow").exists()
    forge.commit({"a": "2\n"})
    assert git(machine(at_head(forge), history=True), "rev-list", "--count", "HEAD") == "3"
    assert git(machine(at_head(forge)), "rev-list", "--count", "HEAD") == "1"


def test_the_base_is_there_to_compare_with(machine: Machine, forge: Forge) -> None:
    base = at_head(forge).sha
    forge.commit({"new": "line\n"})
    for _ in range(2):
        checkout = machine(replace(at_head(forge), base_sha=base))
        assert git(checkout, "diff", "--name-only", base, "HEAD") == "new"
    assert fetches(forge) == 1


def test_without_its_base_a_commit_is_still_checked_out(machine: Machine, forge: Forge) -> None:
    machine(replace(at_head(forge), base_sha="b" * 40))
    assert machine.said == ["Not by the mirror on this machine: its server has to say why"]


def test_commits_that_were_pushed_over_or_are_gone(machine: Machine, forge: Forge) -> None:
    """Case 16: what is gone from the server is there as long as the mirror has it."""
    start = at_head(forge).sha
    forge.commit({"a": "first try\n"})
    gone = at_head(forge)
    machine(gone)
    forge.git("reset", "-q", "--hard", start)
    forge.commit({"a": "second try\n"})
    forge.git("reflog", "expire", "--expire=now", "--all")
    forge.git("gc", "-q", "--prune=now")
    assert (machine(at_head(forge)) / "a").read_text() == "second try\n"
    assert (machine(gone) / "a").read_text() == "first try\n"
    with pytest.raises(Missing, match="its branch was deleted"):
        machine(gone, trusted=False)
    assert (machine(at_head(forge), history=True) / "a").read_text() == "second try\n"


def test_a_repository_of_sha256(machine: Machine, forge: Forge) -> None:
    shutil.rmtree(forge.folder / "site")
    (forge.folder / "site").mkdir()
    forge.git("init", "-q", "-b", "main", "--object-format=sha256")
    forge.commit({"a": "1\n"})
    machine(at_head(forge))
    machine(at_head(forge))
    forge.commit({"a": "2\n"})
    machine(at_head(forge))
    assert len(at_head(forge).sha) == 64
    assert fetches(forge) == 2


def test_a_server_that_fails_once_costs_no_mirror(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    kept = packs(machine.mirror())
    forge.commit({"a": "1\n"})
    left = [502]
    forge.fault = lambda path: left.pop() if left else None
    machine(at_head(forge))
    assert machine.said == ["Not by the mirror on this machine: its server has to say why"]
    assert packs(machine.mirror()) == kept
    machine(at_head(forge))
    assert set(kept) < set(packs(machine.mirror()))
    assert machine.said == []


def test_a_mirror_that_fails_twice_is_made_anew_whoever_is_to_blame(
    machine: Machine, forge: Forge
) -> None:
    machine(at_head(forge))
    mark = machine.mirror().place / "marked"
    mark.touch()
    for number in range(2):
        forge.commit({"a": f"{number}\n"})
        left = [502]
        forge.fault = lambda path, left=left: left.pop() if left else None  # type: ignore[misc]
        machine(at_head(forge))
    assert not mark.exists()
    assert machine.mirror().holds([at_head(forge).sha])


def test_commits_that_are_not_there_cost_no_mirror(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    kept = packs(machine.mirror())
    for letter in "abc":
        with pytest.raises(Missing):
            machine(replace(at_head(forge), sha=letter * 40))
    forge.token = "ghs_new"
    for letter in "de":
        with pytest.raises(InfraError, match="can not be read"):
            machine(replace(at_head(forge), sha=letter * 40, token="ghs_old"))
    assert packs(machine.mirror()) == kept


def test_a_server_that_stays_away_is_not_the_users_fault(machine: Machine, forge: Forge) -> None:
    forge.fault = lambda path: 502
    with pytest.raises(InfraError, match="git fetch failed 3 times"):
        machine(at_head(forge))


def test_who_waits_too_long_for_another_goes_to_the_server(machine: Machine, forge: Forge) -> None:
    with machine.mirror().locked(fcntl.LOCK_EX, lambda: False):
        machine(at_head(forge), wait=0.0)
    assert len(machine.said) == 1
    assert "another runner has had it" in machine.said[0]
    assert fetches(forge) == 1
    assert not machine.mirror().place.exists()


def test_a_stop_ends_the_wait_for_another(machine: Machine, forge: Forge) -> None:
    machine.stop.request(Cause.CANCELLED)
    with machine.mirror().locked(fcntl.LOCK_EX, lambda: False), pytest.raises(Stopped):
        machine(at_head(forge))
    assert forge.paths == []


def test_the_lock_of_a_process_that_died_is_free(machine: Machine, forge: Forge) -> None:
    machine.mirror().place.parent.mkdir(parents=True)
    program = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(); input()"
    command = ("python3", "-c", program, f"{machine.mirror().place}.lock")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"\n"
        other.kill()
    machine(at_head(forge), wait=0.0)
    assert machine.said == []


def test_a_worn_mirror_begins_anew(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    for number in range(3):
        # As large as packs of many commits, and without an index nothing that git looks into.
        with (machine.mirror().place / f"objects/pack/{number}.pack").open("xb") as file:
            file.truncate(10_000_000)
    assert machine.mirror().is_worn
    forge.commit({"a": "small\n"})
    machine(at_head(forge))
    assert machine.mirror().size < 100_000


def test_only_the_latest_commits_are_told_to_the_server(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    commits = machine.mirror().place / "refs/commits"
    for number in range(COMMITS + 5):
        ref = commits / f"{number:040x}"
        shutil.copyfile(commits / at_head(forge).sha, ref)
        os.utime(ref, (number, number))
    machine(at_head(forge))
    assert len(list(commits.iterdir())) == COMMITS
    assert machine.mirror().holds([at_head(forge).sha])


def test_the_packs_of_a_history_are_put_together(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge), history=True)
    mirror = machine.mirror(history=True)
    for number in range(PACKS + 1):
        blob = forge.git("hash-object", "-w", "--stdin", input=b"%d" % number)
        base = mirror.place / "objects/pack/pack"
        forge.git("pack-objects", "-q", str(base), input=f"{blob}\n".encode())
    assert mirror.is_scattered
    forge.commit({"a": "1\n"})
    machine(at_head(forge), history=True)
    assert len(packs(mirror)) < 5
    assert git(machine(at_head(forge), history=True), "rev-list", "--count", "HEAD") == "2"


def test_room_is_made_by_what_was_not_used_for_longest(tmp_path: Path) -> None:
    kept = Mirrors(tmp_path, 25_000)
    for age, number in enumerate((3, 1, 2, 4)):
        mirror = kept.of(number, trusted=number != 2, history=number == 4)
        (mirror.place / "objects/pack").mkdir(parents=True)
        (mirror.place / "objects/pack/x.pack").write_bytes(bytes(10_000))
        os.utime(mirror.place, (1000 - age, 1000 - age))
    (tmp_path / "trusted/9-commits.gone").mkdir()
    with kept.of(4, trusted=True, history=True).locked(fcntl.LOCK_SH, lambda: False):
        # One in use stays, whatever its age.
        kept.prune(now=1000.0)
        assert [kept.of(4, trusted=True, history=True).place.exists()] == [True]
        left = sorted(place.name for place in tmp_path.glob("*/*-*") if place.is_dir())
    assert left == ["3-commits", "4-history"]
    kept.prune(now=990.0 + UNUSED)
    assert len([place for place in tmp_path.glob("*/*-*") if place.is_dir()]) == 2
    kept.prune(now=999.5 + UNUSED)
    assert [place.name for place in tmp_path.glob("*/*-*") if place.is_dir()] == ["3-commits"]


def test_on_a_full_disk_mirrors_give_way(machine: Machine, forge: Forge) -> None:
    machine(at_head(forge))
    machine.mirrors = replace(machine.mirrors, spare=10**18)
    # What is there already serves.
    machine(at_head(forge))
    assert fetches(forge) == 1
    forge.commit({"a": "1\n"})
    machine(at_head(forge))
    assert "the disk has little room left" in machine.said[0]
    assert not machine.mirror().place.exists()


@pytest.mark.parametrize(
    ("host", "limit"),
    [
        ({}, None),
        ({"DISHWASHER_MIRROR_GB": "3"}, None),
        ({"DISHWASHER_MIRRORS": "/m"}, 10 * 1024**3),
        ({"DISHWASHER_MIRRORS": "/m", "DISHWASHER_MIRROR_GB": "0.5"}, 512 * 1024**2),
        ({"DISHWASHER_MIRRORS": "/m", "DISHWASHER_MIRROR_GB": "0"}, None),
        ({"DISHWASHER_MIRRORS": "/m", "DISHWASHER_MIRROR_GB": "nan"}, None),
        ({"DISHWASHER_MIRRORS": "/m", "DISHWASHER_MIRROR_GB": "much"}, 10 * 1024**3),
    ],
)
def test_only_where_the_server_says_so(host: dict[str, str], limit: int | None) -> None:
    found = mirrors(host)
    assert (found.limit if found else None) == limit
