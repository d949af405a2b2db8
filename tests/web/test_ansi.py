from __future__ import annotations

import re
from html import unescape

import pytest
from dishwasher.web.ansi import LINE_LIMIT, PLAIN, Style, to_html
from hypothesis import given
from hypothesis import strategies as st


def html(line: str, style: Style = PLAIN) -> str:
    return to_html(line, style)[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""),
        ("plain\ttext é 日本", "plain\ttext é 日本"),
        ("<b a=\"x\" b='y'>&amp;", "&lt;b a=\"x\" b='y'&gt;&amp;amp;"),
        ("\x1b[31mred\x1b[0m not", '<span class="f1">red</span> not'),
        ("\x1b[31m<b>", '<span class="f1">&lt;b&gt;</span>'),
        ("\x1b[1;92;44mx\x1b[my", '<span class="f10 b4 o">x</span>y'),
        ("\x1b[38;5;208mx", '<span class="f208">x</span>'),
        ("\x1b[38:5:208mx", '<span class="f208">x</span>'),
        ("\x1b[48;2;255;0;0mx", '<span class="b196">x</span>'),
        ("\x1b[38;2;40;100;130mx", '<span class="f24">x</span>'),
        ("\x1b[38;5;256mx", "x"),
        ("\x1b[38;2;999;0;0mx", "x"),
        ("\x1b[38mx", "x"),
        ("\x1b[38;7;1mx", '<span class="f1">x</span>'.replace("f1", "o")),
        ("\x1b[7mx", '<span class="f0 b7">x</span>'),
        ("\x1b[7;31;42mx\x1b[27my", '<span class="f2 b1">x</span><span class="f1 b2">y</span>'),
        ("\x1b[2;3;4;9mx\x1b[22;23;24;29my", '<span class="d i u s">x</span>y'),
        ("\x1b[31;39mx", "x"),
        ("\x1b[107;49;21;99mx", "x"),
        ("\x1b[2K\x1b[1Gx\x1b[?25l", "x"),
        ("\x1b]0;title\x07x\x1b]2;title\x1b\\y", "xy"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\\x1b_app\x1b\\x\x1b(B\x1b=\x1bMy", "xy"),
        ("a\x1b]never ended", 'a<span class="ctl">^[</span>]never ended'),
        (
            "a\x00\x08\x7f\x9b",
            'a<span class="ctl">^@</span><span class="ctl">^H</span>'
            '<span class="ctl">U+007F</span><span class="ctl">U+009B</span>',
        ),
        ("a\u202eb\u2066c", 'a<span class="ctl">U+202E</span>b<span class="ctl">U+2066</span>c'),
        (
            "a\x0bb\x0c\u2028",
            'a<span class="ctl">^K</span>b<span class="ctl">^L</span>'
            '<span class="ctl">U+2028</span>',
        ),
        ("10%\r50%\r100%", "100%"),
        ("100%\r", "100%"),
        ("\x1b[31m10%\r100%\r\r", '<span class="f1">100%</span>'),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_lines(line: str, expected: str) -> None:
    assert html(line) == expected


def test_colours_go_on_in_the_next_line() -> None:
    first, style = to_html("\x1b[1;31mred", PLAIN)
    assert first == '<span class="f1 o">red</span>'
    assert to_html("still", style) == ('<span class="f1 o">still</span>', style)


def test_a_long_line_is_cut_and_says_so() -> None:
    text = html("x" * (LINE_LIMIT + 1))
    assert text == "x" * LINE_LIMIT + '<span class="cut">… cut, 8,001 characters</span>'
    assert html("x" * LINE_LIMIT) == "x" * LINE_LIMIT


@given(st.builds(Style, *[st.none() | st.integers(0, 255)] * 2, *[st.booleans()] * 6))
def test_codes_lead_to_the_same_style(style: Style) -> None:
    assert PLAIN.after(style.codes) == style


@given(st.text(st.sampled_from("\x1b[]0123;:m<>&\"'\rab\x07\\\x00\u202eP^_(é"), max_size=60))
def test_nothing_but_spans_of_known_classes_comes_out(line: str) -> None:
    text, _ = to_html(line, PLAIN)
    bare = re.sub(r'<span class="[a-z0-9 ]+">|</span>', "", text)
    assert "<" not in bare and ">" not in bare
    assert not re.search(r"[\x00-\x08\x0a-\x1f\u202e]", unescape(bare))
    assert text.count("<span") == text.count("</span>")
