"""docs/config.md is held to the keys that the format declares: rows, examples, limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dishwasher.core import judge, pattern
from dishwasher.core.config import MATCHERS
from dishwasher.core.event import Happening
from dishwasher.formats import compose, jobs, native, problems, source, values
from dishwasher.formats.native import keys, matrix, parts
from dishwasher.formats.native.jobs import FACTS
from dishwasher.formats.schema import Record

TEXT = (Path(__file__).parents[2] / "docs" / "config.md").read_text(encoding="utf-8")
SECTIONS: tuple[tuple[str, Record], ...] = (
    ("## The whole file", keys.FILE),
    ("## `machine`", keys.MACHINE_RECORD),
    ("## `checks`", keys.CHECK_RECORD),
    ("### `when`", parts.WHEN_RECORD),
    ("### `reports`", parts.REPORTS_RECORD),
    ("### `cache`", parts.CACHE_RECORD),
    ("### `uses: spelling`", parts.SPELLING_RECORD),
    ("## `deployments`", keys.DEPLOYMENT_RECORD),
    ("## `schedules`", keys.SCHEDULE_RECORD),
    ("## `inputs`", keys.INPUT_RECORD),
)


def section(heading: str) -> str:
    """The text below a heading, up to the next one of any level."""
    assert TEXT.count(f"\n{heading}\n") == 1
    return re.split(r"^#", TEXT.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(heading: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", section(heading), re.MULTILINE)


def test_its_examples_parse_without_a_warning() -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 7
    for example in examples:
        assert native.parse(".dishwasher.yml", example.encode()).warnings == ()


def test_every_record_has_its_section() -> None:
    assert {record.where for _, record in SECTIONS} == {record.where for record in keys.RECORDS}


@pytest.mark.parametrize(("heading", "record"), SECTIONS, ids=lambda value: str(value)[:20])
def test_every_key_has_its_row_and_every_row_its_key(heading: str, record: Record) -> None:
    known = {key.name for key in record.keys}
    shown = rows(heading)
    assert len(shown) == len(set(shown))
    if record is keys.DEPLOYMENT_RECORD:
        # What deployments share with checks is named below the table and explained there.
        shared = known - set(shown)
        assert shared < {key.name for key in keys.CHECK_RECORD.keys}
        assert all(f"`{name}`" in section(heading).split("| `screenshots`")[1] for name in shared)
        known -= shared
    assert set(shown) == known


def test_the_keys_of_a_matrix_have_their_rows() -> None:
    assert set(rows("### `matrix`")) == {*matrix.VERSIONS, matrix.INCLUDE, matrix.EXCLUDE}


def test_it_names_the_words_that_may_be_written() -> None:
    for word in (*MATCHERS, *map(str, Happening)):
        assert f"`{word}`" in TEXT
    for word in keys.SERVICES:
        assert f"`{word}`" in section("## `machine`") or word == "postgresql"
    for name, _ in FACTS:
        assert f"`{name}`" in section("## Variables that Dishwasher sets")


def limits() -> dict[str, str]:
    """What is limited, and how far, of the table of limits."""
    return dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section("## Limits"), re.MULTILINE)[1:])


def test_it_names_the_limits() -> None:
    assert list(limits().values()) == [
        f"{source.SIZE // 1024**2} MiB",
        f"{compose.NODES:,}, and {compose.DEPTH} levels",
        f"{jobs.JOBS}",
        f"{jobs.NAME_LENGTH} characters",
        f"{jobs.JOB_BYTES // 1024} KB",
        f"{matrix.AXES}",
        f"{jobs.JOBS}, and {matrix.PRODUCT:,}",
        f"{matrix.PRODUCT:,}",
        f"{values.PATTERNS}",
        f"{pattern.LENGTH} characters, repeats such as `a{{20}}` up to {pattern.REPEATS:,} in all, "
        f"and {pattern.MATCH_SECONDS} s for one name",
        f"some {values.EFFORT // 55_000 * 100:,} regexes, "
        f"and {judge.JUDGED_SECONDS:g} s to judge one event",
        f"{problems.KEPT}",
    ]


def test_it_names_the_limits_where_they_are_met() -> None:
    assert f"at most {matrix.AXES} axes, and the whole file at most {jobs.JOBS} jobs" in TEXT
    assert f"1 to {jobs.NAME_LENGTH} printable" in TEXT
