"""What a variable's value becomes, without a shell."""

from __future__ import annotations

import pytest
from dishwasher.core.expansion import add, expand
from dishwasher.core.machine import Variable

VALUES = {"A": "a", "EMPTY": "", "LONG_1": "l"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$A", "a"),
        ("${A}b", "ab"),
        ("$LONG_1/x", "l/x"),
        ("$Ab", ""),
        ("$NONE|${NONE}", "|"),
        ("${NONE:-x y}", "x y"),
        ("${EMPTY:-x}${EMPTY-y}", "x"),
        ("${A:-x}", "a"),
        (r"\$A \\$A", r"$A \a"),
        ("5$ and $5 and $", "5$ and $5 and $"),
        ("${A##*/} $(date) `date`", "${A##*/} $(date) `date`"),
        ("${A", "${A"),
    ],
)
def test_values_are_expanded_without_a_shell(text: str, expanded: str) -> None:
    assert expand(text, VALUES) == expanded


def test_later_variables_see_earlier_ones_and_those_that_are_given_stay() -> None:
    values = {"GIVEN": "1"}
    ours = (
        Variable("GIVEN", "2"),
        Variable("A", "a$GIVEN", expand=True),
        Variable("B", "$A-b", expand=True),
        Variable("C", "$A"),
    )
    add(values, ours, {"GIVEN"})
    assert values == {"GIVEN": "1", "A": "a1", "B": "a1-b", "C": "$A"}
