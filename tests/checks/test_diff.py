"""Patches as git writes them to the lines that they add."""

from __future__ import annotations

import pytest
from dishwasher.checks.diff import Added, added

OLD, NEW = "a" * 40, "b" * 40


def of(patch: str) -> list[Added]:
    return list(added(patch.encode().splitlines(keepends=True)))


def header(name: str = "a.txt", mode: str = " 100644") -> str:
    return f"diff --git a/{name} b/{name}\nindex {OLD}..{NEW}{mode}\n--- a/{name}\n+++ b/{name}\n"


def test_runs_of_added_lines() -> None:
    (file,) = of(
        header() + "@@ -1 +1 @@\n-a\n+b\n@@ -3,0 +4,2 @@ def f\n+c\n+d\n@@ -9 +11,0 @@\n-e\n"
    )
    assert file == Added(b"a.txt", NEW, "100644", ((1, 1), (4, 5)))
    assert [line for line in range(8) if file.holds(line)] == [1, 4, 5]


def test_a_file_that_only_loses_lines_is_left_out() -> None:
    assert of(header() + "@@ -1 +0,0 @@\n-a\n") == []


def test_an_empty_patch() -> None:
    assert of("") == []


def test_text_that_looks_like_a_header() -> None:
    """Added lines `++ b/evil` and removed ones `-- a/x` print as headers of other files."""
    text = header() + (
        "@@ -1,2 +1,3 @@\n--- a/evil\n-diff --git a/x b/x\n+++ b/evil\n+@@ -1 +1 @@\n+x\n"
    )
    found = of(text + header("z.txt") + "@@ -0,0 +7 @@\n+x\n")
    assert [(file.path, file.ranges) for file in found] == [
        (b"a.txt", ((1, 3),)),
        (b"z.txt", ((7, 7),)),
    ]


def test_no_newline_at_the_end_is_no_line() -> None:
    text = header() + (
        "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
    )
    (file, after) = of(text + header("z") + "@@ -0,0 +1 @@\n+x\n")
    assert file.ranges == ((1, 1),)
    assert after.path == b"z"


def test_a_new_file_has_its_mode_from_its_own_line() -> None:
    text = f"diff --git a/x b/x\nnew file mode 120000\nindex {OLD}..{NEW}\n--- /dev/null\n+++ b/x\n"
    (file,) = of(text + "@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n")
    assert (file.mode, file.blob) == ("120000", NEW)


def test_a_changed_mode_counts_as_the_new_one() -> None:
    text = (
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"
        f"index {OLD}..{NEW}\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+x\n"
    )
    (file,) = of(text)
    assert file.mode == "100755"


def test_binary_files_and_pure_renames_add_nothing() -> None:
    text = f"diff --git a/x b/x\nindex {OLD}..{NEW} 100644\nBinary files a/x and b/x differ\n"
    text += "diff --git a/p b/q\nsimilarity index 100%\nrename from p\nrename to q\n"
    assert of(text) == []


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("b/a b.txt\t", b"a b.txt"),
        ('"b/tab\\there"', b"tab\there"),
        ('"b/new\\nline \\"quoted\\" back\\\\slash"', b'new\nline "quoted" back\\slash'),
        ('"b/\\303\\251.txt"', "é.txt".encode()),
        ('"b/\\001bell\\a"', b"\x01bell\x07"),
    ],
)
def test_names_as_git_quotes_them(written: str, path: bytes) -> None:
    text = f"diff --git x y\nindex {OLD}..{NEW} 100644\n--- /dev/null\n+++ {written}\n"
    (file,) = of(text + "@@ -0,0 +1 @@\n+x\n")
    assert file.path == path


def test_a_broken_hunk_is_an_error() -> None:
    with pytest.raises(ValueError, match="not the head of a hunk"):
        of(header() + "@@ nonsense @@\n")
