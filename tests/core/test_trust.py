"""Trust needs proof: everything else is distrusted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.trust import distrust

from tests.samples import OTHER_SHA, SHA, pull_request, push


def test_a_push_is_trusted_because_github_let_it_in() -> None:
    assert distrust(push(), None) == ""


def test_a_branch_of_this_repository_that_stands_at_the_commit_is_trusted() -> None:
    assert distrust(pull_request(), SHA) == ""


@pytest.mark.parametrize("head", [None, 8, 77])
def test_a_fork_is_never_trusted_wherever_its_branch_stands(head: int | None) -> None:
    event = pull_request()
    assert event.pull_request is not None
    fork = replace(event, pull_request=replace(event.pull_request, head_repository=head))
    assert "fork" in distrust(fork, SHA)


@pytest.mark.parametrize("branch", [None, OTHER_SHA, ""])
def test_a_head_that_is_not_its_branchs_commit_is_not_trusted(branch: str | None) -> None:
    assert "no longer stands" in distrust(pull_request(), branch)
