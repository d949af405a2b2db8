"""What a job may use of the machine, and what is said when it wants more."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.sandbox import Level
from dishwasher.core.step import Shell
from dishwasher.runner.sandbox import cgroup

from tests.runner.conftest import Launch, Serve
from tests.runner.job import phase
from tests.runner.sandbox.levels import AS_ROOT, WALLED, at
from tests.runner.sandbox.people import Person, by
from tests.runner.server import LIMITS, Server

MEBIBYTE = 1024 * 1024
SMALL = replace(LIMITS, memory_bytes=128 * MEBIBYTE, processes=60, file_bytes=8 * MEBIBYTE)


def grouped() -> bool:
    group = cgroup.group(SMALL.memory_bytes, SMALL.processes)
    if group is None:
        return False
    group.remove()
    return True


needs_group = pytest.mark.skipif(not grouped(), reason="no control group can be made here")


def done(server: Server, launch: Launch, level: Level) -> str:
    """Run it; the words of its verdict, which is that it failed."""
    runner = launch(server, DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.FAILED, result.detail
    assert runner.wait(20) == 0
    return result.detail


@needs_group
@at(*WALLED, Level.PLAIN)
def test_case_20_memory_ends_and_is_named(serve: Serve, launch: Launch, level: Level) -> None:
    fill = "python3 -c 'all = [bytearray(b\"x\") * 1048576 for _ in range(32768)]'"
    said = done(serve(fill, limits=SMALL), launch, level)
    assert "ran out of memory: a job here may have 128 MiB in all." in said
    assert "DISHWASHER_JOB_MEMORY_GB" in said
    assert not list(Path("/sys/fs/cgroup").glob("**/dishwasher-" + f"{os.getpid()}-*"))


@needs_group
@at(*WALLED, Level.PLAIN)
def test_case_20_a_fork_bomb_stays_in_its_jar(serve: Serve, launch: Launch, level: Level) -> None:
    # No more than a machine bears whose walls fail.
    bomb = "python3 -c 'import os, time; [os.fork() or exit(time.sleep(9)) for _ in range(400)]'"
    said = done(serve(f"{bomb}; exit 1", limits=SMALL), launch, level)
    # By the group's count, or by its own words where the limit of its user comes first.
    assert re.search(r"a job here may have 60 (processes and threads )?at once\.", said), said
    assert "DISHWASHER_JOB_PROCESSES" in said


@at(*WALLED, Level.PLAIN)
def test_case_20_one_file_has_a_limit(serve: Serve, launch: Launch, level: Level) -> None:
    said = done(serve("exec head -c 9M /dev/zero >file", limits=SMALL), launch, level)
    assert "SIGXFSZ (a file grew over the limit for one file)" in said


@pytest.fixture
def small_disk(work: Path) -> Iterator[None]:
    """The workspaces' folder on a disk of 32 MiB."""
    if not AS_ROOT:
        pytest.skip("only root can mount a small disk")
    mount = ("mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs", str(work))
    subprocess.run(mount, check=True)
    yield
    subprocess.run(("umount", "-l", str(work)), check=True)


@at(*WALLED, Level.PLAIN)
def test_case_20_a_full_disk_is_named_and_the_result_still_comes(
    serve: Serve, launch: Launch, small_disk: None, level: Level
) -> None:
    said = done(serve("cat /dev/zero >file"), launch, level)
    assert "filled the disk of this machine" in said


@at(*WALLED, Level.PLAIN)
@by(Person.USER)
def test_case_20_without_control_groups_the_limits_hold_and_are_named(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person
) -> None:
    limits = replace(SMALL, memory_bytes=256 * MEBIBYTE, processes=40)
    memory = "python3 -c 'all = [bytearray(b\"x\") * 1048576 for _ in range(32768)]'"
    bomb = "python3 -c 'import os, time; [os.fork() or exit(time.sleep(9)) for _ in range(400)]'"
    core = "bash -c 'ulimit -c; kill -ABRT $$' || true; ls core* && echo found; exit 1"
    steps = (memory, core, bomb)
    server = serve(phases=(phase("build", *steps, keep_going=True),), limits=limits)
    runner = launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
    result = server.result()
    log = server.log.decode()
    assert runner.wait(20) == 0
    assert [step.exit_code for step in result.phases[-1].steps] == [1, 1, 1], log
    assert "exited with 1 and said `MemoryError`: a process here may have 256 MiB of memory." in log
    assert "DISHWASHER_JOB_MEMORY_GB" in log
    assert "said `Resource temporarily unavailable`: a job here may have 40 processes" in log
    assert "DISHWASHER_JOB_PROCESSES" in log
    assert "found" not in log.splitlines()


HIDDEN = """
exec python3 -c '
import os
file = open("file", "wb")
os.unlink("file")
while file.write(bytes(1 << 20)): pass
'
"""
"""As a file without a name, which no listing shows."""


@at(*WALLED, Level.PLAIN)
@by(Person.ROOT, Person.USER)
@pytest.mark.parametrize("step", ["exec cat /dev/zero >file", HIDDEN], ids=["file", "hidden"])
def test_case_20_a_job_that_writes_too_much_is_ended(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person, step: str
) -> None:
    limits = replace(LIMITS, disk_bytes=64 * MEBIBYTE)
    shell = Shell.ONE if step == HIDDEN else Shell.STRICT
    server = serve(step, "echo ne''ver", limits=limits, shell=shell)
    runner = launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert "wrote too much: a job here may have 64 MiB on disk in all" in result.detail
    assert "DISHWASHER_JOB_DISK_GB" in result.detail
    assert b"never" not in server.log
    assert runner.wait(20) == 0
    assert list(work.iterdir()) == []


@at(Level.JAILED)
def test_without_the_network_only_the_jobs_own_servers_answer(
    serve: Serve, launch: Launch, level: Level
) -> None:
    server = serve("true", network=False)
    ask = "import socket; print(socket.create_connection(('127.0.0.1', {port}), 2))"
    own = "s = __import__('socket').create_server(('127.0.0.1', 0)); " + ask.format(
        port="s.getsockname()[1]"
    )
    steps = (f'python3 -c "{own}"', f'python3 -c "{ask.format(port=server.port)}"')
    server.stop()
    server = serve(*steps, network=False)
    launch(server, DISHWASHER_SANDBOX=level)
    result = server.result()
    assert [step.exit_code for step in result.phases[-1].steps] == [0, 1], server.log.decode()
    assert b"network off" in server.log


@at(Level.JAILED, Level.CONFINED, Level.PLAIN)
def test_an_untrusted_job_runs_jailed_or_not_at_all(
    serve: Serve, launch: Launch, work: Path, level: Level
) -> None:
    server = serve("echo ran", trusted=False)
    launch(server, DISHWASHER_SANDBOX=level)
    result = server.result()
    if level is Level.JAILED:
        assert result.reason is Reason.OK
        return
    assert result.reason is Reason.REFUSED
    assert result.detail.startswith("This job is not trusted, so it runs only where it can be")
    assert server.started == []
    assert b"ran" not in server.log


def test_a_level_that_there_is_not_is_said(serve: Serve, launch: Launch) -> None:
    server = serve("true")
    launch(server, DISHWASHER_SANDBOX="padded")
    result = server.result()
    assert result.reason is Reason.INFRA
    assert result.detail == ("There is no sandbox `padded`: choose auto, jailed, confined, plain.")


@pytest.mark.parametrize("version", [1, 2])
def test_a_group_is_made_where_the_kernel_says_that_we_are(tmp_path: Path, version: int) -> None:
    root, own = tmp_path / "cgroup", tmp_path / "own"
    if version == 2:
        own.write_text("0::/system.slice/bot.service/server\n")
        place = root / "system.slice/bot.service"
        (place / "server").mkdir(parents=True)
        (place / "cgroup.subtree_control").write_text("memory pids cpu")
        (place / "server" / "missing").touch()
    else:
        own.write_text("3:pids:/a\n2:cpu,memory:/b\n1:name=systemd:/\n")
        for folder in ("pids/a", "memory/b"):
            (root / folder).mkdir(parents=True)
    group = cgroup.group(1000, 20, root, own)
    assert group is not None
    limits = {
        f"{folder.parent.relative_to(root)}/{file.name}": file.read_text()
        for folder in group.folders
        for file in folder.iterdir()
    }
    if version == 2:
        # What a folder of files can not do is to make the kernel's own in a new group.
        assert limits["system.slice/bot.service/pids.max"] == "20"
    else:
        assert limits == {
            "pids/a/pids.max": "20",
            "memory/b/memory.limit_in_bytes": "1000",
            "memory/b/memory.memsw.limit_in_bytes": "1000",
        }


def test_without_groups_to_write_there_is_none(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/user.slice\n")
    assert cgroup.group(1000, 20, tmp_path, own) is None
    assert cgroup.group(1000, 20, tmp_path, tmp_path / "nothing") is None
