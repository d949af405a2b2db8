"""GitHub's timestamps (`2026-11-22T10:00:00Z`) and the calendar, as arithmetic.

The standard library's `datetime` also knows what time it is, which nobody may ask here.
"""

from __future__ import annotations

import re

DAY = 86_400
_STAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


def seconds(stamp: str) -> float:
    """Since the epoch; 0 for what is no timestamp."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return 0.0
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    at = day_number(year, month, day) * DAY + hour * 3600 + minute * 60 + second
    if found[7] is not None:
        ahead = int(found[8]) * 3600 + int(found[9]) * 60
        at -= ahead if found[7] == "+" else -ahead
    return float(max(at, 0))


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, in years that begin in March so that the leap day is the last.

    https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    """
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def date(number: int) -> tuple[int, int, int]:
    """Year, month and day of a day's number."""
    number += 719_468
    era = number // 146_097
    of_era = number - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, day


def stamp(at: float) -> str:
    """A time in seconds since the epoch for people: `2026-11-22 10:00 UTC`."""
    day, rest = divmod(int(at), DAY)
    year, month, of_month = date(day)
    return f"{year}-{month:02}-{of_month:02} {rest // 3600:02}:{rest % 3600 // 60:02} UTC"
