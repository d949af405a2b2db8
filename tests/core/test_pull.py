"""What GitHub shows of a pull request, compared with what an event says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.event import PullRequest
from dishwasher.core.pull import Commit, Pull, Stand, is_later, merged, plain, pull_id, told, unlike

from tests.samples import BASE_SHA, OTHER_SHA, SHA, pull_request

STAND = Stand(5, True, SHA, "main", OTHER_SHA, True, 100.0)
HEAD = Commit(SHA, "1" * 40, (BASE_SHA,), "Add a page")
MERGE = Commit("d" * 40, "2" * 40, (OTHER_SHA, SHA), "Merge")


def request(updated: float = 0.0) -> PullRequest:
    found = pull_request(updated=updated).pull_request
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("updated", "later"), [(0.0, False), (99.0, True), (100.0, False), (101.0, False)]
)
def test_what_is_shown_is_later_only_when_its_time_is(updated: float, later: bool) -> None:
    assert is_later(STAND, request(updated)) == later


def test_an_event_is_like_what_is_shown_while_it_is_open_at_that_commit() -> None:
    event = pull_request()
    assert unlike(STAND, event) == ""
    assert unlike(replace(STAND, is_open=False), event) == "pull request 5 is closed"
    assert (
        unlike(replace(STAND, head_sha="e" * 40), event) == "pull request 5 stands at eeeeeeeeeeee"
    )


def test_a_merge_is_built_where_it_has_another_tree() -> None:
    made = merged(request(), STAND, MERGE, HEAD)
    assert (made.merge, made.tree, made.base_sha) == (MERGE.sha, MERGE.tree, OTHER_SHA)
    assert told(made) == (
        "This is the result of merging into main at bbbbbbbbbbbb; lines are counted in the "
        "merge, dddddddddddd."
    )


def test_a_merge_of_the_head_s_own_tree_is_the_head() -> None:
    made = merged(request(), STAND, replace(MERGE, tree=HEAD.tree), HEAD)
    assert (made.merge, made.tree, made.base_sha) == ("", "", OTHER_SHA)
    assert told(made) == ""


def test_a_head_is_compared_with_the_base_of_now() -> None:
    made = plain(replace(request(), merge="1", tree="2"), replace(STAND, base_ref="next"))
    assert (made.merge, made.tree, made.base_ref, made.base_sha) == ("", "", "next", OTHER_SHA)


def test_a_row_stands_by_its_repository_and_number() -> None:
    assert (pull_id(7, 5), Pull("7/5").group) == ("7/5", "")
