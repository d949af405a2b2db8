"""What a person may do, by GitHub's word; the stand-in maps roles as GitHub does."""

from __future__ import annotations

import pytest
from dishwasher.core.session import Person
from dishwasher.github.members import GithubMembers

from tests.github.conftest import Stage


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("read", True, False),
        ("triage", True, False),
        ("write", True, True),
        ("maintain", True, True),
        ("admin", True, True),
    ],
)
def test_a_role_says_who_may_write(stage: Stage, role: str, reads: bool, writes: bool) -> None:
    anna = stage.github.add_user("anna")
    stage.repo.collaborate("anna", role)
    members, person = GithubMembers(stage.app), Person(anna.id, "anna")
    assert members.may_read(stage.repository, person) is reads
    assert members.may_write(stage.repository, person) is writes


def test_a_stranger_and_a_login_with_another_id_may_nothing(stage: Stage) -> None:
    anna = stage.github.add_user("anna")
    stage.repo.collaborate("anna", "admin")
    members = GithubMembers(stage.app)
    assert not members.may_write(stage.repository, Person(anna.id + 1, "anna"))
    assert not members.may_write(stage.repository, Person(5, "nobody"))
    # CodeBreach: an id that contains the right one is another one.
    assert not members.may_write(stage.repository, Person(int(f"{anna.id}0"), "anna"))
    assert not members.may_write(stage.repository, Person(int(f"1{anna.id}"), "anna"))
