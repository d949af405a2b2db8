"""GitHub's timestamps and the calendar agree with the standard library's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from dishwasher.core.moment import DAY, date, day_number, seconds, stamp
from hypothesis import given
from hypothesis import strategies as st


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
)
def test_a_timestamp_is_its_seconds(at: datetime) -> None:
    at = at.replace(microsecond=0)
    assert seconds(at.strftime("%Y-%m-%dT%H:%M:%SZ")) == at.timestamp()
    assert seconds(at.isoformat()) == at.timestamp()


@given(st.integers(0, 200_000))
def test_days_are_numbered_from_the_epoch(number: int) -> None:
    day = datetime(1970, 1, 1) + timedelta(days=number)
    assert date(number) == (day.year, day.month, day.day)
    assert day_number(day.year, day.month, day.day) == number


def test_fractions_and_zones_are_read() -> None:
    noon = seconds("2026-11-22T12:00:00Z")
    assert noon % DAY == DAY / 2
    assert seconds("2026-11-22T12:00:00.123Z") == noon
    assert seconds("2026-11-22T14:30:00+02:30") == seconds("2026-11-22T05:00:00-07:00") == noon


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-11-22T12:00:00", "٢٠٢٦"])
def test_what_is_no_timestamp_is_no_time(text: str) -> None:
    assert seconds(text) == 0.0


def test_before_the_epoch_is_no_time() -> None:
    assert seconds("1969-12-31T23:59:59Z") == 0.0


@given(st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)))
def test_a_time_is_written_for_people(at: datetime) -> None:
    assert stamp(at.replace(tzinfo=UTC).timestamp()) == at.strftime("%Y-%m-%d %H:%M UTC")
