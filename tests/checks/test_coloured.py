"""Terminal text as HTML: the colours, and that nothing else becomes markup."""

from __future__ import annotations

import html
import re
import time

import pytest
from dishwasher.checks import ansi, coloured
from hypothesis import given
from hypothesis import strategies as st

RED = '<span class="fg-1">'
TAGS = re.compile(r'<span class="[a-z0-9 -]+">|</span>')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("<b> & \"'", "&lt;b&gt; &amp; &quot;&#39;"),
        ("\x1b[31mred\x1b[0m not", f"{RED}red</span> not"),
        ("\x1b[31mred", f"{RED}red</span>"),
        ("\x1b[31ma\x1b[31mb\x1b[39mc", f"{RED}ab</span>c"),
        ("\x1b[31ma\x1b[32mb", f'{RED}a</span><span class="fg-2">b</span>'),
        ("\x1b[1;4;91;102mx", '<span class="fg-9 bg-10 bold underline">x</span>'),
        ("\x1b[1;2;3mx\x1b[22;23my", '<span class="bold dim italic">x</span>y'),
        ("\x1b[38;5;200;48;5;17mx", '<span class="fg-200 bg-17">x</span>'),
        ("\x1b[38:5:200mx", '<span class="fg-200">x</span>'),
        ("\x1b[38;2;255;0;0mx", '<span class="fg-196">x</span>'),
        ("\x1b[48;2;999;0;0;1mx", '<span class="bg-196 bold">x</span>'),
        ("\x1b[7mx\x1b[27my", '<span class="fg-0 bg-7">x</span>y'),
        ("\x1b[7;31;42mx", '<span class="fg-2 bg-1">x</span>'),
        ("\x1b[41mx\x1b[49my", '<span class="bg-1">x</span>y'),
        ("\x1b[mx\x1b[;mx", "xx"),
        # Nonsense changes nothing.
        ("\x1b[38;5;999mx\x1b[38mx\x1b[38;2;1mx\x1b[77mx", "xxxx"),
        ("\x1b[" + "1;" * 100 + "1mx", "x"),
        ("\x1b[99999999999999999999mx", "x"),
        # A sequence that holds what HTML escapes.
        ("\x1b[<0;1mx\x1b[&~y\x1b]8;;<script>\x07z", "xyz"),
        ("\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x1b", 'a<span class="hidden">␀</span>b␛'),
        ("\u202e", '<span class="hidden">⟨U+202E⟩</span>'),
    ],
)
def test_html(text: str, expected: str) -> None:
    assert coloured.to_html(text) == expected


def test_each_line_is_closed_in_itself() -> None:
    assert coloured.to_html("\x1b[31ma\nb\n") == f"{RED}a</span>\n{RED}b</span>\n{RED}</span>"


def test_a_colour_goes_on_in_the_next_piece() -> None:
    converter = coloured.AnsiHtml()
    assert converter.feed("\x1b[31ma") == f"{RED}a</span>"
    assert converter.feed("b") == f"{RED}b</span>"
    assert converter.feed("\x1b[0mc") == f"{RED}</span>c"
    assert converter.feed("d") == "d"


def test_the_last_overwrite_wins_and_earlier_colours_stay_set() -> None:
    assert coloured.to_html("\x1b[31m10%\r20%") == f"{RED}20%</span>"
    assert coloured.to_html("10%\r20%\r\nnext") == "20%\nnext"


def test_the_stylesheet_knows_every_class() -> None:
    sheet = coloured.stylesheet()
    for name in ("fg-0", "fg-255", "bg-0", "bg-255", "bold", "dim", "underline", "hidden"):
        assert f".{name}{{" in sheet
    assert ".fg-196{color:#ff0000}" in sheet
    assert ".fg-232{color:#080808}" in sheet


@given(st.text(alphabet="\x1b[]m;0138<&\"'>\r\n\x07\\ax\x00\u202e?", max_size=80))
def test_nothing_but_our_spans_is_markup(text: str) -> None:
    converted = coloured.to_html(text)
    rest = TAGS.sub("", converted)
    assert not set("<>\"'") & set(rest)
    assert converted.count("<span") == converted.count("</span>")
    assert converted.count("\n") == text.count("\n")
    for line in converted.split("\n"):
        assert line.count("<span") == line.count("</span>")


@given(st.text(max_size=60).filter(lambda text: "\x1b" not in text and "\r" not in text))
def test_text_survives(text: str) -> None:
    shown = html.unescape(TAGS.sub("", coloured.to_html(text)))
    assert shown == ansi.plain(text)


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
    started = time.perf_counter()
    coloured.to_html(hostile)
    # It takes some 20 ms; anything quadratic takes minutes.
    assert time.perf_counter() - started < 5
