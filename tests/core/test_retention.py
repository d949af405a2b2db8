from __future__ import annotations

from dishwasher.core.retention import DAY, Keep, Stock, overdue

NOW = 1_750_000_000.0


def stock(build: str, days: float, bytes: int = 10, *, busy: bool = False, home: str = "") -> Stock:
    return Stock(build, NOW - days * DAY, bytes, busy, home)


def test_what_is_older_goes_and_what_is_at_work_stays() -> None:
    stocks = [stock("new", 1), stock("old", 11), stock("older", 12), stock("busy", 13, busy=True)]
    assert overdue(stocks, NOW, Keep(days=10, bytes=0)) == ("older", "old")


def test_the_last_build_of_a_default_branch_outlives_its_age() -> None:
    stocks = [stock("a", 50, home="1"), stock("b", 40, home="1"), stock("c", 60, home="2")]
    assert overdue(stocks, NOW, Keep(days=10, bytes=0)) == ("a",)


def test_the_oldest_make_room_for_the_newest() -> None:
    stocks = [stock("a", 3, 40), stock("b", 2, 40), stock("c", 1, 40)]
    assert overdue(stocks, NOW, Keep(days=0, bytes=80)) == ("a",)
    assert overdue(stocks, NOW, Keep(days=0, bytes=79)) == ("a", "b")
    assert overdue(stocks, NOW, Keep(days=0, bytes=0)) == ()


def test_what_is_at_work_takes_room_and_what_takes_none_stays() -> None:
    stocks = [stock("busy", 1, 100, busy=True), stock("small", 2, 5), stock("empty", 3, 0)]
    assert overdue(stocks, NOW, Keep(days=0, bytes=50)) == ("small",)


def test_a_build_from_the_future_is_no_old_one() -> None:
    assert overdue([stock("a", -5)], NOW, Keep(days=1)) == ()
