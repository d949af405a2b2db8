"""Shell text to statements, and to the program that each of them runs."""

from __future__ import annotations

import pytest
from dishwasher.formats.commands.programs import NESTED, called, unwrapped
from dishwasher.formats.commands.shell import statements


def test_statements_are_told_apart_outside_quotes_alone() -> None:
    text = "a 'b; c' && d \"e | f\" || g # h\ni \\\n  j; k 2>&1 & l $(m | n)"
    assert [(one.words, one.joined, one.row) for one in statements(text)] == [
        (("a", "b; c"), ";", 0),
        (("d", "e | f"), "&&", 0),
        (("g",), "||", 0),
        (("i", "j"), ";", 1),
        (("k", "2>&1"), ";", 2),
        (("l", "$(m | n)"), ";", 2),
    ]


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("A=1 B=2 make all", "make all"),
        ("if ! time make; then", "make"),
        ("sudo -E -u deployer make", "make"),
        ("timeout -k 5 10m make", "make"),
        ("git ls-files | xargs -0 -n 20 make", "git ls-files"),
        ("xargs -0 -n 20 make", "make"),
        ("env A=1 poetry run make", "make"),
        ("npx --yes -p build-tools make", "make"),
        ("npm run make", "npm run make"),
        ("python -m make -x", "make -x"),
        ("python make.py", "python make.py"),
        ("A=1", ""),
    ],
)
def test_what_merely_starts_a_program_is_left_out(text: str, run: str) -> None:
    assert " ".join(called(next(statements(text)).words)) == run


def test_a_shell_in_a_shell_is_looked_into_and_keeps_its_lines() -> None:
    text = "make\n/bin/bash -ec 'cd a\nmake b'\nsh script -c x"
    assert [(one.text, one.row) for one in unwrapped(text)] == [
        ("make", 0),
        ("cd a", 1),
        ("make b", 2),
        ("sh script -c x", 3),
    ]


def test_shells_are_looked_into_a_few_levels_deep() -> None:
    assert [one.text for one in unwrapped("bash -c make", 0)] == ["bash -c make"]
    assert NESTED > 1
