"""The check of spelling, with real git and the real typos."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from dishwasher.checks import spelling
from dishwasher.core.config import Spelling
from dishwasher.core.findings import Level
from dishwasher.errors import InfraError, UserError

from tests.checks.project import ENVIRONMENT, Project


def check(project: Project, base: str, head: str) -> spelling.SpellingReport:
    return spelling.check(project.path, base, head, ENVIRONMENT)


def places(report: spelling.SpellingReport) -> list[tuple[str, int]]:
    return [(finding.path, finding.start_line) for finding in report.findings]


def test_only_added_lines_are_judged(project: Project) -> None:
    base = project.commit({"a.md": "We recieve mail.\n"})
    head = project.commit({"a.md": "We recieve mail.\nIt is seperate.\n"})
    report = check(project, base, head)
    (finding,) = report.findings
    assert (finding.path, finding.start_line, finding.end_line) == ("a.md", 2, 2)
    assert (finding.start_column, finding.end_column) == (7, 14)
    assert finding.level is Level.NOTICE
    assert finding.title == "spelling"
    assert finding.message == (
        "`seperate` → `separate`. "
        'Not a typo? Add `seperate = "seperate"` under `[default.extend-words]` in `_typos.toml`.'
    )
    assert (report.total, report.files) == (1, 1)


def test_clean_changes(project: Project) -> None:
    base = project.commit({"a.md": "We recieve mail.\n"})
    head = project.commit({"a.md": "We recieve mail.\nSee https://example.org/seperate.\n"})
    assert check(project, base, head) == spelling.SpellingReport((), 0, 1)


def test_no_changes(project: Project) -> None:
    base = project.commit({"a.md": "We recieve mail.\n"})
    assert check(project, base, project.commit({})) == spelling.SpellingReport((), 0, 0)


@pytest.mark.parametrize("base", ["", "0" * 40])
def test_without_a_base_all_lines_of_all_files_are_judged(project: Project, base: str) -> None:
    head = project.commit({"a.md": "We recieve mail.\n", "b/c.py": "x = 1\nseperate = 2\n"})
    report = check(project, base, head)
    assert places(report) == [("a.md", 1), ("b/c.py", 2)]
    assert (report.total, report.files) == (2, 2)


def test_a_word_is_annotated_once(project: Project) -> None:
    base = project.commit({})
    head = project.commit({"b.md": "recieve\n", "a.md": "x\nRecieve recieve\n"})
    report = check(project, base, head)
    (finding,) = report.findings
    assert places(report) == [("a.md", 2)]
    assert finding.message.startswith("`Recieve` → `Receive`. Also in 2 more places. Not a typo?")
    assert report.total == 3


def test_names_are_written_one_way(project: Project) -> None:
    base = project.commit({"a.md": "On Github.\n"})
    head = project.commit({"a.md": "On Github.\nOn Git Hub, and seperate.\n"})
    settings = Spelling(brands=(("GitHub", ()),))
    report = spelling.check(project.path, base, head, ENVIRONMENT, settings)
    brand, word = report.findings
    assert (brand.start_line, brand.message) == (2, "`Git Hub` is written `GitHub`.")
    assert (brand.level, word.level) == (Level.FAILURE, Level.NOTICE)
    assert (report.total, report.brands) == (2, 1)


def test_words_that_are_right_here(project: Project) -> None:
    base = project.commit({"a.md": "Words.\n"})
    head = project.commit({"a.md": "Words.\nIt is seperate, and Recieve.\n"})
    settings = Spelling(words=("Seperate",))
    report = spelling.check(project.path, base, head, ENVIRONMENT, settings)
    assert [finding.start_column for finding in report.findings] == [21]


def test_several_corrections(project: Project) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "a sensative thign and ther place\n"})
    said = {finding.message.split(".")[0] for finding in check(project, base, head).findings}
    assert "`sensative` → `sensitive`" in said
    assert any(" or `" in message for message in said)


def test_words_that_the_project_uses_are_left_alone(project: Project) -> None:
    """A word in four files of the base is a name; in three it is a mistake made three times."""
    files = {f"{name}.md": "We recieve mail.\n" for name in "abcd"}
    files |= {f"{name}.txt": "It is seperate.\n" for name in "abc"}
    base = project.commit(files)
    head = project.commit({"new.md": "We recieve it.\nIt is seperate.\n"})
    report = check(project, base, head)
    assert places(report) == [("new.md", 2)]


def test_columns_are_characters(project: Project) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "“quoted” — recieve\n"})
    (finding,) = check(project, base, head).findings
    assert (finding.start_column, finding.end_column) == (12, 18)


def test_windows_line_ends_and_no_last_newline(project: Project) -> None:
    base = project.commit({"a.md": "one\r\ntwo\r\n"})
    head = project.commit({"a.md": "one\r\ntwo\r\nrecieve\r\nseperate"})
    assert places(check(project, base, head)) == [("a.md", 3), ("a.md", 4)]


def test_names_of_every_kind(project: Project) -> None:
    names = ["a b.md", 'quo"te.md', "new\nline.md", "tab\t.md", "é.md", "-x.md", "back\\.md"]
    base = project.commit({})
    words = ["recieve", "seperate", "definately", "occured", "langauge", "wierd", "acheive"]
    head = project.commit({n: f"{w}\n" for n, w in zip(names, words, strict=True)})
    report = check(project, base, head)
    assert sorted(finding.path for finding in report.findings) == sorted(names)


def test_renames_deletions_links_and_submodules(project: Project) -> None:
    text = "".join(f"Line {number} of recieve.\n" for number in range(40))
    base = project.commit({"old.md": text, "gone.md": "seperate\n", "link": "x"})
    (project.path / "old.md").rename(project.path / "new.md")
    with (project.path / "new.md").open("a") as file:
        file.write("A definately new line.\n")
    (project.path / "gone.md").unlink()
    (project.path / "link").unlink()
    (project.path / "link").symlink_to("/etc/langauge")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{base},sub")
    head = project.commit_all()
    assert places(check(project, base, head)) == [("new.md", 41)]


def test_an_ignored_file_that_is_tracked_is_judged(project: Project) -> None:
    base = project.commit({})
    head = project.commit({".gitignore": "*.md\n", ".ignore": "*\n", "a.md": "recieve\n"})
    assert places(check(project, base, head)) == [("a.md", 1)]


def test_data_vendored_code_and_binary_files_are_passed_over(project: Project) -> None:
    base = project.commit({})
    head = project.commit(
        {
            "data.json": '{"recieve": 1}\n',
            "vendor/x.js": "// recieve\n",
            "app.min.js": "recieve\n",
            "long.js": "recieve " * 1000,
            "x.bin": b"recieve\0\n",
            "latin1.txt": b"recieve \xe9\n",
            "locale/de.txt": "recieve\n",
            b"\xff.md".decode("utf-8", "surrogateescape"): "recieve\n",
        }
    )
    assert check(project, base, head) == spelling.SpellingReport((), 0, 0)


CONFIG = '[default.extend-words]\nrecieve = "recieve"\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_typos.toml", CONFIG),
        (".typos.toml", CONFIG),
        ("typos.toml", CONFIG),
        ("pyproject.toml", '[tool.typos.default.extend-words]\nrecieve = "recieve"\n'),
    ],
)
def test_the_project_s_words_count_from_the_base(project: Project, name: str, text: str) -> None:
    base = project.commit({name: text})
    head = project.commit({"a.md": "recieve\nseperate\n"})
    assert places(check(project, base, head)) == [("a.md", 2)]


def test_folders_that_the_project_excludes(project: Project) -> None:
    base = project.commit({"_typos.toml": '[files]\nextend-exclude = ["legacy/*"]\n'})
    head = project.commit({"legacy/a.md": "recieve\n", "a.md": "seperate\n"})
    assert places(check(project, base, head)) == [("a.md", 1)]


def test_the_head_can_not_switch_the_check_off(project: Project) -> None:
    base = project.commit({})
    head = project.commit({"_typos.toml": CONFIG, "a.md": "recieve\n"})
    assert places(check(project, base, head)) == [("a.md", 1)]


@pytest.mark.parametrize("name", ["typos-of-mine", "mine"])
def test_another_tool_s_file_without_a_section_is_passed_over(project: Project, name: str) -> None:
    text = f'[project]\nname = "{name}"\n'
    base = project.commit({"pyproject.toml": text, "Cargo.toml": '[package]\nname = "typos"\n'})
    head = project.commit({"a.md": "recieve\n"})
    assert places(check(project, base, head)) == [("a.md", 1)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_typos.toml", "[default\n"),
        ("_typos.toml", "nonsense = 1\n"),
        ("pyproject.toml", "[tool.typos\n"),
    ],
)
def test_a_config_that_typos_refuses_is_the_user_s_to_mend(
    project: Project, name: str, text: str
) -> None:
    base = project.commit({name: text})
    head = project.commit({"a.md": "recieve\n"})
    with pytest.raises(UserError, match=rf"{name} of the base commit is not a config of typos:\n"):
        check(project, base, head)


def test_a_link_as_config_is_not_followed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text(CONFIG)
    (project.path / "_typos.toml").symlink_to(tmp_path / "words.toml")
    base = project.commit_all()
    head = project.commit({"a.md": "recieve\n"})
    assert places(check(project, base, head)) == [("a.md", 1)]


def test_a_base_that_is_gone(project: Project) -> None:
    head = project.commit({"a.md": "recieve\n"})
    with pytest.raises(InfraError, match="git diff failed"):
        check(project, "a" * 40, head)


def test_a_shallow_checkout_of_two_commits(project: Project, tmp_path: Path) -> None:
    """As a runner has it: base and head without the history between them."""
    base = project.commit({"a.md": "recieve\n"})
    project.commit({"a.md": "recieve\nx\n"})
    head = project.commit({"a.md": "recieve\nx\nseperate\n"})
    project.git("config", "uploadpack.allowAnySHA1InWant", "true")
    shallow = Project(tmp_path / "shallow")
    shallow.git("fetch", "-q", "--depth=1", f"file://{project.path}", base, head)
    assert places(check(shallow, base, head)) == [("a.md", 3)]


def test_typos_is_found_on_the_path_or_named(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "recieve\n"})
    program = Path(sys.executable).with_name("typos")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git") or "git")
    with pytest.raises(InfraError, match="typos is not installed on this runner: run `pip"):
        spelling.check(project.path, base, head, {"PATH": str(tools)})
    (tools / "typos").symlink_to(program)
    assert places(spelling.check(project.path, base, head, {"PATH": str(tools)})) == [("a.md", 1)]


def test_typos_is_found_below_a_folder_of_packages_as_in_a_layer(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "recieve\n"})
    program = Path(sys.executable).with_name("typos")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.syspath_prepend(tmp_path / "layer")
    (tmp_path / "layer" / "bin").mkdir(parents=True)
    (tmp_path / "layer" / "bin" / "typos").symlink_to(program)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "git").symlink_to(shutil.which("git") or "git")
    found = spelling.check(project.path, base, head, {"PATH": str(tmp_path / "tools")})
    assert places(found) == [("a.md", 1)]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo broken >&2; exit 1", r"typos failed \(1\): broken"),
        ("echo " + repr(json.dumps({"type": "error", "msg": "no"})), "typos failed: no"),
    ],
)
def test_a_typos_that_fails_is_our_fault(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    message: str,
) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "recieve\n"})
    (tmp_path / "typos").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "typos").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(InfraError, match=message):
        check(project, base, head)


def test_long_lines_are_no_prose(project: Project) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "recieve " * 700 + "\n" * 10 + "seperate\n"})
    assert places(check(project, base, head)) == [("a.md", 11)]


def test_files_are_exported_below_the_job_s_own_folder_and_deleted(
    project: Project, tmp_path: Path
) -> None:
    base = project.commit({})
    head = project.commit({"a.md": "recieve\n"})
    scratch = tmp_path / "scratch"
    environment = {**ENVIRONMENT, "TMPDIR": str(scratch)}
    # Without the folder, the system's.
    assert spelling.check(project.path, base, head, environment).total == 1
    scratch.mkdir()
    assert spelling.check(project.path, base, head, environment).total == 1
    assert list(scratch.iterdir()) == []
