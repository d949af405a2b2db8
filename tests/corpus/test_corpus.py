"""Every file of the corpus gives the plan that stands beside it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.corpus.case import FORMATS, Case, cases

LEAST = 60
"""Files a format."""


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_file_gives_its_plan(case: Case) -> None:
    assert case.described() == case.expected.read_text(encoding="utf-8")


def test_each_format_has_its_files() -> None:
    counts = Counter(case.format for case in cases())
    assert {name: counts[name] >= LEAST for name in FORMATS} == dict.fromkeys(FORMATS, True)


def test_no_two_files_are_the_same() -> None:
    seen: dict[bytes, str] = {}
    assert [
        (case.name, first)
        for case in cases()
        if (first := seen.setdefault(case.data, case.name)) != case.name
    ] == []
