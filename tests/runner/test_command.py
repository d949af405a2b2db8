"""Commands as real processes: how they end, and how they are made to end."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dishwasher.errors import InfraError
from dishwasher.runner import orphans
from dishwasher.runner.command import Commands, Ended, Grace
from dishwasher.runner.ending import explain, title
from dishwasher.runner.stop import Cause, Stop

from tests.runner.processes import running

GRACE = Grace(0.3, 0.3)
PATIENT = Grace(20.0, 20.0)
"""Where the first signal ends it: however busy the machine is, that comes first."""


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


Run = Callable[[str], tuple[Ended, bytes]]


@pytest.fixture
def parent() -> Iterator[None]:
    """This process adopts orphans, as a runner does."""
    orphans.adopt()
    yield
    orphans.adopt(False)


@pytest.fixture
def run(stop: Stop, parent: None, tmp_path: Path) -> Iterator[Run]:
    """run(script) → how it ended, and its output."""
    commands = Commands(stop, time.monotonic() + 60, GRACE)

    def begin(script: str) -> tuple[Ended, bytes]:
        output: list[bytes] = []
        argv = ("bash", "-eo", "pipefail", "-c", script)
        ended = commands.run(argv, tmp_path, dict(os.environ), output.append)
        return ended, b"".join(output)

    yield begin
    commands.end()


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("true", 0, "exited with 0"),
        ("exit 3", 3, "exited with 3"),
        ("false | true", 1, "exited with 1"),
        ("touch x; ./x; true", 126, "exited with 126: a program was found but could not be"),
        ("printf '\\177ELF' > x; chmod +x x; ./x; true", 126, "exited with 126: a program was"),
        ("no-such-program; true", 127, "exited with 127: a program was not found; is it installed"),
        ("kill -KILL $$", 137, "was ended by SIGKILL (often because the machine ran out of"),
        ("bash -c 'kill -SEGV $$'; true", 139, "exited with 139: a program in it was ended by S"),
        ("exit 255", 255, "exited with 255"),
        ("bash -c 'kill -34 $$'; true", 162, "exited with 162: a program in it was ended by SI"),
    ],
)
def test_every_exit_is_said_in_plain_words(run: Run, script: str, code: int, words: str) -> None:
    """Case 22."""
    ended, _ = run(script)
    assert ended.exit_code == code
    assert explain(ended).startswith(words)


def test_stdout_and_stderr_come_in_order(run: Run) -> None:
    assert run("echo a; echo b >&2; echo c")[1] == b"a\nb\nc\n"


def test_stdin_is_empty_and_the_session_its_own(run: Run) -> None:
    _, output = run("cat; ps -o sid= -p $$; echo $$")
    session, pid = output.split()
    assert session == pid


def test_a_program_that_is_not_there_is_our_fault(stop: Stop, tmp_path: Path) -> None:
    commands = Commands(stop, time.monotonic() + 60, GRACE)
    with pytest.raises(InfraError, match="no-such-program could not be started"):
        commands.run(("no-such-program",), tmp_path, {"PATH": "/bin"}, lambda data: None)


class Cancelled:
    """Runs a script that says `up` when it is ready, and requests the stop then."""

    def __init__(self, stop: Stop, cause: Cause, folder: Path, grace: Grace = GRACE) -> None:
        self._stop, self._cause, self._folder, self._grace = stop, cause, folder, grace

    def __call__(self, script: str) -> tuple[Ended, bytes]:
        output = b""

        def take(data: bytes) -> None:
            nonlocal output
            output += data
            if output == b"up\n":
                self._stop.request(self._cause)

        commands = Commands(self._stop, time.monotonic() + 60, self._grace)
        ended = commands.run(("bash", "-c", script), self._folder, dict(os.environ), take)
        return ended, output


@pytest.mark.parametrize(
    ("traps", "grace", "said"),
    [
        ("trap 'echo int; exit 1' INT; trap 'echo term; exit 1' TERM", PATIENT, b"int\n"),
        ("trap '' INT; trap 'echo term; exit 1' TERM", Grace(0.3, 20.0), b"term\n"),
        ("trap '' INT TERM", GRACE, b""),
    ],
)
def test_a_cancel_climbs_from_int_over_term_to_kill(
    parent: None, stop: Stop, tmp_path: Path, traps: str, grace: Grace, said: bytes
) -> None:
    """Case 19: over within the two graces and a little."""
    begun = time.monotonic()
    ended, output = Cancelled(stop, Cause.CANCELLED, tmp_path, grace)(
        f"{traps}; echo up; sleep 86241 & wait; wait"
    )
    assert ended.exit_code is None
    assert explain(ended) == "was stopped"
    assert output == b"up\n" + said
    assert time.monotonic() - begun < 5
    assert running("86241") == []


def test_who_is_fenced_is_killed_at_once(parent: None, stop: Stop, tmp_path: Path) -> None:
    ended, output = Cancelled(stop, Cause.FENCED, tmp_path)(
        "trap 'echo int' INT; trap 'echo term' TERM; echo up; setsid sleep 86242 & wait"
    )
    assert (ended.exit_code, output) == (None, b"up\n")
    assert running("86242") == []


def test_nothing_goes_on_after_a_stop(run: Run, stop: Stop) -> None:
    stop.request(Cause.CANCELLED)
    ended, _ = run("trap '' INT TERM; sleep 30")
    assert ended.exit_code is None


def test_the_deadline_is_a_stop(stop: Stop, tmp_path: Path) -> None:
    commands = Commands(stop, time.monotonic() + 0.1, GRACE)
    ended = commands.run(("sleep", "30"), tmp_path, dict(os.environ), lambda data: None)
    assert ended.exit_code is None
    assert stop.cause is Cause.TIMED_OUT


def test_only_what_gives_us_up_overrides_an_earlier_cause(stop: Stop) -> None:
    stop.request(Cause.TIMED_OUT)
    stop.request(Cause.CANCELLED)
    assert (stop.cause, stop.silent) == (Cause.TIMED_OUT, False)
    stop.request(Cause.FENCED, "409")
    stop.request(Cause.LEASE_OVER)
    assert (stop.cause, stop.silent, stop.detail) == (Cause.FENCED, True, "409")


def test_a_sweep_spares_what_was_there_before(run: Run, stop: Stop, tmp_path: Path) -> None:
    with subprocess.Popen(("sleep", "86243")) as other:
        commands = Commands(stop, time.monotonic() + 60, GRACE)
        commands.run(
            ("bash", "-c", "sleep 86244 & "), tmp_path, dict(os.environ), lambda data: None
        )
        assert other.poll() is None
        assert orphans.children() >= {other.pid}
        commands.end()
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("flake8 app", "flake8 app"),
        ("  flake8 app\n", "flake8 app"),
        ("cd app\npython manage.py test", "cd app …"),
        ("x" * 80, f"{'x' * 60} …"),
    ],
)
def test_a_title_is_one_short_line(command: str, shown: str) -> None:
    assert title(command) == shown
