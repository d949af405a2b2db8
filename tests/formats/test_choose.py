"""Which file is the configuration, of which format, and with how few looks that is found out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dishwasher.errors import ConfigError, UserError
from dishwasher.formats import choose
from dishwasher.formats.repository import Repository

NATIVE = "checks: {lint: flake8}\n"
CIRCLE = "test:\n  override: [make]\n"
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands: [make]\n"


class Commit:
    """The files of one commit, and what was asked of them."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.asked: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        text = self.files.get(path)
        return None if text is None else text.encode()

    def look(self) -> Repository:
        self.asked.append("*")
        return Repository(frozenset(self.files), self.files.get)


def mistake(call: Callable[[], object]) -> tuple[str, str, str]:
    """Path, code and message of the one problem that the call raises."""
    with pytest.raises(ConfigError) as caught:
        call()
    (problem,) = caught.value.problems
    return caught.value.path, problem.code, problem.message


def test_the_native_file_comes_first_and_nothing_else_is_looked_at() -> None:
    there = Commit({".dishwasher.yml": NATIVE, "circle.yml": "test: {override: [make]}"})
    assert choose.load(there.read, there.look).path == ".dishwasher.yml"
    assert there.asked == [".dishwasher.yml"]


def test_the_native_file_may_end_in_yaml() -> None:
    there = Commit({".dishwasher.yaml": NATIVE})
    assert choose.load(there.read, there.look).path == ".dishwasher.yaml"
    assert there.asked == [".dishwasher.yml", "*", ".dishwasher.yaml"]


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("circle.yml", CIRCLE, "circle"),
        ("buildspec.yml", BUILDSPEC, "buildspec"),
        ("buildspec.yaml", BUILDSPEC, "buildspec"),
    ],
)
def test_other_formats_take_one_look_and_one_read_more(name: str, text: str, format: str) -> None:
    there = Commit({name: text, "README.md": ""})
    config = choose.load(there.read, there.look)
    assert (config.path, [spec.name for spec in config.jobs]) == (name, ["build"])
    assert there.asked == [".dishwasher.yml", "*", name]
    assert choose.named(name, text.encode()) == (format, "")


def test_of_two_files_the_one_that_is_not_taken_is_named() -> None:
    there = Commit({"circle.yml": CIRCLE, "buildspec.yml": BUILDSPEC, "buildspec.yaml": BUILDSPEC})
    config = choose.load(there.read, there.look)
    assert config.path == "circle.yml"
    assert config.notes[-1] == "circle.yml is taken, not buildspec.yml, buildspec.yaml."


def test_a_listed_file_that_can_not_be_read_makes_way_for_the_next() -> None:
    there = Commit({"circle.yml": CIRCLE, "buildspec.yml": BUILDSPEC})
    config = choose.load(
        lambda path: None if path == "circle.yml" else there.read(path), there.look
    )
    assert config.path == "buildspec.yml"


def test_the_format_names_the_file_where_no_path_does() -> None:
    there = Commit({".dishwasher.yml": NATIVE, "buildspec.yml": BUILDSPEC})
    assert choose.load(there.read, there.look, format="buildspec").path == "buildspec.yml"
    assert there.asked == ["*", "buildspec.yml"]
    said = mistake(lambda: choose.load(there.read, there.look, format="circle"))
    assert said == (".dishwasher.yml", choose.NOT_THERE, "there is no file of the format circle")


def test_the_format_of_a_path_can_be_named() -> None:
    there = Commit({"ci.yml": "version: 0.2\nphases: {build: {commands: [make]}}\n"})
    assert choose.load(there.read, there.look, "ci.yml", "buildspec").notes == ()
    with pytest.raises(ConfigError):
        choose.load(there.read, there.look, "ci.yml", "native")


def test_without_a_file_the_repository_implies_the_plan() -> None:
    files = {".flake8": "[flake8]\n", "app.py": "", "requirements.txt": "flake8\n"}
    there = Commit(files)
    config = choose.load(there.read, there.look)
    assert "flake8" in " ".join(step.command for spec in config.jobs for step in spec.steps)
    assert config.notes
    assert there.asked == [".dishwasher.yml", "*"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".circleci/config.yml", ".circleci/config.yml: of another service, and not read."),
        (".travis.yml", ".travis.yml: of another service, and not read."),
        (".gitlab-ci.yml", ".gitlab-ci.yml: of another service, and not read."),
        (
            ".github/workflows/ci.yml",
            ".github/workflows/ci.yml: of another service, and not read.",
        ),
    ],
)
def test_a_file_of_another_service_is_mentioned_beside_an_implied_plan(
    path: str, said: str
) -> None:
    files = {".flake8": "[flake8]\n", "app.py": "", path: "x"}
    assert said in choose.load(Commit(files).read, Commit(files).look).notes


def test_of_several_workflows_the_folder_is_mentioned() -> None:
    names = [f".github/workflows/{name}.yml" for name in ("ci", "release")]
    there = Commit({".flake8": "[flake8]\n", "app.py": "", **dict.fromkeys(names, "x")})
    notes = choose.load(there.read, there.look).notes
    assert ".github/workflows/: of another service, and not read." in notes


def test_where_nothing_is_implied_either_it_says_what_to_do() -> None:
    there = Commit({"README.md": "Read me"})
    said = mistake(lambda: choose.load(there.read, there.look))
    assert said == (
        ".dishwasher.yml",
        choose.NOT_THERE,
        "there is no configuration, and no file that implies one",
    )


def test_a_file_that_names_a_file_that_is_not_there_is_still_a_configuration() -> None:
    text = "version: 0.2\nbatch: {build-list: [{identifier: a, buildspec: ci/a.yml}]}\n"
    there = Commit({"buildspec.yml": text})
    with pytest.raises(ConfigError) as caught:
        choose.load(there.read, there.look)
    assert "missing-file" in {problem.code for problem in caught.value.problems}
    assert choose.NOT_THERE not in {problem.code for problem in caught.value.problems}


def test_a_file_of_another_service_is_refused_by_its_name() -> None:
    there = Commit({"ci.yml": "version: 2.1\njobs: {build: {}}\nworkflows: {}\n"})
    assert mistake(lambda: choose.load(there.read, there.look, "ci.yml")) == (
        "ci.yml",
        "foreign",
        "this is a configuration of CircleCI 2, which Dishwasher does not read",
    )


def test_a_path_overrides() -> None:
    there = Commit({".dishwasher.yml": NATIVE, "ci/other.yml": "checks: {tests: pytest}\n"})
    config = choose.load(there.read, there.look, "ci/other.yml")
    assert [spec.name for spec in config.jobs] == ["tests"]
    assert config.notes == ("ci/other.yml is read as native, because of its key `checks`.",)
    assert there.asked == ["ci/other.yml"]


def test_a_path_that_is_not_there_is_told() -> None:
    there = Commit({})
    said = mistake(lambda: choose.load(there.read, there.look, "ci.yml"))
    assert said == ("ci.yml", "missing-file", "there is no file `ci.yml`")


def test_a_file_that_can_not_be_read_is_a_problem_of_that_file() -> None:
    def read(path: str) -> bytes | None:
        raise UserError(f"{path} is larger than 1 MB")

    said = mistake(lambda: choose.load(read, Repository))
    assert said == (".dishwasher.yml", "unreadable", ".dishwasher.yml is larger than 1 MB")


def test_an_unknown_format_is_told_with_the_known_ones() -> None:
    there = Commit({"ci.yml": NATIVE})
    with pytest.raises(UserError, match="`nativ` is not a format; there is `native`, `circle`"):
        choose.load(there.read, there.look, "ci.yml", "nativ")
