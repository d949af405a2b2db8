"""The port Pulls: the fake and GitHub's own API show pull requests alike."""

from __future__ import annotations

import pytest
from dishwasher.core.pull import Stand
from dishwasher.errors import Gone, Unseen

from tests.contract.test_forge import UNKNOWN, Stage
from tests.contract.test_forge import stage as stage


def opened(stage: Stage, branch: str = "topic") -> tuple[int, str]:
    """A pull request from a branch with a commit of its own; its number and its head."""
    sha = stage.commit({branch: b"1"}, branch)
    return stage.open_pull(branch), sha


def test_a_pull_request_is_shown_with_both_its_sides(stage: Stage) -> None:
    number, sha = opened(stage)
    shown = stage.pulls.pull_request(stage.repository, number)
    assert shown == Stand(number, True, sha, "master", stage.head(), True, shown.updated)
    assert abs(shown.updated - stage.now()) < 5
    stage.close_pull(number)
    assert not stage.pulls.pull_request(stage.repository, number).is_open


def test_a_pull_request_that_github_does_not_show_is_not_seen(stage: Stage) -> None:
    with pytest.raises(Unseen):
        stage.pulls.pull_request(stage.repository, 99)


def test_open_ones_are_found_by_their_branch(stage: Stage) -> None:
    number, sha = opened(stage)
    opened(stage, "other")
    (found,) = stage.pulls.open_from(stage.repository, "topic")
    assert (found.number, found.head_sha, found.mergeable) == (number, sha, None)
    assert stage.pulls.open_from(stage.repository, "master") == ()
    stage.close_pull(number)
    assert stage.pulls.open_from(stage.repository, "topic") == ()


def test_a_fork_s_branch_of_that_name_is_another(stage: Stage) -> None:
    stage.fork_pull("topic")
    assert stage.pulls.open_from(stage.repository, "topic") == ()


def test_the_merge_has_both_sides_as_parents_and_a_tree_of_its_own(stage: Stage) -> None:
    stage.commit({"topic": b"1"}, "topic")
    stage.commit({"base": b"1"}, "master")
    number = stage.open_pull("topic")
    shown = stage.pulls.pull_request(stage.repository, number)
    sha = stage.pulls.merge_sha(stage.repository, number)
    assert sha is not None
    merge = stage.pulls.commit_of(stage.repository, sha)
    head = stage.pulls.commit_of(stage.repository, shown.head_sha)
    assert (merge.sha, merge.parents) == (sha, (stage.head(), shown.head_sha))
    assert merge.tree != head.tree


def test_a_merge_into_where_the_branch_began_has_the_head_s_tree(stage: Stage) -> None:
    number, sha = opened(stage)
    merge = stage.pulls.merge_sha(stage.repository, number)
    assert merge is not None
    trees = [stage.pulls.commit_of(stage.repository, one).tree for one in (merge, sha)]
    assert trees[0] == trees[1]


def test_a_conflict_has_no_merge(stage: Stage) -> None:
    stage.commit({"config": b"theirs"}, "topic")
    stage.commit({"config": b"ours"}, "master")
    number = stage.open_pull("topic")
    assert stage.pulls.pull_request(stage.repository, number).mergeable is False
    assert stage.pulls.merge_sha(stage.repository, number) is None


def test_an_unknown_commit_is_not_seen(stage: Stage) -> None:
    with pytest.raises(Unseen):
        stage.pulls.commit_of(stage.repository, UNKNOWN)


def test_a_deleted_repository_has_no_pull_requests(stage: Stage) -> None:
    number, sha = opened(stage)
    stage.remove()
    stage.advance(3600)
    for call in (
        lambda: stage.pulls.pull_request(stage.repository, number),
        lambda: stage.pulls.open_from(stage.repository, "topic"),
        lambda: stage.pulls.merge_sha(stage.repository, number),
        lambda: stage.pulls.commit_of(stage.repository, sha),
    ):
        with pytest.raises(Gone):
            call()
