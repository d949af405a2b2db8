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


def test_a_bot_is_trusted_only_where_it_is_listed() -> None:
    event = replace(pull_request(), bots=(49699333,))
    assert "bot that is not listed" in distrust(event, SHA)
    assert distrust(event, SHA, {49699333}) == ""
    assert "not listed" in distrust(replace(event, bots=(49699333, 5)), SHA, {49699333})


@pytest.mark.parametrize("id", [4969933, 9699333, 149699333, 496993330, 0])
def test_an_id_that_holds_a_listed_one_is_another_one(id: int) -> None:
    """CodeBreach: an unanchored pattern let a longer id through."""
    assert distrust(replace(pull_request(), bots=(id,)), SHA, {49699333})


def test_a_listed_bot_s_fork_is_a_fork() -> None:
    event = pull_request(bots=(5,))
    assert event.pull_request is not None
    fork = replace(event, pull_request=replace(event.pull_request, head_repository=8))
    assert "fork" in distrust(fork, SHA, {5})
