"""`dishwasher app` against the stand-in GitHub: what a browser asks, and the terminal says."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from dishwasher.cli import app as command
from dishwasher.cli.main import OUR_FAULT, WRONG_USAGE, main
from dishwasher.demo.github import StandIn
from dishwasher.github import manifest
from dishwasher.wiring import registration
from dishwasher.wiring.registration import keep

from tests.cli.browser import Running, agree, get, press
from tests.wiring.test_registration import APP

PUBLIC = "https://ci.example.com"


@pytest.fixture
def github() -> Iterator[StandIn]:
    with StandIn() as github:
        github.sign_in("alice")
        yield github
        assert github.violations == []


def environment(github: StandIn, data: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DISHWASHER_GITHUB_URL": github.url,
        "DISHWASHER_DATA": str(data),
    }


@contextmanager
def creating(github: StandIn, data: Path, *words: str) -> Iterator[Running]:
    whole = (sys.executable, "-m", "dishwasher", "app", "create", "--no-browser", *words)
    process = subprocess.Popen(
        whole,
        env=environment(github, data),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


def test_an_app_is_made_by_two_clicks(github: StandIn, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with creating(github, data, "--public-url", PUBLIC + "/", "--name", "mine") as running:
        page = get(running.url)[1]
        for permission, level in manifest.asked().permissions.items():
            assert f"{permission.replace('_', ' ')}</th><td>{level}</td>" in page
        status, done = agree(github, running.url)
        assert status == 200 and "mine is there" in done
        code, out, error = running.end()
    assert (code, error) == (0, "")
    (app,) = github.world.apps.values()
    stored = registration.stored(data)
    assert stored is not None
    assert (stored.id, stored.private_key) == (app.id, app.private_key.strip())
    assert (stored.webhook_secret, stored.client_secret) == (app.webhook_secret, app.client_secret)
    assert (app.webhook_url, app.owner_id) == (f"{PUBLIC}/webhook", github.user("alice").id)
    assert stored.public_url == PUBLIC
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert f"{github.url}/apps/mine/installations/new" in out and "dishwasher serve" in out
    for secret in (app.webhook_secret, app.client_secret, app.private_key):
        assert secret not in out + done


def test_an_organisations_app_is_made_on_its_page(github: StandIn, tmp_path: Path) -> None:
    github.add_user("acme", organization=True)
    words = ("--public-url", PUBLIC, "--organisation", "acme")
    with creating(github, tmp_path, *words) as running:
        assert "Create GitHub App for acme" in press(running.url, get(running.url)[1])[1]
        assert agree(github, running.url)[0] == 200
        assert running.end()[0] == 0
    (app,) = github.world.apps.values()
    assert (app.name, app.owner_id) == ("dishwasher-acme", github.user("acme").id)


def test_an_answer_that_nobody_has_asked_for_makes_nothing(github: StandIn, tmp_path: Path) -> None:
    with creating(github, tmp_path, "--public-url", PUBLIC) as running:
        base = running.url.rpartition("/")[0]
        get(running.url)
        assert get(f"{base}/created?code=x&state=y")[0] == 404
        assert get(f"{base}/wrong-token")[0] == 404
        assert get(f"{running.url}/created?code=x&state=guessed")[0] == 403
        assert get(f"{running.url}/created?code=x")[0] == 403
        assert github.requests("POST", "/app-manifests/*") == []
        assert agree(github, running.url)[0] == 200
        assert running.end()[0] == 0


def test_a_code_that_is_refused_can_be_had_anew(github: StandIn, tmp_path: Path) -> None:
    with creating(github, tmp_path, "--public-url", PUBLIC) as running:
        state = re.findall(r"state=([\w-]+)", get(running.url)[1])[0]
        assert get(f"{running.url}/created?state={state}")[0] == 400
        status, page = get(f"{running.url}/created?code=stale&state={state}")
        assert status == 410 and "used already, or is older than an hour" in page
        # The state was for one answer.
        assert get(f"{running.url}/created?code=stale&state={state}")[0] == 403
        assert agree(github, running.url)[0] == 200
        assert running.end()[0] == 0


def test_a_github_that_fails_at_the_exchange_is_asked_again(
    github: StandIn, tmp_path: Path
) -> None:
    github.fail("502-before", "/app-manifests/*", "POST")
    with creating(github, tmp_path, "--public-url", PUBLIC) as running:
        start = get(running.url)[1]
        asked = press(running.url, start)[1]
        status, page = press(github.url, asked)
        assert status == 502 and "Try again" in page
        (state,) = re.findall(r"state=([\w-]+)", unescape(start))
        (code,) = github.world.codes
        assert get(f"{running.url}/created?code={code}&state={state}")[0] == 200
        assert running.end()[0] == 0


def test_keys_that_can_not_be_kept_are_told_of(github: StandIn, tmp_path: Path) -> None:
    with creating(github, tmp_path, "--public-url", PUBLIC, "--name", "mine") as running:
        keep(APP, tmp_path)
        assert "The keys are lost" in agree(github, running.url)[1]
        code, _, error = running.end()
    assert code == OUR_FAULT
    assert f"delete it at {github.url}/apps/mine" in error
    assert registration.stored(tmp_path) == APP


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(words)
    return code, capsys.readouterr().err


def test_nobody_comes_in_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISHWASHER_PUBLIC_URL", "http://localhost:8080")
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    words = ("app", "create", "--minutes", "0.001", "--no-browser", "--data", str(tmp_path))
    code = main(words)
    shown = capsys.readouterr()
    assert code == WRONG_USAGE and "start this again" in shown.err
    assert "GitHub can not reach this address from outside" in shown.out
    assert "ssh -L" in shown.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "--public-url is missing"),
        (("--public-url", "ci.example.com"), "is not an http or https URL"),
        (("--public-url", PUBLIC, "--name", "x" * 35), "1 to 34 characters"),
        (("--public-url", PUBLIC, "--host", "192.0.2.1"), "choose another port"),
        (("--public-url", PUBLIC, "--port", "70000"), "can not listen"),
    ],
)
def test_what_can_not_work_is_told_before_anything_is_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    code, error = said(capsys, "app", "create", "--data", str(tmp_path / "data"), *words)
    assert (code, expected in error) == (WRONG_USAGE, True), error


def test_an_app_that_is_there_is_told_before_anything_is_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keep(APP, tmp_path)
    words = ("app", "create", "--data", str(tmp_path), "--public-url", PUBLIC)
    code, error = said(capsys, *words)
    assert code == WRONG_USAGE
    assert "Dishwasher Acme (https://github.com/apps/dishwasher-acme)" in error
    assert "--replace" in error


def test_a_folder_that_can_not_be_written_is_told_before(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    words = ("app", "create", "--data", str(tmp_path / "file"), "--public-url", PUBLIC)
    code, error = said(capsys, *words)
    assert (code, "can not be written" in error) == (WRONG_USAGE, True)


def test_every_permission_has_its_reason() -> None:
    assert command.WHY.keys() == manifest.asked().permissions.keys()


def test_the_webhook_moves_with_the_server(
    github: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with creating(github, tmp_path, "--public-url", PUBLIC) as running:
        agree(github, running.url)
        running.end()
    code, error = said(
        capsys, "app", "webhook", "https://new.example.com/", "--data", str(tmp_path)
    )
    assert (code, error) == (0, "")
    (app,) = github.world.apps.values()
    assert app.webhook_url == "https://new.example.com/webhook"
    stored = registration.stored(tmp_path)
    assert stored is not None and stored.public_url == "https://new.example.com"
