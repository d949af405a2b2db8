"""Behind walls a command ends, is ended and is told of as it is without."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.sandbox import Level
from dishwasher.core.step import Shell, Step
from dishwasher.core.ticket import Limits
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans
from dishwasher.runner.environment import Workspace
from dishwasher.runner.sandbox import landlock, mounts, places, probe, users
from dishwasher.runner.sandbox.cell import Cell
from dishwasher.runner.sandbox.enclosure import enclose
from dishwasher.runner.sandbox.rules import Rules

from tests.runner.conftest import Launch, Serve
from tests.runner.job import phase
from tests.runner.sandbox.levels import AS_ROOT, WALLED, at


@at(*WALLED)
@pytest.mark.parametrize("shell", [Shell.STRICT, Shell.ONE])
def test_exit_codes_and_signals_are_told(
    serve: Serve, launch: Launch, level: Level, shell: Shell
) -> None:
    steps = ("true", "(exit 7)", "bash -c 'kill -SEGV $$'", "nothing-of-this-name", "cd /; pwd")
    server = serve(phases=(phase("build", *steps, keep_going=True),), shell=shell)
    launch(server, DISHWASHER_SANDBOX=level)
    result = server.result()
    codes = [step.exit_code for step in result.phases[-1].steps]
    assert codes == [0, 7, 139, 127, 0], server.log.decode()
    assert b"\n/\n" in server.log


@at(*WALLED)
def test_case_19_a_cancelled_step_may_clean_up_and_must_end(
    serve: Serve, launch: Launch, level: Level
) -> None:
    polite = "trap 'echo cleaning; exit 1' INT; echo ready; while :; do sleep 0.1; done"
    server = serve(polite)
    runner = launch(server, DISHWASHER_SANDBOX=level)
    server.wait(lambda: b"\nready\n" in server.log)
    runner.terminate()
    assert server.result().reason is Reason.CANCELLED
    assert b"cleaning" in server.log
    assert runner.wait(20) == 0


@at(*WALLED)
def test_a_silent_step_is_ended_and_what_runs_beside_it_is_not(
    serve: Serve, launch: Launch, level: Level
) -> None:
    beside = Step("while :; do date +%N; sleep 0.1; done", background=True)
    silent = Step("sleep 60", silence=0.5)
    last = 'pgrep -f "date [+]%N" >/dev/null'
    server = serve(phases=(phase("build", beside, silent, last, keep_going=True),))
    launch(server, DISHWASHER_SANDBOX=level)
    result = server.result()
    assert [step.exit_code for step in result.phases[1].steps] == [None, None, 0]
    assert "printed nothing for 0.5 s" in result.detail
    (name,) = server.files
    assert name.startswith("stdout_while_")


@at(*WALLED)
def test_what_can_not_be_started_is_said(tmp_path: Path, level: Level) -> None:
    orphans.adopt()
    workspace = Workspace(tmp_path / "work")
    workspace.root.mkdir(mode=0o700)
    workspace.make()
    enclosed = enclose(probe.choose(level), workspace, Limits(), os.environ)
    cell = enclosed.cell
    assert cell is not None
    reader, writer = os.pipe()
    try:
        with pytest.raises(InfraError, match="nothing-here could not be started: No such file"):
            cell.start(("nothing-here",), workspace.checkout, {"PATH": "/usr/bin"}, writer)
        process = cell.start(
            ("sh", "-c", "exit 3"), workspace.checkout, {"PATH": "/usr/bin:/bin"}, writer
        )
        assert process.wait(10) == 3
        # A child begins with the peak of who started it, which is this process at last.
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + 100_000_000
        process = cell.start(
            (sys.executable, "-c", f"bytearray(b'x') * {size}"),
            *(workspace.checkout, {"PATH": "/usr/bin:/bin"}, writer),
        )
        assert process.wait(20) == 0
        assert size < process.usage.peak_bytes < size + 100_000_000
        assert process.usage.cpu_seconds > 0
        process = cell.start(("sleep", "60"), workspace.checkout, {"PATH": "/usr/bin:/bin"}, writer)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.kill()
        assert process.wait(10) == -9
    finally:
        cell.close()
        orphans.adopt(False)
        os.close(reader)
        os.close(writer)
    if enclosed.user is not None:
        assert workspace.checkout.stat().st_uid == enclosed.user[0]


@pytest.mark.skipif(not AS_ROOT, reason="only root gives jobs users of their own")
def test_two_jobs_at_once_are_two_users() -> None:
    first, second = users.User(), users.User()
    try:
        assert first.id != second.id
        assert {first.id, second.id} <= set(range(users.FIRST, users.FIRST + users.COUNT))
    finally:
        first.free()
        second.free()


def test_a_level_is_one_of_three_or_the_best_of_them() -> None:
    assert probe.choose("plain").level is Level.PLAIN
    with pytest.raises(UserError, match="There is no sandbox `padded`"):
        probe.choose("padded")
    orphans.adopt()
    try:
        assert probe.choose("auto").level in Level
    finally:
        orphans.adopt(False)


def test_without_bubblewrap_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    probe._isolation.cache_clear()
    try:
        with pytest.raises(UserError, match=r"not installed \(the package bubblewrap\)"):
            probe.choose("jailed")
    finally:
        probe._isolation.cache_clear()


def test_a_supervisor_that_ends_at_once_says_why() -> None:
    def broken(argv: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
        return (sys.executable, "-c", "raise SystemExit('no such luck')"), ()

    with pytest.raises(InfraError, match="no such luck"):
        Cell(Rules(), broken).open()


def test_of_a_home_only_installations_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (".cargo/bin", ".cargo/lib", ".local/bin", "bin", ".ssh", ".nvm/versions"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".cargo/credentials.toml").touch()
    path = ":".join(f"{tmp_path}/{name}" for name in (".cargo/bin", ".local/bin", "bin"))
    found = [
        place.removeprefix(f"{tmp_path}/")
        for place in places.readable({"PATH": f"{path}:relative"})
        if place.startswith(f"{tmp_path}/")
    ]
    assert found == ["bin", ".cargo/bin", ".cargo/lib", ".local/bin", ".nvm/versions"]


def test_certificates_that_jobs_are_told_of_are_read(tmp_path: Path) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.touch()
    assert str(trusted) in places.readable({"SSL_CERT_FILE": str(trusted)})


def test_settings_that_may_be_keys_are_not_read() -> None:
    read = places.readable({})
    assert not {"/etc", "/root", "/home", "/var", "/run", "/", "/etc/shadow"} & set(read)


@pytest.mark.skipif(not landlock.version(), reason="the kernel has no Landlock")
def test_what_landlock_takes_is_gone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").write_text("secret")
    code = (
        "import sys; from dishwasher.runner.sandbox import landlock\n"
        "mine, theirs = sys.argv[1:]\n"
        "landlock.restrict(['/usr', '/nothing-here'], [mine])\n"
        "open(mine + '/file', 'w').write('x')\n"
        "try:\n    open(theirs)\nexcept PermissionError as error:\n    print(error.strerror)\n"
    )
    argv = (sys.executable, "-c", code, str(tmp_path / "mine"), str(tmp_path / "theirs"))
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == "Permission denied\n"


def test_a_folder_that_not_all_may_enter_is_seen(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    (shut / "inside").mkdir(parents=True)
    shut.chmod(0o700)
    assert not mounts.is_open(str(shut / "inside"))
    assert mounts.is_open("/usr")
