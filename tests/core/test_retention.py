from __future__ import annotations

from collections.abc import Iterator

from dishwasher.core.retention import DAY, Keep, Stock, aged, surplus

NOW = 1_750_000_000.0


def stock(build: str, bytes: int = 10, *, busy: bool = False, latest: bool = False) -> Stock:
    return Stock(f"01750000000000.{build}", bytes, busy, latest)


def builds(*stocks: Stock, total: int, room: int) -> list[str]:
    return [one.build for one in surplus(iter(stocks), total, Keep(0, room))]


def test_what_is_from_before_the_horizon_is_old() -> None:
    assert Keep(days=10).horizon(NOW) == NOW - 10 * DAY
    assert Keep(days=0).horizon(NOW) == 0
    assert Keep(days=1e9).horizon(NOW) == 0


def test_what_is_old_goes_and_what_is_at_work_or_shown_stays() -> None:
    stocks = stock("a"), stock("b", busy=True), stock("c", latest=True), stock("d")
    assert [one.build for one in aged(stocks)] == ["a", "d"]


def test_the_oldest_make_room_for_the_newest() -> None:
    stocks = stock("a", 40), stock("b", 40), stock("c", 40)
    assert builds(*stocks, total=120, room=80) == ["a"]
    assert builds(*stocks, total=120, room=79) == ["a", "b"]
    assert builds(*stocks, total=120, room=120) == []
    assert builds(*stocks, total=120, room=0) == []


def test_what_is_at_work_takes_room_and_what_takes_none_stays() -> None:
    stocks = stock("empty", 0), stock("busy", 100, busy=True), stock("small", 5)
    assert builds(*stocks, total=105, room=50) == ["small"]


def test_nobody_looks_further_than_until_there_is_room() -> None:
    looked = []

    def found() -> Iterator[Stock]:
        for name in "abc":
            looked.append(name)
            yield stock(name, 40)

    assert [one.build for one in surplus(found(), 120, Keep(0, 80))] == ["a"]
    assert looked == ["a", "b"]
