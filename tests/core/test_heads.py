from __future__ import annotations

from dataclasses import replace

from dishwasher.core.heads import Looked, after, mark, moved, name

from tests.samples import REPOSITORY, pull_request, push

OLD, NEW = "a" * 40, "b" * 40


def test_a_branch_and_a_pull_request_are_never_called_the_same() -> None:
    assert name(push(branch="pull/5")) == "refs/heads/pull/5"
    assert name(pull_request(5)) == "refs/pull/5"


def test_what_moved_says_from_where() -> None:
    looked = Looked("7", seen=True, heads=(("refs/heads/topic", OLD), ("refs/pull/5", OLD)))
    still, pushed = push(branch="topic", sha=OLD), push(branch="topic", sha=NEW)
    request = pull_request(5, sha=NEW)
    assert moved(looked, [still]) == ()
    assert moved(looked, [pushed, request]) == (replace(pushed, before=OLD), request)
    fresh = push(branch="new", sha=NEW)
    assert moved(looked, [fresh]) == (fresh,)


def test_a_head_in_doubt_counts_as_moved_until_it_is_decided() -> None:
    looked = Looked("7", seen=True, heads=(("refs/heads/topic", OLD),))
    pushed, fresh = push(branch="topic", sha=NEW), push(branch="new", sha=NEW)
    doubted = {mark(pushed), mark(fresh)}
    then = after(looked, [pushed, fresh], doubted, 5.0)
    assert then.heads == looked.heads and set(then.doubted) == doubted and then.time == 5.0
    assert [one.sha for one in moved(then, [pushed, fresh])] == [NEW, NEW]
    done = after(then, [pushed], (), 6.0)
    assert (done.heads, done.doubted) == ((("refs/heads/topic", NEW),), ())
    assert moved(done, [pushed]) == ()


def test_a_head_that_went_back_has_moved_all_the_same() -> None:
    """Found by the simulation (seed 12892): of two forced pushes no webhook came."""
    looked = Looked("7", seen=True, heads=(("refs/heads/topic", OLD),))
    away, back = push(branch="topic", sha=NEW), push(branch="topic", sha=OLD)
    then = after(looked, [away], {mark(away)}, 5.0)
    assert moved(then, [back]) == (back,)
    again = after(then, [back], {mark(back)}, 6.0)
    assert moved(again, [back]) == (back,)
    assert moved(after(again, [back], (), 7.0), [back]) == ()


def test_marks_tell_repositories_heads_and_commits_apart() -> None:
    one = push(sha=OLD)
    other = replace(REPOSITORY, id=REPOSITORY.id + 1)
    marks = {
        mark(one),
        mark(replace(one, sha=NEW)),
        mark(replace(one, branch="other")),
        mark(replace(one, repository=other)),
    }
    assert len(marks) == 4
    assert Looked("7").group == ""
