"""The lines that a patch adds, as GitHub shows it."""

from __future__ import annotations

import pytest
from dishwasher.core.added import WHOLE, Added, AddedFile, added_file

PATCH = """@@ -1,4 +1,5 @@ def f():
 one
-two
+2
+two and a half
 three
 four
@@ -10 +11,3 @@
+ten
 x

+end
\\ No newline at end of file"""


@pytest.mark.parametrize(
    ("patch", "ranges"),
    [
        (PATCH, ((2, 3), (11, 11), (14, 14))),
        ("@@ -0,0 +1 @@\n+++ looks like a header", ((1, 1),)),
        ("@@ -1,2 +0,0 @@\n-one\n-two", ()),
        ("", ()),
        (None, (WHOLE,)),
    ],
)
def test_added_lines_are_counted_on_the_new_side(
    patch: str | None, ranges: tuple[tuple[int, int], ...]
) -> None:
    assert added_file("a.py", patch) == AddedFile("a.py", ranges)


def test_a_range_holds_where_it_overlaps() -> None:
    added = Added((AddedFile("a.py", ((3, 5), (9, 9))),))
    held = [line for line in range(1, 12) if added.holds("a.py", line, line)]
    assert held == [3, 4, 5, 9]
    assert added.holds("a.py", 6, 9) and not added.holds("a.py", 6, 8)
    assert added.holds("a.py", 4, 0)
    assert not added.holds("b.py", 4, 4)
