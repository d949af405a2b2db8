"""Every file of the corpus gives the plan that stands beside it."""

from __future__ import annotations

import pytest

from tests.corpus.case import Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_file_gives_its_plan(case: Case) -> None:
    assert case.described() == case.expected.read_text(encoding="utf-8")


def test_no_two_files_are_the_same() -> None:
    seen: dict[bytes, str] = {}
    assert [
        (case.name, first)
        for case in cases()
        if (first := seen.setdefault(case.data, case.name)) != case.name
    ] == []
