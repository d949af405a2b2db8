"""Files as somebody may name them: absent, endless, unreadable, or in a folder of a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.cli.reading import Reading, contents, root_of
from dishwasher.errors import UserError
from dishwasher.formats.source import SIZE


def test_a_file_is_read_and_remembered(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"a: 1\n")
    reading = Reading(tmp_path)
    assert (reading("a.yml"), reading("b.yml")) == (b"a: 1\n", None)
    assert reading.seen == {"a.yml": b"a: 1\n"}


def test_no_more_is_read_than_shows_that_it_is_too_large() -> None:
    assert contents(Path("/dev/zero")) == b"\0" * (SIZE + 1)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can not be read: Is a directory"):
        contents(tmp_path)


def test_a_path_through_a_file_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"")
    with pytest.raises(UserError, match="can not be read: Not a directory"):
        contents(tmp_path / "a.yml" / "b.yml")


def test_what_can_not_be_a_name_is_told() -> None:
    with pytest.raises(UserError, match="is not the name of a file"):
        contents(Path("a\0b"))


def test_a_file_belongs_to_the_checkout_around_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "site" / "ci").mkdir(parents=True)
    assert root_of(tmp_path / "site" / "ci" / "nightly.yml") == tmp_path


def test_a_file_that_would_be_taken_where_it_lies_belongs_there(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "site").mkdir()
    assert root_of(tmp_path / "site" / "circle.yml") == tmp_path / "site"


def test_without_git_it_is_the_folder(tmp_path: Path) -> None:
    assert root_of(tmp_path / "nightly.yml") == tmp_path
