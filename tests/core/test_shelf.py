"""Whose cache a build may restore, where it stores its own, and which one has to go (31, 33)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import shelf
from dishwasher.core.event import Event
from dishwasher.core.shelf import (
    ANNOUNCED_SECONDS,
    ENTRIES,
    REPLACED_SECONDS,
    UNUSED_SECONDS,
    USED_SECONDS,
    Entry,
    Leaving,
    Place,
    Room,
    Shelf,
    Wanted,
)

from tests.samples import OTHER_SHA, SHA, build, pull_request, push

NOW = 1_000_000.0
ROOM = Room(one=100, shelf=250)
MAIN = Place("7/team", "branch main")


def entry(key: str = "pip-1", ref: str = "branch main", **values: object) -> Entry:
    made = Entry(ref, "v", key, f"{ref}/{key}", 60, "00", created=NOW, used=NOW)
    return replace(made, **values)  # type: ignore[arg-type]  # what a test says of it


def places(event: Event, doubt: str = "") -> list[tuple[str, str]]:
    reach = shelf.reach(build(event=event, doubt=doubt))
    return [(place.shelf, place.ref) for place in reach.places]


def from_fork(**values: object) -> Event:
    event = pull_request()
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, head_repository=8, **values))


@pytest.mark.parametrize(
    ("event", "refs"),
    [
        (push(), ["branch main"]),
        (push(branch="topic"), ["branch topic", "branch main"]),
        (push(branch="", tag="v1"), ["tag v1", "branch main"]),
        (push(branch=""), [f"commit {SHA}", "branch main"]),
        (pull_request(), ["branch topic", "branch main"]),
        (replace(pull_request(), branch="main"), ["pull 5", "branch main"]),
        (replace(pull_request(), branch=""), ["pull 5", "branch main"]),
    ],
)
def test_the_team_stores_for_its_branch_and_looks_at_the_default_one(
    event: Event, refs: list[str]
) -> None:
    assert places(event) == [("7/team", ref) for ref in refs]


def test_a_pull_request_looks_at_its_base_before_the_default_branch() -> None:
    event = pull_request()
    assert event.pull_request is not None
    event = replace(event, pull_request=replace(event.pull_request, base_ref="release"))
    assert [ref for _, ref in places(event)] == ["branch topic", "branch release", "branch main"]


def test_strangers_have_a_shelf_of_their_own_and_read_the_team_s() -> None:
    assert places(from_fork()) == [("7/strangers", "pull 5"), ("7/team", "branch main")]
    assert places(from_fork(head_ref="main"))[0] == ("7/strangers", "pull 5")


def test_a_doubted_commit_is_a_stranger_s_whatever_its_event_says() -> None:
    assert places(pull_request(), "The head branch no longer stands at this commit.") == [
        ("7/strangers", "pull 5"),
        ("7/team", "branch main"),
    ]
    assert places(push(branch="topic"), "Who knows.")[0] == ("7/strangers", f"commit {SHA}")


def test_only_a_push_to_the_default_branch_stores_what_it_restores() -> None:
    others = [
        pull_request(), from_fork(), replace(pull_request(), branch="main"), push(branch="topic"),
        push(branch="", tag="main"), replace(from_fork(head_ref="main"), branch="main"),
        push(branch="", sha=OTHER_SHA),
    ]  # fmt: skip
    for event in others:
        assert shelf.reach(build(event=event)).own != MAIN
    assert shelf.reach(build(event=push())).own == MAIN


def test_the_exact_key_wins_over_the_branch_and_the_branch_over_its_age() -> None:
    old = entry("pip-1", "branch topic", created=NOW - 10)
    exact, new = entry("pip-2"), entry("pip-3", created=NOW + 10)
    there = Shelf("7/team", (old, exact, new))
    refs = [("branch topic", there), ("branch main", there)]

    def found(*words: str) -> str | None:
        one = shelf.find(refs, Wanted("v", words[0], words[1:]))
        return one[1].key if one else None

    assert found("pip-2", "pip-") == "pip-2"
    assert found("pip-9", "pip-") == "pip-1"
    assert found("pip-9", "npm-", "pip-3", "pip-") == "pip-3"
    assert found("pip-9") is None
    assert found("pip-") is None
    assert shelf.find(refs[1:], Wanted("v", "pip-9", ("pip-",))) == (there, new)
    assert shelf.find(refs, Wanted("other folders", "pip-2", ("pip-",))) is None
    assert shelf.find([("branch other", there)], Wanted("v", "pip-2")) is None


def test_the_first_writer_of_a_key_wins() -> None:
    first = entry()
    second = entry(blob="second", sha256="11")
    there = Shelf("s", (first,), (Leaving("second", 60, NOW + 5),))
    after = shelf.keep(there, second, ROOM, NOW, moving=False)
    assert after == there


def test_of_a_key_that_moves_the_last_one_stays() -> None:
    first, second = entry(), entry(blob="second", sha256="11")
    there = Shelf("s", (first,), (Leaving("second", 60, NOW + 5),))
    after = shelf.keep(there, second, ROOM, NOW, moving=True)
    assert after.entries == (second,)
    assert after.leavings == (Leaving(first.blob, 60, NOW + REPLACED_SECONDS),)
    assert shelf.keep(after, second, ROOM, NOW, moving=True) == after


def test_of_a_slot_only_the_newest_stays() -> None:
    old, other, elsewhere = entry("env-1-a"), entry("env-2-a"), entry("env-1-a", "branch topic")
    apart = entry("env-1-a", version="w", blob="apart")
    there = Shelf("s", (old, other, elsewhere, apart))
    new = entry("env-1-b", size=1)
    after = shelf.keep(there, new, Room(100, 1000), NOW, moving=False, slot="env-1-")
    assert set(after.entries) == {other, elsewhere, apart, new}
    assert after.leavings == (Leaving(old.blob, 60, NOW + REPLACED_SECONDS),)
    # A slot that is none of the key's own pushes nobody out.
    after = shelf.keep(there, new, Room(100, 1000), NOW, moving=False, slot="env-2-")
    assert len(after.entries) == 5


def test_what_was_used_longest_ago_makes_room() -> None:
    entries = tuple(entry(f"k{n}", used=NOW + used) for n, used in enumerate((3, 1, 2, 4)))
    there = Shelf("s", entries)
    after = shelf.keep(there, entry("new", used=NOW + 9), ROOM, NOW, moving=False)
    assert [one.key for one in after.entries] == ["k2", "k0", "k3", "new"]
    assert [one.blob for one in after.leavings] == ["branch main/k1"]
    assert shelf.overdue(after, NOW + REPLACED_SECONDS - 1) == ()
    assert shelf.overdue(after, NOW + REPLACED_SECONDS) == ("branch main/k1",)


def test_a_shelf_holds_a_limited_number() -> None:
    there = Shelf("s", tuple(entry(f"k{n}", size=0, used=NOW + n) for n in range(ENTRIES)))
    after = shelf.keep(there, entry("new"), ROOM, NOW, moving=False)
    assert len(after.entries) == ENTRIES
    assert [one.blob for one in after.leavings] == ["branch main/k0"]


def test_an_upload_is_announced_first_and_removed_when_it_is_never_kept() -> None:
    there = shelf.announce(Shelf("s"), "new", 60, ROOM, NOW)
    assert there is not None
    assert shelf.is_announced(there, "new") and not shelf.is_announced(there, "old")
    assert (there.due, there.group, Shelf("s").due) == (NOW + ANNOUNCED_SECONDS, "", 0)
    assert shelf.overdue(there, NOW + ANNOUNCED_SECONDS) == ("new",)
    assert shelf.removed(there, ("new",)) == Shelf("s")
    kept = shelf.keep(there, entry(blob="new"), ROOM, NOW, moving=False)
    assert (kept.leavings, [one.blob for one in kept.entries]) == ((), ["new"])


def test_only_so_much_can_be_under_way() -> None:
    assert shelf.announce(Shelf("s"), "big", ROOM.one + 1, ROOM, NOW) is None
    there: Shelf | None = Shelf("s")
    for number in range(5):
        assert there is not None
        there = shelf.announce(there, str(number), 100, ROOM, NOW)
    assert there is not None
    assert shelf.announce(there, "more", 1, ROOM, NOW) is None
    assert shelf.announce(there, "4", 100, ROOM, NOW + 1) is not None
    many = Shelf("s", leavings=tuple(Leaving(str(n), 0, NOW) for n in range(ENTRIES)))
    assert shelf.announce(many, "more", 0, ROOM, NOW) is None


def test_a_use_is_written_down_once_an_hour() -> None:
    one, other = entry(), entry("other")
    there = Shelf("s", (one, other))
    assert shelf.use(there, one, NOW + USED_SECONDS - 1) is there
    later = NOW + USED_SECONDS
    assert shelf.use(there, one, later).entries == (replace(one, used=later), other)
    assert shelf.use(Shelf("s"), one, later) == Shelf("s")


def test_what_nobody_has_restored_for_long_goes() -> None:
    """A repository at rest, or one that is gone, takes no room."""
    one, other = entry(), entry("other", used=NOW + 5)
    there = Shelf("s", (one, other))
    end = NOW + UNUSED_SECONDS
    assert there.due == end
    assert shelf.unused(there, end - 1) is there
    after = shelf.unused(there, end)
    assert (after.entries, after.due) == ((other,), end + 5)
    # A job may have been told of it just now.
    assert after.leavings == (Leaving(one.blob, one.size, end + REPLACED_SECONDS),)
    last = shelf.unused(after, end + 5)
    assert (last.entries, last.due) == ((), end + REPLACED_SECONDS)


def test_an_entry_without_its_blob_goes() -> None:
    one = entry()
    after = shelf.drop(Shelf("s", (one,)), one, NOW)
    assert (after.entries, shelf.overdue(after, NOW)) == ((), ())
    assert shelf.overdue(after, NOW + REPLACED_SECONDS) == (one.blob,)
    assert shelf.drop(after, one, NOW) is after
