"""The line that a mistake is in, and the mark below it, whatever stands in the line."""

from __future__ import annotations

from dishwasher.cli.excerpt import Source, excerpt
from dishwasher.cli.terminal import Paint, columns
from dishwasher.errors import Problem
from hypothesis import given
from hypothesis import strategies as st


def marked(line: str, word: str, width: int = 80) -> tuple[str, str]:
    """The line as shown and the mark, for a mistake at the word."""
    problem = Problem(1, line.index(word) + 1, "code", "message")
    shown = list(excerpt(problem, Source(line.encode()), "f.yml", Paint(width=width)))
    assert all(columns(one) <= width for one in shown)
    return shown[2].removeprefix("1 │ "), shown[3].removeprefix("  │ ")


def under(line: str, mark: str) -> str:
    """What stands above the carets, judged by the columns of a terminal."""
    start, end = mark.index("^"), len(mark)
    found, at = "", 0
    for character in line:
        if start <= at < end:
            found += character
        at += columns(character)
    return found


def test_the_mark_is_as_long_as_the_word() -> None:
    assert marked("  run: make", "run") == ("  run: make", "  ^^^")


def test_the_mark_is_as_long_as_the_quoted_text() -> None:
    assert under(*marked("needs: ['a b', c]", "'a b'")) == "'a b'"
    assert under(*marked(r'a: "x\"y" z', '"')) == r'"x\"y"'


def test_a_tab_before_the_mark_keeps_it_right() -> None:
    shown, mark = marked("\trun:\tmake it", "make")
    assert (shown, under(shown, mark)) == ("    run:    make it", "make")


def test_wide_characters_take_two_columns() -> None:
    assert under(*marked("  日本語: {nedes: a}", "nedes")) == "nedes"
    assert under(*marked("  a: 日本語", "日本語")) == "日本語"


def test_combining_characters_take_none() -> None:
    assert marked("e\u0301e\u0301: nedes", "nedes")[1] == "    ^^^^^"


def test_a_long_line_is_cut_around_the_mark() -> None:
    for before, after in ((0, 500), (500, 0), (500, 500), (70, 70), (60, 0)):
        for fill in ("x", "語"):
            line = fill * before + " nedes " + fill * after
            shown, mark = marked(line, "nedes")
            assert under(shown, mark) == "nedes"
            assert ("…" in shown) == (columns(line) > 76)


def test_a_word_longer_than_the_line_is_marked_as_far_as_it_is_shown() -> None:
    shown, mark = marked("a: " + "y" * 300, "y")
    assert (columns(shown), shown[-1], columns(mark)) == (76, "…", 75)


def test_a_place_behind_the_end_of_the_line_is_marked_there() -> None:
    problem = Problem(1, 7, "code", "message")
    shown = list(excerpt(problem, Source(b"run: \n"), "f.yml", Paint()))
    assert shown[2:4] == ["1 │ run:", "  │      ^"]


def test_a_line_that_is_not_there_is_left_out() -> None:
    for problem in (Problem(9, 1, "code", "message"), Problem(2, 1, "code", "message")):
        shown = list(excerpt(problem, Source(b"a: 1\n\n"), "f.yml", Paint()))
        assert shown == ["error: message", f"  ╭─ f.yml:{problem.line}:1  [code]", ""]


def test_lines_end_where_the_reader_of_configurations_ends_them() -> None:
    source = Source(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n")
    assert [source.line(number) for number in (1, 2, 3)] == ["a: 1", "b: 2", "c: 3"]


def test_bytes_that_are_no_text_have_no_lines() -> None:
    assert Source(b"\xff\xfea\0").line(1) is None
    assert Source(b"a: \xff b").line(1) == "a: \N{REPLACEMENT CHARACTER} b"


def test_a_megabyte_in_one_line_takes_no_time() -> None:
    line = "x" * 1_000_000
    for column in (1, 500_000, 1_000_000):
        problem = Problem(1, column, "code", "message")
        shown = list(excerpt(problem, Source(line.encode()), "f.yml", Paint()))
        assert max(map(columns, shown)) <= 80


def test_a_long_message_is_wrapped_below_itself() -> None:
    problem = Problem(1, 1, "code", "known are " + ", ".join(["`something`"] * 12), "Try it. " * 14)
    shown = list(excerpt(problem, Source(b"a"), "f.yml", Paint()))
    assert shown[1].startswith("       `something`")
    assert max(map(columns, shown)) <= 80


@given(st.text(), st.integers(1, 300), st.integers(40, 120), st.integers(0, 9))
def test_whatever_stands_there_the_lines_fit_and_the_mark_is_below_them(
    text: str, column: int, width: int, number: int
) -> None:
    problem = Problem(number, column, "code", text, text)
    shown = list(excerpt(problem, Source(text.encode("utf-8", "replace")), text, Paint()))
    assert shown[-1] == "" and all(line.isprintable() for line in shown)
    line = "a " * 40 + text.replace("\n", " ").replace("\r", " ") + "b " * 40
    problem = Problem(1, column, "code", "message")
    shown = list(excerpt(problem, Source(line.encode("utf-8", "replace")), "f", Paint(width=width)))
    assert max(columns(one) for one in shown) <= width
    assert "^" in shown[3]
