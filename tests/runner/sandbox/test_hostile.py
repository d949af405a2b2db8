"""A job that tries to get out, in a real runner beside a real server: nothing it wants is there."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.sandbox import Level
from dishwasher.core.step import Shell
from dishwasher.runner.sandbox.cell import ENDED

from tests.runner.conftest import Launch, Serve
from tests.runner.processes import running
from tests.runner.sandbox.levels import AS_ROOT, WALLED, at
from tests.runner.sandbox.people import Person, by

CANARY = "canary-3f1b7c"

# Every way prints what it gets; the test looks for the canary in all that comes out.
READ = r"""
cat /proc/$PPID/environ /proc/1/environ /proc/{victim}/environ /proc/{runner}/environ
strings /proc/{victim}/environ
cat {data}/server.key {data}/dishwasher.db
cat {other}/checkout/secret
ls -la {data} {other} $(dirname $(dirname $PWD))
find / \( -path /usr -o -path /opt -o -path /proc -o -path /sys -o -path '*/.pyenv' \) -prune \
    -o -name 'server.key' -exec cat {{}} + 2>/dev/null
for fd in /proc/{victim}/fd/* /proc/{runner}/fd/*; do timeout 1 head -c 200 $fd; done
for fd in /proc/self/fd/*; do readlink $fd; done
env
true
"""
KILL = """
kill -9 {victim} {runner}
python3 - $PPID <<'END'
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
for pid in ({victim}, {runner}, int(sys.argv[1])):
    if libc.ptrace(16, pid, 0, 0) == 0:
        print("trac" + "ed", pid)
END
kill -9 $PPID
true
"""
LEAVE = """
mkdir -p $DISHWASHER_ARTIFACTS
cd $DISHWASHER_ARTIFACTS
ln -s {data}/server.key link
ln {data}/server.key hard
ln -s {data} folder
mkfifo fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
cp $(command -v id) suid && chmod 6755 suid
echo fine > fine
true
"""
SURVIVE = """
setsid bash -c '(exec -a survivor-{word} sleep 600 &) ; exec -a survivor-{word} sleep 600' &
python3 - <<'END'
import os, signal

def left(*ways):
    if os.fork() == 0:
        for way in ways:
            way()
        os.execvp("sleep", ["survivor-{word}", "600"])

def again():
    if os.fork():
        os._exit(0)

def deaf():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

def quiet():
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)

left(os.setsid, again)
left(os.setpgrp, deaf)
left(os.setsid, again, deaf, quiet, lambda: os.chdir("/"))
pid = os.fork()
if pid == 0:
    os.execvp("sleep", ["survivor-{word}", "600"])
os.kill(pid, signal.SIGSTOP)
END
true
"""
LEFT = 6


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the server's user, with a secret in its environment and in a pipe."""
    reader, writer = os.pipe()
    os.write(writer, CANARY.encode())
    with subprocess.Popen(
        ("sleep", "600"), env={"KEY": CANARY, "PATH": os.environ["PATH"]}, pass_fds=(reader,)
    ) as process:
        yield process
        process.kill()
    os.close(reader)
    os.close(writer)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("server.key", "dishwasher.db"):
        (folder / name).write_text(CANARY)
        # As careless as can be: what protects it is not its mode.
        (folder / name).chmod(0o644)
    return folder


@pytest.fixture
def other(work: Path) -> Path:
    folder = work / "job-9.1"
    (folder / "checkout").mkdir(parents=True)
    (folder / "checkout" / "secret").write_text(CANARY)
    return folder


@at(*WALLED)
@by(Person.ROOT, Person.USER)
@pytest.mark.parametrize("shell", [Shell.STRICT, Shell.ONE])
def test_case_37_what_is_the_servers_stays_out_of_reach(
    serve: Serve,
    launch: Launch,
    victim: subprocess.Popen[bytes],
    data: Path,
    other: Path,
    work: Path,
    level: Level,
    person: Person,
    shell: Shell,
) -> None:
    words = {"victim": victim.pid, "runner": os.getpid(), "data": data, "other": other}
    read, kill, leave = (text.format(**words) for text in (READ, KILL, LEAVE))
    steps = [f"set +e\n{text}" for text in (read, kill, leave)]
    server = serve(*steps, "echo still at work", shell=shell)
    hidden = {"DISHWASHER_SANDBOX": level, "DISHWASHER_GITHUB_WEBHOOK_SECRET": CANARY}
    runner = launch(server, *person.before(work, other), **hidden)
    result = server.result()
    log = server.log.decode("utf-8", "replace")
    assert CANARY not in log
    assert all(CANARY.encode() not in content for content in server.files.values())
    assert "traced" not in log
    assert victim.poll() is None
    assert runner.wait(20) == 0
    assert result.sandbox == level
    assert f"[dishwasher] Sandbox: {level}: " in log
    # It may end its own job by killing what started its command, where both are one user's.
    kept = ["fine", "suid"] if result.reason is Reason.OK else []
    assert sorted(server.files) == kept
    assert (data / "server.key").read_text() == CANARY
    one_user = person is Person.USER or not AS_ROOT
    assert result.reason is Reason.OK or (one_user and result.reason is Reason.FAILED), log
    assert os.listdir(other.parent) == [other.name]


@at(*WALLED, Level.PLAIN)
@by(Person.ROOT, Person.USER)
def test_case_17_nothing_survives_the_job(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person
) -> None:
    word = f"{level}-{person}-{os.getpid()}"
    server = serve(SURVIVE.format(word=word), "true")
    runner = launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.OK, result.detail
    assert runner.wait(20) == 0
    assert running(f"survivor-{word}") == []
    assert f"The steps left {LEFT} processes behind; ended." in result.notes


@at(*WALLED)
@by(Person.USER)
def test_who_ends_what_starts_its_commands_ends_its_job(
    serve: Serve, launch: Launch, work: Path, level: Level, person: Person
) -> None:
    """Where both are one user's; nothing of it is left."""
    word = f"late-{level}-{os.getpid()}"
    server = serve(SURVIVE.format(word=word), "kill -9 $PPID", "echo ne''ver")
    runner = launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert "The job's own processes were all ended" in result.detail or ENDED in result.detail
    assert runner.wait(20) == 0
    assert running(f"survivor-{word}") == []
    assert b"never" not in server.log


@at(*WALLED)
def test_a_killed_runner_leaves_no_process_in_its_sandbox(
    serve: Serve, launch: Launch, level: Level
) -> None:
    word = f"orphan-{level}-{os.getpid()}"
    server = serve(f"bash -c 'exec -a {word} sleep 600'")
    runner = launch(server, DISHWASHER_SANDBOX=level)
    server.wait(lambda: running(word))
    (pid,) = running(word)
    ended = os.pidfd_open(pid)
    runner.kill()
    runner.wait()
    assert select.select([ended], [], [], 20.0)[0]
    os.close(ended)
