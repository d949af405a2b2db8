"""What `dishwasher init` writes, says, and leaves alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dishwasher.cli import folder
from dishwasher.cli.main import OK, WRONG_USAGE, main
from dishwasher.formats import choose, native
from dishwasher.formats.choose import OWN
from dishwasher.formats.implied import implied

from tests.cli.test_folder import git, write

SAMPLE = Path(folder.__file__).parent.parent / "demo" / "sample"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, ".flake8", text="[flake8]\n")
    write(tmp_path, "tests/test_a.py", text="import pytest\n")
    write(tmp_path, "requirements.txt", text="flake8\npytest\n")
    return tmp_path


def names(text: str) -> list[str]:
    return [job.name for job in native.parse(OWN, text.encode()).jobs]


def test_the_file_is_written_and_what_was_found_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(project)]) == OK
    said = capsys.readouterr()
    assert names((project / OWN).read_text()) == ["flake8", "spelling", "tests"]
    assert said.out.splitlines() == [
        "Looked at 3 files:",
        "  - `requirements.txt` lists packages, so `pip install -r requirements.txt` runs",
        "    first.",
        "  - `.flake8` configures flake8, so the check `flake8` runs `flake8`.",
        "  - `tests/test_a.py` holds tests for pytest, so the check `tests` runs",
        "    `pytest`.",
        "  - Misspelt words are looked for in every project; they fail nothing.",
        "",
        f"✔ {project / OWN} has 3 checks: flake8, spelling, tests",
        "  Read it through, see what it runs with `dishwasher plan`, and commit it.",
    ]
    assert said.err == ""


def test_the_file_is_one_that_everybody_may_read_and_nothing_else_is_left(project: Path) -> None:
    before = {path.name for path in project.iterdir()}
    main(["init", str(project)])
    assert stat.S_IMODE((project / OWN).stat().st_mode) == 0o644
    assert {path.name for path in project.iterdir()} == before | {OWN}


def test_the_folder_is_the_current_one_unless_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert main(["init"]) == OK
    assert (project / OWN).exists()


def test_the_file_is_taken_from_then_on_and_plans_the_same(project: Path) -> None:
    before = implied(folder.look(project))
    main(["init", str(project)])

    def read(name: str) -> bytes | None:
        path = project / name
        return path.read_bytes() if path.exists() else None

    after = choose.load(read, lambda: folder.look(project))
    assert after.path == OWN
    commands = [[step.command for step in job.steps] for job in after.jobs]
    assert commands == [[step.command for step in job.steps] for job in before.jobs]


def test_what_is_there_is_never_written_over_unasked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, OWN, text="checks: {mine: ls}\n")
    assert main(["init", str(project)]) == WRONG_USAGE
    assert (project / OWN).read_text() == "checks: {mine: ls}\n"
    assert capsys.readouterr().err == (
        f"dishwasher: {project / OWN} is there already; --force writes a new one over it\n"
    )
    assert main(["init", str(project), "--force"]) == OK
    assert names((project / OWN).read_text()) == ["flake8", "spelling", "tests"]


def test_a_link_that_leads_nowhere_is_something_that_is_there(project: Path) -> None:
    (project / OWN).symlink_to("nowhere")
    assert main(["init", str(project)]) == WRONG_USAGE
    assert (project / OWN).is_symlink()


@pytest.mark.parametrize("name", ["circle.yml", "buildspec.yml", ".dishwasher.yaml"])
def test_a_configuration_that_is_read_as_it_is_needs_no_other(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, name, text="test: {override: [make]}\n")
    assert main(["init", str(project)]) == WRONG_USAGE
    assert f"{name} is there, and Dishwasher reads it as it is" in capsys.readouterr().err
    assert not (project / OWN).exists()
    assert main(["init", str(project), "--force"]) == OK
    assert (project / OWN).exists()
    assert (project / name).read_text() == "test: {override: [make]}\n"


def test_printing_writes_nothing_and_refuses_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, OWN, text="mine\n")
    assert main(["init", str(project), "--stdout"]) == OK
    assert names(capsys.readouterr().out) == ["flake8", "spelling", "tests"]
    assert (project / OWN).read_text() == "mine\n"


def test_nothing_known_gives_a_file_to_go_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "go.mod")
    assert main(["init", str(tmp_path)]) == OK
    assert names((tmp_path / OWN).read_text()) == ["spelling"]
    out = capsys.readouterr().out
    assert "Looked at 1 file:" in out
    assert "`go.mod` (Go) is there" in out
    assert "has 1 check: spelling" in out


@pytest.mark.parametrize("branch", ["main", "master", "trunk/2"])
def test_the_deployment_that_is_shown_starts_from_the_main_branch(
    project: Path, branch: str
) -> None:
    git(project, "init", "-q", "-b", branch)
    main(["init", str(project)])
    assert f"#     branch: {branch}\n" in (project / OWN).read_text()


def test_the_main_branch_is_the_one_of_the_origin(project: Path) -> None:
    git(project, "init", "-q", "-b", "topic")
    git(project, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/production")
    assert folder.branch(project) == "production"
    main(["init", str(project)])
    assert "#     branch: production\n" in (project / OWN).read_text()


def test_below_the_top_of_a_repository_it_is_said_where_the_file_is_read(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project, "init", "-q")
    write(project, "site/setup.py", text="setup()\n")
    assert main(["init", str(project / "site")]) == OK
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"note: {OWN} is read at the top of a repository, which is {project}."
    main(["init", str(project)])
    assert "note:" not in capsys.readouterr().out


@pytest.mark.parametrize(("path", "said"), [("absent", "no folder"), (".flake8", "is a file")])
def test_what_is_no_folder_is_told(
    project: Path, path: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(project / path)]) == WRONG_USAGE
    assert said in capsys.readouterr().err


def test_a_folder_in_the_files_place_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / OWN).mkdir()
    assert main(["init", str(project), "--force"]) == WRONG_USAGE
    assert "can not be written: Is a directory" in capsys.readouterr().err
    assert [path.name for path in project.iterdir() if path.name.startswith(OWN)] == [OWN]


def test_the_demos_sample_site_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(SAMPLE), "--stdout"]) == OK
    config = native.parse(OWN, capsys.readouterr().out.encode())
    commands = {job.name: [step.command for step in job.steps][-1:] for job in config.jobs}
    assert commands == {
        "flake8": ["flake8"],
        "spelling": [],
        "tests": ["cd app && python manage.py test"],
        "docs": ["sphinx-build -b html docs $DISHWASHER_ARTIFACTS/docs"],
    }
