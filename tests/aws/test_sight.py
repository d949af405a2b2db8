"""What rows that were read tell of others."""

from __future__ import annotations

from dishwasher.aws.rows import Item, Key, Peers, row
from dishwasher.aws.sight import PARTITIONS, Sight

from tests.contract.test_store import JOB

ONE, TWO = Key("job#b1", "b1.one"), Key("job#b1", "b1.two")


def seen(*peers: tuple[Key, int]) -> Item:
    told: Peers = peers
    return row(JOB, "write", 0, told)


def test_the_newest_that_was_told_of_counts() -> None:
    sight = Sight()
    sight.note((seen((ONE, 3), (TWO, 1)), seen((ONE, 2), (TWO, 2))))
    assert sight.is_old(ONE, {"version": {"N": "2"}})
    assert not sight.is_old(ONE, {"version": {"N": "3"}})
    assert sight.is_old(TWO, None)
    assert sight.lacks("job#b1", {ONE: {"version": {"N": "3"}}})
    sight.forget(("job#b1", "unknown"))
    assert not sight.is_old(TWO, None)
    assert not sight.lacks("job#b1", {ONE: None})


def test_a_row_that_was_saved_alone_tells_of_nobody() -> None:
    assert "peers" not in seen((ONE, 1))


def test_only_so_many_partitions_are_remembered_the_latest_ones() -> None:
    sight = Sight()
    for number in range(PARTITIONS + 1):
        sight.note((seen((Key(f"job#{number}", "x"), 1), (Key("job#always", "x"), 1)),))
    assert not sight.is_old(Key("job#0", "x"), None)
    assert sight.is_old(Key(f"job#{PARTITIONS}", "x"), None)
    assert sight.is_old(Key("job#always", "x"), None)
