"""Which file is the configuration, of which format, and with how few looks that is found out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dishwasher.errors import ConfigError, UserError
from dishwasher.formats import choose
from dishwasher.formats.repository import Repository

NATIVE = "checks: {lint: flake8}\n"


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
