"""Times of cron come when cronsim says that they come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cronsim import CronSim, CronSimError
from dishwasher.formats.cron import following
from hypothesis import given
from hypothesis import strategies as st

MINUTES = st.sampled_from(["*", "0", "30", "*/7", "1,59", "10-20"])
HOURS = st.sampled_from(["*", "0", "4", "*/5", "22-23", "1,13"])
DAYS = st.sampled_from(["*", "1", "31", "L", "LW", "*/10", "13,14", "29"])
MONTHS = st.sampled_from(["*", "1", "FEB", "*/3", "6-8", "12"])
WEEKDAYS = st.sampled_from(["*", "0", "7", "MON", "1-5", "5L", "2#1", "SUN", "*/2", "6,0"])
MOMENTS = st.integers(1_700_000_000, 1_900_000_000)


@given(st.tuples(MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS).map(" ".join), MOMENTS)
def test_the_next_time_is_the_one_that_cronsim_finds(cron: str, after: int) -> None:
    begin = datetime.fromtimestamp(after, UTC)
    try:
        found = next(CronSim(cron, begin), None)
    except CronSimError:
        found = None
    assert following(cron, float(after)) == (found.timestamp() if found else 0.0)


def test_a_moment_that_fits_is_not_its_own_next() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
    assert following("0 12 * * *", noon) == noon + 86_400
    assert following("0 12 * * *", noon - 0.5) == noon


@pytest.mark.parametrize("cron", ["0 0 31 2 *", "0 0 30 FEB *"])
def test_a_day_that_never_comes_is_no_time(cron: str) -> None:
    assert following(cron, 1_700_000_000.0) == 0.0
