"""README.md names tests that are there, and every case has one here."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROW = re.compile(r"^\| (\d+) \|.*\| `(test_\w+\.py)` \| (.+) \|$", re.MULTILINE)
CASES = range(1, 61)


def test_every_case_has_its_row_and_its_test() -> None:
    rows = {int(case): file for case, file, _ in ROW.findall((HERE / "README.md").read_text())}
    assert sorted(rows) == list(CASES)
    for case, file in rows.items():
        assert f"\ndef test_case_{case:02}_" in (HERE / file).read_text(), case


def test_the_other_proofs_are_there() -> None:
    for case, _, also in ROW.findall((HERE / "README.md").read_text()):
        references = re.findall(r"`([\w/]+\.py)::(\w+)`", also)
        assert references, case
        for file, name in references:
            assert f"\ndef {name}(" in (ROOT / file).read_text(), f"{case}: {file}::{name}"
