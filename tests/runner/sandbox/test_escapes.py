"""Ways out that a program knows and a shell does not: nothing is reached from a jail."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dishwasher
import pytest
from dishwasher.core.job import Reason
from dishwasher.core.sandbox import Level

from tests.runner.conftest import Launch, Serve
from tests.runner.sandbox.levels import WALLED, at
from tests.runner.sandbox.people import Person, by
from tests.runner.server import ATTEMPT, CODE, TOKEN, Server

HERE = Path(__file__).parent
SAME_USER = frozenset({"prlimit", "keyring", "sysv"})
"""What Landlock leaves to processes of one user: docs/sandbox.md says so."""

# As a login does for what it starts: a ring of keys that is handed on to all of that.
KEYED = """
import ctypes, os, platform, sys
libc, name, key = ctypes.CDLL(None), *map(str.encode, sys.argv[1:3])
add = 248 if platform.machine() == "x86_64" else 217
libc.syscall(add + 2, 1, 0)
libc.syscall(add, b"user", name, key, len(key), -3)
os.execvp(sys.argv[3], sys.argv[3:])
"""
Careless = Callable[[Person], int]


@pytest.fixture
def canary() -> str:
    return f"canary-{secrets.token_hex(6)}"


@pytest.fixture
def name() -> str:
    return f"dishwasher-test-{secrets.token_hex(6)}"


@pytest.fixture
def data(tmp_path: Path, canary: str) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "server.key").write_text(canary)
    return folder


@pytest.fixture
def careless(data: Path, name: str, canary: str) -> Iterator[Careless]:
    """careless(person) → the process id of one that shares what it can."""
    begun: list[subprocess.Popen[str]] = []

    def begin(person: Person) -> int:
        argv = (sys.executable, str(HERE / "victim.py"), str(data), name, canary)
        process = subprocess.Popen(
            (*person.before(data, HERE / "victim.py"), *argv),
            env={"KEY": canary, "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        return process.pid

    yield begin
    for process in begun:
        process.communicate()


def reached(log: str) -> dict[str, str]:
    found = (line.split(maxsplit=2) for line in log.splitlines() if line.startswith("reached "))
    return {words[1]: " ".join(words[2:]) for words in found}


def served(serve: Serve, data: Path, name: str, pids: tuple[int, ...]) -> Server:
    """A server whose job tries them all."""
    server = serve("true")
    port = server.port
    server.stop()
    wanted = {
        "pids": pids,
        "data": str(data),
        "name": name,
        "attempt": ATTEMPT,
        "port": port,
        "servers": [sys.prefix, str(Path(dishwasher.__file__).parent), str(data)],
    }
    program = (HERE / "escapes.py").read_text()
    return serve(f"python3 - '{json.dumps(wanted)}' <<'END'\n{program}\nEND")


@at(*WALLED)
@by(Person.ROOT, Person.USER)
def test_case_37_no_way_leads_out(
    serve: Serve,
    launch: Launch,
    work: Path,
    data: Path,
    name: str,
    canary: str,
    careless: Careless,
    level: Level,
    person: Person,
) -> None:
    victim = careless(person)
    server = served(serve, data, name, (victim, os.getpid(), os.getppid()))
    before = (*person.before(work), sys.executable, "-c", KEYED, name, canary)
    runner = launch(server, *before, DISHWASHER_SANDBOX=level)
    result = server.result(60.0)
    log = server.log.decode("utf-8", "replace")
    assert result.reason is Reason.OK, log
    assert "tried it all" in log and "could not go on" not in log
    allowed = SAME_USER if (level, person) == (Level.CONFINED, Person.USER) else frozenset[str]()
    assert set(reached(log)) <= allowed, reached(log)
    if not allowed:
        assert canary not in log
    assert not {CODE, TOKEN} & set(log.replace('"', " ").split())
    assert runner.wait(20) == 0
    assert (data / "server.key").read_text() == canary


@at(Level.PLAIN)
@by(Person.USER)
def test_each_way_is_one_where_there_are_no_walls(
    serve: Serve,
    launch: Launch,
    work: Path,
    data: Path,
    name: str,
    canary: str,
    careless: Careless,
    level: Level,
    person: Person,
) -> None:
    """A way that leads nowhere even here would prove nothing."""
    server = served(serve, data, name, (careless(person),))
    launch(server, *person.before(work, data), DISHWASHER_SANDBOX=level)
    result = server.result(60.0)
    log = server.log.decode("utf-8", "replace")
    assert result.reason is Reason.OK, log
    ways = {"proc", "ptrace", "memory", "pidfd", "prlimit", "signal", "keyring", "abstract"}
    assert set(reached(log)) >= ways | {"socket", "sysv", "write", "privileges"}, reached(log)
    assert canary in log


RINGS = """
import ctypes, platform, sys
libc = ctypes.CDLL(None)
add = 248 if platform.machine() == "x86_64" else 217
rings = (-4, -5, libc.syscall(add + 2, 22, -1, -2))
for ring in rings:
    key = libc.syscall(add + 2, 10, ring, b"user", sys.argv[1].encode(), 0)
    print("found" if key > 0 else "nothing", ring)
for ring in rings:
    libc.syscall(add, b"user", sys.argv[1].encode(), b"secret", 6, ring)
"""


@at(*WALLED)
@by(Person.ROOT)
def test_no_job_finds_the_keys_of_another_that_had_its_user(
    serve: Serve, launch: Launch, work: Path, name: str, level: Level, person: Person
) -> None:
    """The kernel keeps rings of a user's for days after its last process."""
    for _ in range(2):
        server = serve(f"python3 -c '{RINGS}' {name}; python3 -c '{RINGS}' {name}")
        launch(server, *person.before(work), DISHWASHER_SANDBOX=level)
        result = server.result(60.0)
        log = server.log.decode("utf-8", "replace")
        assert result.reason is Reason.OK, log
        said = [line.split()[0] for line in log.splitlines() if line[:5] in ("found", "nothi")]
        # Its own are there at the second look, where keys can be had at all.
        assert said[:3] == ["nothing"] * 3 and len(said) == 6
