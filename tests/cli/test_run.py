"""`dishwasher run`, as a program: what it runs, shows, keeps and answers."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runner.services.test_services import installed

CONFIG = """\
checks:
  lint: {run: "echo linted > $DISHWASHER_ARTIFACTS/lint.txt", annotate: flake8}
  tests:
    needs: [lint]
    run:
      - echo "$SECRET_OF_MINE at $DISHWASHER_BRANCH"
      - test -f new
deployments:
  staging:
    branch: main
    run: touch "$PROOF"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / ".dishwasher.yml").write_text(CONFIG)
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    (root / "new").write_text("not committed\n")
    return root


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(("git", *who, *words), cwd=root, check=True, capture_output=True)


def dishwasher(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "dishwasher", "run", *words),
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def results(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def test_the_folder_as_it_is_and_no_deployment(project: Path, tmp_path: Path) -> None:
    kept, told = tmp_path / "kept", tmp_path / "told.json"
    words = ("--env", "SECRET_OF_MINE", "--artifacts", str(kept), "--json", str(told))
    done = dishwasher(project, *words, SECRET_OF_MINE="passed on", PROOF=str(tmp_path / "proof"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed on at main\n" in done.stdout
    assert (kept / "lint" / "lint.txt").read_text() == "linted\n"
    assert not (tmp_path / "proof").exists()
    ended = results(told)
    assert (ended["conclusion"], [job["name"] for job in ended["jobs"]]) == (
        "success",
        ["lint", "tests"],
    )
    (lint, tests) = ended["jobs"]
    assert [artifact["path"] for artifact in lint["artifacts"]] == ["lint.txt"]
    build = next(phase for phase in tests["phases"] if phase["name"] == "build")
    assert [step["exit_code"] for step in build["steps"]] == [0, 0]


def test_a_deployment_when_it_is_asked_for(project: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    words = ("--deploy", "--env", f"PROOF={proof}")
    assert dishwasher(project, *words).returncode == 0
    assert proof.exists()


def test_a_buildspec_that_deploys_does_so_only_when_told(project: Path) -> None:
    (project / ".dishwasher.yml").unlink()
    (project / "buildspec.yml").write_text(
        "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n"
        "  post_build:\n    commands:\n      - echo aws s3 sync | cat\n      - eb deploy || true\n"
    )
    held = dishwasher(project)
    assert held.returncode == 0
    assert "build: It has commands that deploy or publish; --deploy runs it." in held.stdout
    assert "built\n" not in held.stdout
    assert "\nbuilt\n" in dishwasher(project, "--deploy").stdout
    named = dishwasher(project, "--job", "build")
    assert "build has commands that deploy or publish: say --deploy" in named.stderr


def test_what_needs_a_failed_job_is_not_started(project: Path, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    (project / ".dishwasher.yml").write_text(CONFIG.replace("echo linted", "false; echo"))
    done = dishwasher(project, "--json", str(told))
    assert done.returncode == 1
    assert [(job["name"], job["reason"]) for job in results(told)["jobs"]] == [
        ("lint", "failed"),
        ("tests", "need_failed"),
    ]
    assert "Not started, because of lint." in done.stdout


def test_why_a_job_failed_is_said_once(project: Path) -> None:
    (project / ".dishwasher.yml").write_text("checks: {lint: 'false'}\n")
    done = dishwasher(project)
    assert done.returncode == 1
    assert done.stdout.count("exited with 1") == 1


def test_a_network_that_only_a_jail_keeps_to_is_told(project: Path) -> None:
    (project / ".dishwasher.yml").write_text("checks: {a: {run: echo well, network: false}}\n")
    done = dishwasher(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This job has the machine's network here, and not what its `network` says" in done.stdout


def test_without_a_configuration_it_says_what_it_goes_by(project: Path) -> None:
    (project / ".dishwasher.yml").unlink()
    (project / "test_cart.py").write_text("import unittest\n")
    done = dishwasher(project)
    assert done.returncode == 0, done.stdout
    first = done.stdout.splitlines()[0]
    assert first.startswith("note: There is no configuration; the project's files imply one")


def test_one_job_alone(project: Path) -> None:
    done = dishwasher(project, "--job", "tests")
    assert done.returncode == 0
    assert "linted" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--job", "test"), "there is no job test"),
        (("--job", "staging"), "staging is a deployment: say --deploy"),
        (("--job", "staging", "--deploy", "--branch", "topic"), "would not run for this event"),
        (("--env", "NOT_SET_ANYWHERE"), "there is no such variable here"),
        (("nowhere",), "nowhere is not a folder"),
    ],
)
def test_wrong_usage_says_what_to_do(project: Path, words: tuple[str, ...], said: str) -> None:
    done = dishwasher(project, *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_mistakes_of_the_configuration_run_nothing(project: Path) -> None:
    (project / ".dishwasher.yml").write_text("checks:\n  lint: {rnu: flake8}\n")
    done = dishwasher(project)
    assert done.returncode == 2
    assert "Did you mean `run`?" in done.stdout


def test_an_event_that_asks_for_nothing_says_why(project: Path) -> None:
    done = dishwasher(project, "--tag", "v1")
    assert done.returncode == 0
    assert "Nothing runs. No job of this file asks for tags." in done.stdout


def test_interrupted_it_cleans_up_and_says_130(project: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (project / ".dishwasher.yml").write_text(
        f'checks:\n  slow:\n    run: \'trap "echo bye; exit 1" INT; touch {tmp_path}/begun; '
        "sleep 60 & wait'\n  next: {run: echo not reached}\n"
    )
    process = subprocess.Popen(
        (sys.executable, "-m", "dishwasher", "run"),
        cwd=project,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "bye" in out
    assert "Not started: the run was cancelled." in out
    assert list(temporary.iterdir()) == []


def test_on_a_terminal_steps_are_folded(project: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        (sys.executable, "-m", "dishwasher", "run", "--job", "tests"),
        cwd=project,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": ""},
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    written = bytearray()
    try:
        while data := os.read(master, 4096):
            written += data
    except OSError:
        # Linux says EIO when the last writer of a terminal is gone.
        pass
    finally:
        os.close(master)
    assert process.wait(30) == 0
    assert "✓".encode() in written
    assert b"\x1b[0J" in written


@installed("postgresql")
def test_a_database_of_its_own_and_its_log_when_the_job_fails(
    project: Path, tmp_path: Path
) -> None:
    (project / ".dishwasher.yml").write_text(
        "machine:\n  services: [postgres]\n"
        "  environment: {DATABASE_URL: postgres://localhost/app_test}\n"
        "checks:\n  tests:\n    run:\n      - psql $DATABASE_URL -Atc 'select current_database()'\n"
        "      - psql $DATABASE_URL -c 'select nonsense'\n"
    )
    kept = tmp_path / "kept"
    done = dishwasher(project, "--artifacts", str(kept))
    assert done.returncode == 1
    assert "\napp_test\n" in done.stdout
    log = (kept / "tests" / "services" / "postgresql.log").read_text()
    assert 'column "nonsense" does not exist' in log


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--json", "gone/told.json"), "--json gone/told.json: that is no file in a folder"),
        (("--json", "."), "--json .: that is no file in a folder"),
        (("--env", "=x"), "--env =x: nothing can not be the name of a variable"),
        (("--env", "A-B=x"), "--env A-B=x: A-B can not be the name of a variable"),
        (("--deploy", "--tag", ""), "--tag is empty; leave it out, or say what it is"),
    ],
)
def test_what_can_not_be_meant_is_said_before_anything_runs(
    project: Path, words: tuple[str, ...], why: str
) -> None:
    done = dishwasher(project, *words, PROOF=str(project / "proof"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"dishwasher: {why}" in done.stderr
    assert not (project / "proof").exists()
