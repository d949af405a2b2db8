"""`dishwasher validate` as somebody sees it who has made mistakes: text, JSON and exit code."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = (sys.executable, "-m", "dishwasher", "validate")
SECONDS = 30
GOOD = b"checks:\n  lint: {run: flake8 app}\ndeployments:\n  staging: {branch: main, run: d.sh}\n"
BAD = b"checks:\n  lint: {run: flake8 app, anotate: flake8}\n"


def validate(folder: Path, *words: str, given: bytes = b"", **env: str) -> tuple[int, str]:
    """Exit code and standard output, which are not of a terminal."""
    done = subprocess.run(
        (*PROGRAM, *words),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **env},
        input=given,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode()


def on_a_terminal(folder: Path, *words: str, **env: str) -> str:
    """What a terminal of 80 columns is sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        (*PROGRAM, *words),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        | {"TERM": "xterm", "COLUMNS": "80", **env},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says EIO where the other end is closed.
                break
            if not part:
                break
            said += part
        process.wait(SECONDS)
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yml").write_bytes(GOOD)
    (tmp_path / "bad.yml").write_bytes(BAD)
    return tmp_path


def test_a_valid_file_says_what_it_would_run(folder: Path) -> None:
    (folder / ".dishwasher.yml").write_bytes(GOOD)
    assert validate(folder, ".dishwasher.yml") == (
        0,
        "✔ .dishwasher.yml (native) is valid\n  1 check: lint; 1 deployment: staging from main\n",
    )


def test_a_mistake_has_its_place_its_line_a_mark_and_a_suggestion(folder: Path) -> None:
    code, text = validate(folder, "bad.yml")
    assert code == 2
    assert " ╭─ bad.yml:2:27  [unknown-key]\n" in text
    assert "2 │   lint: {run: flake8 app, anotate: flake8}\n" in text
    assert "  │                           ^^^^^^^\n" in text
    assert "help: Did you mean `annotate`?\n" in text
    assert text.endswith("✖ bad.yml (native): 1 error\n")


def test_json_is_as_the_design_has_it(folder: Path) -> None:
    code, text = validate(folder, "good.yml", "bad.yml", "none.yml", "--json")
    good, bad, none = json.loads(text)
    assert code == 2
    assert good == {"path": "good.yml", "format": "native", "valid": True, "problems": []}
    assert (bad["path"], bad["format"], bad["valid"]) == ("bad.yml", "native", False)
    (problem,) = bad["problems"]
    assert problem.pop("message").startswith("`anotate` is not a key of a check")
    assert problem == {
        "line": 2,
        "column": 27,
        "severity": "error",
        "code": "unknown-key",
        "suggestion": "Did you mean `annotate`?",
    }
    assert [one["code"] for one in none["problems"]] == ["missing-file"]


def test_one_invalid_file_among_several_decides(folder: Path) -> None:
    code, text = validate(folder, "good.yml", "bad.yml")
    assert (code, text.splitlines()[-1]) == (2, "✖ 2 files, 1 of them with mistakes")
    code, text = validate(folder, "good.yml", "good.yml")
    assert (code, text.splitlines()[-1]) == (0, "✔ 2 files, all valid")


def test_a_file_that_is_not_there_is_told(folder: Path) -> None:
    code, text = validate(folder, "none.yml")
    assert (code, text.splitlines()[0]) == (2, "error: there is no file none.yml")


def test_a_file_that_can_not_be_read_is_told(folder: Path) -> None:
    (folder / "loop.yml").symlink_to("loop.yml")
    code, text = validate(folder, "loop.yml")
    assert (code, text.partition(":")[0]) == (2, "error")
    assert "loop.yml can not be read: Too many levels of symbolic links" in text


def test_a_folder_means_the_file_that_would_be_taken_there(folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "site" / ".dishwasher.yml").write_bytes(BAD)
    code, text = validate(folder, "site")
    assert (code, "╭─ site/.dishwasher.yml:2:27 " in text) == (2, True)
    assert "2 │   lint: {run: flake8 app, anotate: flake8}\n" in text


def test_without_a_name_it_is_the_folder_itself(folder: Path) -> None:
    (folder / ".dishwasher.yml").write_bytes(GOOD)
    assert validate(folder)[1].startswith("✔ .dishwasher.yml (native) is valid")


def test_a_dash_is_standard_input(folder: Path) -> None:
    code, text = validate(folder, "-", given=BAD)
    assert (code, "╭─ <stdin>:2:27 " in text) == (2, True)
    assert validate(folder, "-", "--format", "native", given=GOOD)[0] == 0


def test_an_unknown_format_is_wrong_usage(folder: Path) -> None:
    assert validate(folder, "good.yml", "--format", "jenkins")[0] == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0", b"\xff\xfec\0", b"a: \xff\n", b"a: [\n", b"- 1\n", b"&a [*a]\n", b"\t\n", b"%"],
)
def test_no_bytes_end_in_a_traceback(folder: Path, data: bytes) -> None:
    for words in (("-",), ("-", "--json"), ("-", "--format", "native")):
        code, text = validate(folder, *words, given=data)
        assert (code, bool(text)) == (2, True)


def test_a_reader_that_goes_away_is_no_fault(folder: Path) -> None:
    with subprocess.Popen(
        (*PROGRAM, "bad.yml"),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(SECONDS), said) == (141, b"")


def test_a_terminal_gets_colours_and_a_pipe_gets_none(folder: Path) -> None:
    assert "\x1b[1;31merror\x1b[0m" in on_a_terminal(folder, "bad.yml")
    assert "\x1b" not in on_a_terminal(folder, "bad.yml", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(folder, "bad.yml", TERM="dumb")
    assert "\x1b" not in validate(folder, "bad.yml")[1]


def test_what_an_encoding_lacks_is_escaped(folder: Path) -> None:
    code, text = validate(folder, "bad.yml", PYTHONIOENCODING="ascii")
    assert (code, "\\u256d\\u2500 bad.yml:2:27" in text) == (2, True)


def test_a_file_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "evil\x1b[2J.yml").write_bytes("a: \x1b[31m\u202ered\n".encode())
    code, text = validate(folder, "evil\x1b[2J.yml")
    assert (code, "\x1b" in text, "\u202e" in text) == (2, False, False)


def test_a_native_file_is_read_without_what_other_commands_need(folder: Path) -> None:
    lines = (
        "import sys",
        "from dishwasher.cli.main import main",
        "assert main(['validate', 'good.yml']) == 0",
        "print(*sys.modules)",
    )
    done = subprocess.run(
        (sys.executable, "-c", "\n".join(lines)),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    imported = set(done.stdout.split())
    assert "dishwasher.formats.native" in imported
    assert not imported & {
        "dishwasher.cli.serve",
        "dishwasher.formats.buildspec",
        "dishwasher.formats.circle",
        "dishwasher.formats.implied",
        "dishwasher.wiring.settings",
        "github",
        "jinja2",
        "regex",
        "sqlite3",
    }


def test_the_jobs_of_a_matrix_are_told_in_one_line(folder: Path) -> None:
    text = "checks:\n  tests: {matrix: {python: ['3.11', '3.12']}, run: pytest}\n"
    (folder / "matrix.yml").write_text(text)
    assert validate(folder, "matrix.yml")[1].endswith("  2 checks: tests ×2\n")


def test_a_folder_without_a_configuration_says_what_to_do(folder: Path) -> None:
    (folder / "empty").mkdir()
    code, text = validate(folder, "empty")
    assert (code, "dishwasher init" in text.replace("\n", " ")) == (2, True)


def test_a_project_without_a_configuration_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "test_cart.py").write_text("import unittest\n")
    code, said = validate(tmp_path)
    assert code == 0
    assert "There is no configuration; the project's files imply one" in said
    assert "  2 checks: spelling, tests\n" in said


def test_a_file_with_problem_matchers_is_read_where_it_is(tmp_path: Path) -> None:
    config = tmp_path / ".dishwasher.yml"
    config.write_text(
        "checks:\n  a: {run: x, annotate: flake8}\n  b:\n    run: x\n    annotate: [m.json]\n"
    )
    code, said = validate(tmp_path)
    assert code == 0 and "there is no file `m.json`, and without it the job fails" in said
    (tmp_path / "m.json").write_text('{"problemMatcher": [{}]}')
    code, said = validate(tmp_path, "--json")
    (problem,) = json.loads(said)[0]["problems"]
    assert code == 2
    assert (problem["line"], problem["column"], problem["code"]) == (5, 16, "bad-matcher")
    assert problem["message"] == "`m.json` can not be used: its matcher 1 has no `owner`"
    pattern = '{"regexp": "(a)", "file": 1, "message": 1}'
    (tmp_path / "m.json").write_text(
        f'{{"problemMatcher": [{{"owner": "x", "pattern": [{pattern}]}}]}}'
    )
    assert validate(tmp_path)[0] == 0


def test_what_this_version_refuses_is_a_warning_at_its_job(tmp_path: Path) -> None:
    (tmp_path / ".dishwasher.yml").write_text(
        "checks:\n  a: {run: make, group: one}\n  b: {run: make, group: one}\n"
        "deployments:\n  live: {branch: main, run: ./d.sh, smoke: s.yaml, screenshots: p.yaml}\n"
    )
    code, said = validate(tmp_path, "--json")
    (file,) = json.loads(said)
    assert (code, file["valid"]) == (0, True)
    not_yet = "not supported by this version yet: the job is refused"
    assert [(one["line"], one["code"], one["message"]) for one in file["problems"]] == [
        (2, "not-yet", f"running several jobs on one runner (`group`) is {not_yet}"),
        (3, "not-yet", f"running several jobs on one runner (`group`) is {not_yet}"),
        (5, "not-yet", f"smoke tests (s.yaml) are {not_yet}"),
        (5, "not-yet", f"screenshots (p.yaml) are {not_yet}"),
    ]
