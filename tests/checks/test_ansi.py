"""Terminal text: what is stripped, and what a reader is shown instead."""

from __future__ import annotations

import time

import pytest
from dishwasher.checks import ansi


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no escapes", "no escapes"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;196mx\x1b[m\x1b[K", "x"),
        ("\x1b[2J\x1b[1A\x1b[?25lx", "x"),
        ("\x1b]0;a title\x07x", "x"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\x\x1b(B", "x"),
        ("cut off\x1b[3", "cut off"),
        ("\x1b]never closed", "never closed"),
    ],
)
def test_strip(text: str, expected: str) -> None:
    assert ansi.strip(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10%\r20%\r100%\n", "100%\n"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("kept\r", "kept"),
        ("a\rb\nc\rd", "b\nd"),
        ("nul\x00 bell\x07 del\x7f lone\x1b", "nul␀ bell␇ del␡ lone␛"),
        ("trojan \u202esource\u2066 \x9b1m", "trojan ⟨U+202E⟩source⟨U+2066⟩ ⟨U+009B⟩1m"),
        ("tab\tstays, so do 日本 and é", "tab\tstays, so do 日本 and é"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert ansi.plain(text) == expected


HOSTILE = (
    "\r" * 100_000 + "x",
    "a\r" * 50_000,
    "\x1b[" * 50_000,
    "\x1b]" * 50_000,
    "\x1b" * 100_000,
    "\x1b[" + "1;" * 50_000 + "m",
    "\x1b[31m" * 20_000,
    ("\x1b]8;;" + "a" * 500) * 200,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    started = time.process_time()
    ansi.plain(hostile)
    ansi.strip(hostile)
    # It takes some 20 ms; anything quadratic takes minutes.
    assert time.process_time() - started < 5
