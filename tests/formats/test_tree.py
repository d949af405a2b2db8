"""The values of the tree."""

from __future__ import annotations

import pytest
from dishwasher.formats.tree import Scalar, Style


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null(text: str) -> None:
    assert Scalar(text, 1, 1).is_null
    assert not Scalar(text, 1, 1, Style.DOUBLE).is_null


def test_other_text_is_not_null() -> None:
    assert not Scalar("none", 1, 1).is_null
