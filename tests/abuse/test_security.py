"""docs/security.md names tests that are there, each incident's rule and cases that are proved."""

from __future__ import annotations

import re
from pathlib import Path

from tests.abuse.test_table import CASES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text()
INCIDENT = re.compile(r"^\| (\d+) \|.*\| (`tests/.+`) \|$", re.MULTILINE)
INCIDENTS = range(1, 25)
"""Lessons of what has happened to others, by number."""
AWS = re.compile(r"^\| A(\d+) \|.*\| (`tests/.+`) \|$", re.MULTILINE)
FACTS = range(1, 11)
"""What is known of AWS that a job could use, by number."""
MODEL = {
    "What there is to lose": 7,
    "Who is there": 6,
    "Where the lines run": 6,
    "What is not defended": 8,
}
"""The parts of the threat model, and how many rows, lines or points each has at least."""


def test_every_incident_has_its_rule_and_its_proof() -> None:
    assert _proved(INCIDENT) == list(INCIDENTS)


def test_every_fact_of_aws_has_its_rule_and_its_proof() -> None:
    assert _proved(AWS) == list(FACTS)


def _proved(row: re.Pattern[str]) -> list[int]:
    """The numbers of the rows, whose tests are all there."""
    rows = row.findall(PAGE)
    for number, proofs in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", proofs)
        assert len(named) == proofs.count("::"), number
        for file, name in named:
            assert f"\ndef {name}(" in (ROOT / file).read_text(), f"{number}: {file}::{name}"
    return [int(number) for number, _ in rows]


def test_every_case_is_named_once() -> None:
    section = PAGE.partition("## Cases of abuse")[2]
    named: list[int] = []
    for first, last in re.findall(r"\b(\d+)(?: to (\d+))?", section.partition("|---|")[2]):
        named.extend(range(int(first), int(last or first) + 1))
    assert sorted(named) == list(CASES)


def test_the_threat_model_has_all_its_parts() -> None:
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    found = {
        name: len(re.findall(r"^(?:\| (?!\||-)|\d+\. |- )", parts[name], re.MULTILINE))
        for name in MODEL
    }
    assert all(found[name] >= least for name, least in MODEL.items()), found
