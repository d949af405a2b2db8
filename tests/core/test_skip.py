"""What in a commit's message asks that nothing be run for it."""

from __future__ import annotations

import pytest
from dishwasher.core.skip import SKIP_TEXTS, skip_text


@pytest.mark.parametrize("text", SKIP_TEXTS)
def test_a_text_is_found_anywhere_and_in_any_case(text: str) -> None:
    assert skip_text(f"Mend the roof\n\nno time {text.upper()}: later") == text


def test_other_messages_ask_for_nothing() -> None:
    assert skip_text("Skip the CI next time") == skip_text("") == ""
