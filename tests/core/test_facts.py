from __future__ import annotations

import pytest
from dishwasher.core.facts import NAMES, RUNNER, SERVER, fill, names


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("true", "true"),
        ("{branch}", "main"),
        ("refs/{branch}/{tag}", "refs/main/"),
        ("{tag}", None),
        ("", ""),
    ],
)
def test_a_template_is_filled_or_left_out(template: str, filled: str | None) -> None:
    assert fill(template, {"branch": "main", "tag": ""}) == filled


def test_a_fact_is_known_by_one_side() -> None:
    assert not SERVER & RUNNER
    assert names("{branch}-{artifacts}") <= NAMES
