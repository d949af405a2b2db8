"""The schedules and inputs of `.dishwasher.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cronsim import CronSimError
from cronsim.cronsim import DAYS_IN_MONTH, Field

from dishwasher.core.config import Input, Schedule
from dishwasher.core.environment import RESERVED
from dishwasher.formats.native import keys
from dishwasher.formats.native.machine import text
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, listing
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Scalar

CRON = (Field.MINUTE, Field.HOUR, Field.DAY, Field.MONTH, Field.DOW)
CRON_NAMES = ("minute", "hour", "day of the month", "month", "day of the week")
RANGES = ("0-59", "0-23", "1-31", "1-12 or JAN-DEC", "0-7 or SUN-SAT")
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def schedules(
    top: Fields, jobs: Mapping[str, tuple[str, ...]], reader: Reader
) -> tuple[Schedule, ...]:
    """`jobs` maps names in the file to those of the jobs that they stand for."""
    return tuple(_schedules(top, jobs, reader))


def _schedules(
    top: Fields, jobs: Mapping[str, tuple[str, ...]], reader: Reader
) -> Iterator[Schedule]:
    for entry, value in top.or_else(keys.SCHEDULES, ()):
        if isinstance(value, Scalar):
            yield Schedule(entry.key.text, _cron(value, reader), line=entry.key.line)
            continue
        cron = value.get(keys.CRON)
        yield Schedule(
            entry.key.text,
            "" if cron is None else _cron(cron, reader),
            text(value.get(keys.SCHEDULE_BRANCH)),
            tuple(_jobs(value.or_else(keys.JOBS, ()), jobs, reader)),
            entry.key.line,
        )


def _jobs(
    names: tuple[Scalar, ...], jobs: Mapping[str, tuple[str, ...]], reader: Reader
) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name.text in jobs:
            yield from jobs[name.text]
            continue
        message = f"{show(name.text)} is not a check or deployment of this file"
        suggestion = reader.problems.nearest(name.text, jobs)
        reader.note(name, "unknown-job", message, suggestion)


def _cron(scalar: Scalar, reader: Reader) -> str:
    """The five fields with single spaces, as they will be read when the time has come."""
    parts = scalar.text.upper().split()
    if len(parts) != len(CRON):
        known = NICKNAMES.get(scalar.text.strip().casefold())
        suggestion = f"Write {show(known)}." if known else "Such as `30 4 * * 1-5`."
        message = f"{show(scalar.text)} is not a time of cron, which has five fields: "
        reader.note(scalar, "bad-cron", message + listing(CRON_NAMES), suggestion)
        return ""
    for part, field, name, bounds in zip(parts, CRON, CRON_NAMES, RANGES, strict=True):
        try:
            field.parse(part)
        # A number of thousands of digits is a ValueError.
        except (CronSimError, ValueError):
            message = f"{show(part)} can not be the {name} of a time of cron"
            reader.note(scalar, "bad-cron", message, f"It is {bounds}, `*`, or made of these.")
            return ""
    if _never(parts):
        message = f"{show(scalar.text)} never comes: no such month has that day"
        reader.note(scalar, "bad-cron", message)
    return " ".join(parts)


def _never(parts: list[str]) -> bool:
    """`0 0 30 2 *`; a day of the week beside it would be another way to come true."""
    days = [day for day in Field.DAY.parse(parts[2]) if isinstance(day, int)]
    months = [month for month in Field.MONTH.parse(parts[3]) if isinstance(month, int)]
    both = parts[2].startswith("*") or parts[4].startswith("*")
    return both and min(days) > max(DAYS_IN_MONTH[month] for month in months)


def inputs(top: Fields, variables: Mapping[str, Scalar], reader: Reader) -> tuple[Input, ...]:
    """`variables` are those that the file sets to something else."""
    return tuple(
        _input(entry.key, fields, variables, reader)
        for entry, fields in top.or_else(keys.INPUTS, ())
    )


def _input(name: Scalar, fields: Fields, variables: Mapping[str, Scalar], reader: Reader) -> Input:
    default, options = text(fields.get(keys.DEFAULT)), fields.or_else(keys.OPTIONS, ())
    required = fields.or_else(keys.REQUIRED, False)
    if name.text.startswith(RESERVED):
        message = f"variables that begin with `{RESERVED}` are set by Dishwasher"
        reader.note(name, "reserved", message, "Choose another name.")
    if name.text in variables:
        line = variables[name.text].line
        message = f"the input {show(name.text)} is already a variable, on line {line}"
        reader.note(name, "conflict", message, "Delete the variable and write it as `default`.")
    if required and default:
        message = "a required input has no use for a `default`"
        reader.note(fields.entry(keys.DEFAULT).key, "conflict", message, "Delete one of the two.")
    if default and options and default not in options:
        message = f"the default {show(default)} is none of the `options`"
        suggestion = reader.problems.nearest(default, options)
        reader.note(fields.entry(keys.DEFAULT).value, "unknown-value", message, suggestion)
    description = text(fields.get(keys.DESCRIPTION))
    return Input(name.text, description, default, required, options, name.line)
