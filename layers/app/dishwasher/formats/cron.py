"""When a time of cron comes next, in UTC, read as `cronsim` reads it."""

from __future__ import annotations

from cronsim import CronSim
from cronsim.cronsim import Field

from dishwasher.core.moment import DAY, date, day_number

FURTHEST = 366 * 50
"""Days that are looked through: 29 February on a given weekday may be 40 years away."""


def following(cron: str, after: float) -> float:
    """The first moment later than this one, both in seconds since the epoch; 0 for none."""
    minutes, hours, days, months, weekdays = cron.split()
    times = [
        hour * 3600 + minute * 60
        for hour in _numbers(Field.HOUR, hours)
        for minute in _numbers(Field.MINUTE, minutes)
    ]
    begin = int(after) // DAY
    wanted = set(_numbers(Field.MONTH, months))
    for number in range(begin, begin + FURTHEST):
        if date(number)[1] in wanted and _is_day(number, days, weekdays):
            for time in times:
                if number * DAY + time > after:
                    return float(number * DAY + time)
    return 0.0


def _numbers(field: Field, text: str) -> list[int]:
    return sorted(item for item in field.parse(text) if isinstance(item, int))


def _is_day(number: int, days: str, weekdays: str) -> bool:
    """As Debian's cron: both must fit where one begins with a star, else one is enough."""
    fits = (_is_of_month(number, days), _is_of_week(number, weekdays))
    return all(fits) if "*" in (days[0], weekdays[0]) else any(fits)


def _is_of_month(number: int, days: str) -> bool:
    items, day, last = Field.DAY.parse(days), date(number)[2], _last(number)
    # Days since 1970-01-01, a Thursday; 5 and 6 are Saturday and Sunday.
    weekend = max(0, (number - day + last + 3) % 7 - 4)
    return (
        day in items
        or (CronSim.LAST in items and day == last)
        or (CronSim.LAST_WEEKDAY in items and day == last - weekend)
    )


def _is_of_week(number: int, weekdays: str) -> bool:
    items, day = Field.DOW.parse(weekdays), date(number)[2]
    names = {(number + 4) % 7, (number + 4) % 7 or 7}
    places = {(day + 6) // 7, *({CronSim.LAST} if day + 7 > _last(number) else ())}
    return any(name in items or (name, place) in items for name in names for place in places)


def _last(number: int) -> int:
    """The last day of this day's month."""
    year, month, _ = date(number)
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(day_number(*following, 1) - 1)[2]
