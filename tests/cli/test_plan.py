"""`dishwasher plan`: what an event would run in a checkout, and why not, as people and programs
see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dishwasher.cli.main import main

CONFIG = """\
checks:
  lint: flake8 app
  docs:
    when: {path: docs/**}
    run: make docs
  tests:
    needs: lint
    run: [pip install -r requirements.txt, pytest]
deployments:
  staging:
    branch: main
    run: ./deploy.sh staging
  release:
    tag: /v.*/
    run: ./deploy.sh production
schedules:
  nightly: {cron: "0 3 * * *", jobs: [tests]}
inputs:
  LEVEL: {description: How much, options: [some, all], default: some}
"""


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *names, *words), cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone's topic branch, one commit of the configuration behind it."""
    (tmp_path / ".dishwasher.yml").write_text(CONFIG)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "remote", "add", "origin", "git@github.com:acme/site.git")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    git(tmp_path, "checkout", "-q", "-b", "topic")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(("plan", *words))
    said = capsys.readouterr()
    return code, said.out + said.err


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code, text = plan(capsys, *words, "--json")
    assert code == 0, text
    made: dict[str, Any] = json.loads(text)
    return made


def left_out(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    """Of every job why it does not run."""
    return {job["name"]: job["left_out"] for job in planned(capsys, *words)["jobs"]}


def running(capsys: pytest.CaptureFixture[str], *words: str) -> set[str]:
    return {name for name, why in left_out(capsys, *words).items() if not why}


@pytest.mark.usefixtures("checkout")
def test_every_job_has_a_row_and_what_does_not_run_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan(capsys) == (
        0,
        ".dishwasher.yml (native): a push to topic of acme/site\n"
        "\n"
        "  job      kind    needs  line  what\n"
        "● lint     check             2  flake8 app\n"
        "● docs     check             3  make docs\n"
        "● tests    check   lint      6  pip install -r requirements.txt (+1)\n"
        "○ staging  deploy           10  It deploys main, not topic.\n"
        "○ release  deploy           13  It deploys the tags /v.*/, not branches.\n"
        "\n"
        "3 of 5 run.\n",
    )


@pytest.mark.usefixtures("checkout")
def test_a_deployment_waits_for_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    made = planned(capsys, "--branch", "main")
    assert made["stages"] == [["lint", "docs"], ["tests"], ["staging"]]
    assert (
        "▲ staging  deploy  every check    10  ./deploy.sh staging\n"
        in (plan(capsys, "--branch", "main")[1])
    )


@pytest.mark.usefixtures("checkout")
def test_the_graph_shows_what_waits_for_what(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = plan(capsys, "--branch", "main", "--graph")
    assert code == 0
    assert (
        "● lint ─────╮\n● docs ─────│──╮\n● tests ◀───╯  │\n╰──────────────┤\n▲ staging ◀────╯\n"
    ) in text


def test_changed_files_come_from_git(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "app.py").write_text("a = 1\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Add an app")
    (checkout / ".dishwasher.yml").write_text(CONFIG + "\n")
    made = planned(capsys)
    assert made["event"]["changed"] == [".dishwasher.yml", "app.py"]
    assert left_out(capsys)["docs"] == "Nothing was changed in docs/**."
    (checkout / "docs").mkdir()
    (checkout / "docs" / "new.rst").write_text("New\n")
    assert "docs" in running(capsys)


@pytest.mark.usefixtures("checkout")
def test_changed_files_can_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert "docs" not in running(capsys, "--changed", "app.py")
    assert "docs" in running(capsys, "--changed", "app.py", "docs/a/b.rst")
    assert "docs" not in running(capsys, "--changed")


def test_the_commit_message_may_skip_all(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(checkout, "commit", "-q", "--allow-empty", "-m", "Mend a typo [skip ci]")
    said = "Nothing runs. The commit message says [skip ci].\n"
    assert plan(capsys)[1].endswith(said)
    assert running(capsys, "--message", "Mend a typo") == {"lint", "tests"}


@pytest.mark.usefixtures("checkout")
def test_a_tag(capsys: pytest.CaptureFixture[str]) -> None:
    assert running(capsys, "--tag", "v1.2.0") == {"lint", "docs", "tests", "release"}
    assert running(capsys, "--tag", "other") == set()
    code, text = plan(capsys, "--event", "tag")
    assert (code, text) == (2, "dishwasher: the event tag needs a tag: --tag v1.2.0\n")


@pytest.mark.usefixtures("checkout")
def test_a_pull_request_deploys_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--event", "pull_request", "--branch", "main")
    assert running(capsys, *words) == {"lint", "docs", "tests"}
    assert plan(capsys, "--base", "main")[1].startswith(
        ".dishwasher.yml (native): a pull request from topic to main of acme/site\n"
    )


def test_a_pull_request_with_a_label(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "checks:\n  tests: make\n  preview: {run: make, when: {label: preview}}\n"
    (checkout / ".dishwasher.yml").write_text(text)
    assert running(capsys, "--event", "pull_request") == {"tests"}
    assert running(capsys, "--label", "Preview") == {"tests", "preview"}
    code, _ = plan(capsys, "--label", "preview", "--event", "push")
    assert code == 2


@pytest.mark.usefixtures("checkout")
def test_a_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    assert running(capsys, "--event", "schedule") == {"tests"}
    assert planned(capsys, "--schedule", "nightly")["event"]["branch"] == "main"
    assert plan(capsys, "--schedule", "nightli") == (
        2,
        "dishwasher: there is no schedule nightli; there is `nightly`. Did you mean `nightly`?\n",
    )


@pytest.mark.usefixtures("checkout")
def test_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    made = planned(capsys, "--input", "LEVEL=all")
    assert (made["event"]["kind"], made["event"]["inputs"]) == ("manual", {"LEVEL": "all"})
    assert planned(capsys, "--event", "manual")["event"]["inputs"] == {"LEVEL": "some"}
    for given, said in (
        ("LEVEL=none", "the input LEVEL is one of `some`, `all`, not none"),
        ("LVEL=all", "there is no input LVEL; there is `LEVEL`. Did you mean `LEVEL`?"),
        ("LEVEL", "--input LEVEL has no value: --input LEVEL=VALUE"),
    ):
        assert plan(capsys, "--input", given) == (2, f"dishwasher: {said}\n")


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(
    "words",
    [
        ("--event", "push", "--tag", "v1"),
        ("--event", "push", "--schedule", "nightly"),
        ("--event", "push", "--input", "LEVEL=all"),
        ("nowhere",),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, text = plan(capsys, *words)
    assert (code, text.count("\n"), text.startswith("dishwasher: ")) == (2, 1, True)


@pytest.mark.usefixtures("checkout")
def test_one_job_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = plan(capsys, "--job", "tests")
    assert (code, text.splitlines()[0]) == (0, "● tests  check  .dishwasher.yml:6")
    assert "     8 $ pytest\n" in text
    assert "  needs        lint\n" in text
    code, text = plan(capsys, "--job", "release")
    assert text.splitlines()[1] == "  does not run: It deploys the tags /v.*/, not branches."
    code, text = plan(capsys, "--job", "test")
    assert (code, text.endswith("Did you mean `tests`?\n")) == (2, True)


def test_mistakes_are_shown_as_validate_shows_them(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".dishwasher.yml").write_text("checks:\n  lint: {rum: flake8}\n")
    code, text = plan(capsys)
    assert (code, "╭─ .dishwasher.yml:2:10" in text, "Did you mean `run`?" in text) == (
        2,
        True,
        True,
    )
    code, text = plan(capsys, "--json")
    told = json.loads(text)
    assert (code, told["valid"], told["problems"][0]["line"]) == (2, False, 2)


def test_a_file_may_be_named_from_the_checkout_or_from_here(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "ci").mkdir()
    (checkout / "ci" / "other.yml").write_text("checks: {other: make}\n")
    assert running(capsys, "--config", "ci/other.yml") == {"other"}
    monkeypatch.chdir(checkout / "ci")
    assert running(capsys, str(checkout), "--config", "ci/other.yml") == {"other"}
    assert running(capsys, str(checkout), "--config", "other.yml") == {"other"}
    code, text = plan(capsys, "--config", "none.yml")
    assert (code, text.splitlines()[0]) == (2, "error: there is no file `none.yml`")


def test_an_implied_plan_says_why(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / ".dishwasher.yml").unlink()
    (checkout / ".flake8").write_text("[flake8]\nmax-line-length = 100\n")
    (checkout / "app.py").write_text("a = 1\n")
    (checkout / ".travis.yml").write_text("language: python\n")
    code, text = plan(capsys)
    assert (code, "(implied): a push to topic" in text.splitlines()[0]) == (0, True)
    assert "note: .travis.yml: of another service, and not read.\n" in text
    assert "flake8" in text


def test_a_folder_without_git_will_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".dishwasher.yml").write_text(CONFIG)
    code, text = plan(capsys, str(tmp_path))
    assert (code, f"{tmp_path}/.dishwasher.yml (native): a push to main\n" in text) == (0, True)


@pytest.mark.usefixtures("checkout")
def test_the_exit_code_of_the_program_itself() -> None:
    def code(*words: str) -> int:
        return subprocess.run(
            (sys.executable, "-m", "dishwasher", "plan", *words),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            timeout=30,
            check=False,
        ).returncode

    assert (code(), code("--event", "tag"), code("--config", "none.yml")) == (0, 2, 2)


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ("", "Nothing runs. 1 is refused: "),
        ("  lint: flake8 app\n", "1 of 2 run. 1 is refused: "),
        ("  b: {run: make, group: one}\n", "Nothing runs. 2 are refused: "),
    ],
)
def test_what_this_version_refuses_is_not_said_to_run(
    more: str, verdict: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"checks:\n  a: {{run: make, group: one}}\n{more}"
    (checkout / ".dishwasher.yml").write_text(text)
    code, said = plan(capsys)
    last = said.splitlines()[-1]
    assert (code, last) == (0, f"{verdict}this version does not carry out all that is asked for.")
