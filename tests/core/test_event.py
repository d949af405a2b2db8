from __future__ import annotations

from dataclasses import replace

from dishwasher.core.event import NO_COMMIT

from tests.samples import REPOSITORY


def test_a_repository_is_addressed_by_owner_and_name() -> None:
    assert REPOSITORY.full_name == "acme/site"
    assert replace(REPOSITORY, owner="new").full_name == "new/site"


def test_no_commit_is_what_git_says_for_a_ref_that_is_not_there() -> None:
    assert (len(NO_COMMIT), set(NO_COMMIT)) == (40, {"0"})
