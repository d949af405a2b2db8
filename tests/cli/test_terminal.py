"""Widths as a terminal counts them, and what it is never sent."""

from __future__ import annotations

import io
import os
import pty

import pytest
from dishwasher.cli.terminal import NARROWEST, PIPED, WIDEST, Paint, clean, columns, fit, pad, paint
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("né", 2), ("👍", 2), ("→ ●", 3)],
)
def test_columns_are_those_of_a_terminal(text: str, width: int) -> None:
    assert columns(text) == width


@given(st.text(), st.integers(1, 30))
def test_what_is_fitted_fits(text: str, width: int) -> None:
    text = clean(text)
    shown = fit(text, width)
    assert columns(shown) <= width
    assert shown == text or shown.endswith("…")


@given(st.text())
def test_what_is_cleaned_can_be_printed(text: str) -> None:
    assert clean(text).isprintable() and len(clean(text)) == len(text)


def test_padding_counts_columns() -> None:
    assert pad("日本", 6) == "日本  "
    assert pad("long", 2) == "long"


def test_a_pipe_is_eighty_columns_without_colours() -> None:
    assert paint(io.StringIO()) == Paint(colours=False, width=PIPED, cut=0)


@pytest.mark.parametrize(
    ("told", "width", "cut"),
    [("100", 100, 100), ("7", NARROWEST, NARROWEST), ("300", WIDEST, 300), ("many", PIPED, PIPED)],
)
def test_a_terminal_is_as_wide_as_it_says(
    monkeypatch: pytest.MonkeyPatch, told: str, width: int, cut: int
) -> None:
    monkeypatch.setenv("COLUMNS", told)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours, theirs = pty.openpty()
    with open(theirs, "w") as stream:
        assert paint(stream) == Paint(colours=True, width=width, cut=cut)
    os.close(ours)
