"""Findings as annotations: within GitHub's rules whatever a tool has printed (40)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.added import Added, AddedFile
from dishwasher.core.annotation import (
    MAX_LINE,
    MAX_MESSAGE,
    MAX_TITLE,
    annotate,
    nearby,
)
from dishwasher.core.findings import Finding, Level

from tests.samples import finding


def test_the_worst_findings_come_first_and_else_in_their_order() -> None:
    levels = [Level.NOTICE, Level.FAILURE, Level.WARNING, Level.FAILURE]
    found = tuple(finding(line=line, level=level) for line, level in enumerate(levels, 1))
    assert [one.start_line for one in annotate(found)] == [2, 4, 3, 1]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "././x", "a/./b"),
        *("C:\\x", "c:/x", "a\\b", "a\0b", "a\nb", "a\tb", "a\x1b[0m", "a\udc80b", "a\u202eb"),
    ],
)
def test_a_path_outside_the_repository_is_no_annotation(path: str) -> None:
    assert annotate((finding(path), finding("kept"))) == (finding("kept"),)


@pytest.mark.parametrize("path", ["a", "a b/ü.py", "..a", "$(id)", "C", "🚀"])
def test_a_path_of_the_repository_is_kept(path: str) -> None:
    assert [one.path for one in annotate((finding(f"./{path}"), finding(path)))] == [path, path]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ((0, 0), (1, 1)),
        ((-5, -7), (1, 1)),
        ((10**12, 10**12), (MAX_LINE, MAX_LINE)),
        ((9, 3), (9, 9)),
        ((3, 9), (3, 9)),
    ],
)
def test_lines_are_brought_into_range(lines: tuple[int, int], kept: tuple[int, int]) -> None:
    (one,) = annotate((replace(finding(), start_line=lines[0], end_line=lines[1]),))
    assert (one.start_line, one.end_line) == kept


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ((4, 9), (4, 9)),
        ((4, None), (4, None)),
        ((4, 0), (4, None)),
        ((4, 2), (4, 4)),
        ((0, 9), (None, None)),
        ((-1, 9), (None, None)),
        ((None, 9), (None, None)),
        ((10**12, 10**13), (MAX_LINE, MAX_LINE)),
    ],
)
def test_columns_are_brought_into_range(
    columns: tuple[int | None, int | None], kept: tuple[int | None, int | None]
) -> None:
    (one,) = annotate((replace(finding(), start_column=columns[0], end_column=columns[1]),))
    assert (one.start_column, one.end_column) == kept


def test_columns_over_several_lines_are_left_out() -> None:
    (one,) = annotate((replace(finding(), end_line=9, start_column=1, end_column=2),))
    assert (one.start_column, one.end_column) == (None, None)


def test_texts_of_an_annotation_are_cleaned_and_cut() -> None:
    loud = finding(message="\x1b[1m" + "🚀" * 30_000, title=" a\nb " + "x" * 300)
    (one,) = annotate((loud,))
    assert len(one.message) == MAX_MESSAGE
    assert len(one.message.encode()) <= 64 * 1024
    assert one.message.startswith("\ufffd[1m🚀")
    assert len(one.title) == MAX_TITLE
    assert one.title.startswith("a b x")
    (empty,) = annotate((finding(message=""),))
    assert empty.message == "(no message)"


def test_a_finding_needs_no_columns() -> None:
    assert annotate((Finding("a", 1, 1, Level.NOTICE, "m"),))[0].start_column is None


def test_what_is_near_the_change_is_kept() -> None:
    one, two, three = (
        finding(line=1),
        replace(finding("./b.py", 5), end_line=9),
        replace(finding("c.py", 7), end_line=0),
    )
    added = Added(
        (
            AddedFile("app/views.py", ((2, 4),)),
            AddedFile("b.py", ((8, 8),)),
            AddedFile("c.py", ((1, 2), (7, 7))),
        )
    )
    assert nearby((one, two, three), added) == (two, three)
    assert nearby((one,), None) == (one,)
    assert nearby((one,), Added()) == ()
