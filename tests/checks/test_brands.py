"""Names written wrongly, and all that only looks like it."""

from __future__ import annotations

import time

import pytest
from dishwasher.checks.brands import compiled, found
from dishwasher.core.findings import Finding, Level

BRANDS = compiled(
    [
        ("GitHub", ("Gitlab Hub",)),
        ("Müller & Söhne", ("Mueller & Soehne", "Müller und Söhne")),
        ("npm", ()),
        ("PostgreSQL", ("Postgre",)),
        ("Stack Overflow", ()),
        ("macOS", ()),
    ]
)


def written(line: str, path: str = "docs/index.md") -> list[str]:
    """The wrong spellings of one added line."""
    return [finding.message.split("`")[1] for finding in found(BRANDS, path, [(1, line, True)])]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("We use GitHub, npm and macOS.", []),
        ("We use Github.", ["Github"]),
        ("We use github, Git Hub and git-hub.", ["github", "Git Hub", "git-hub"]),
        ("GITHUB", ["GITHUB"]),
        ("StackOverflow and stack overflow", ["StackOverflow", "stack overflow"]),
        ("NPM and Npm", ["NPM", "Npm"]),
        ("MacOS, Mac OS", ["MacOS", "Mac OS"]),
        ("Postgre and Postgresql", ["Postgre", "Postgresql"]),
        ("Mueller & Soehne, Müller und Söhne", ["Mueller & Soehne", "Müller und Söhne"]),
        ("MÜLLER & SÖHNE", ["MÜLLER & SÖHNE"]),
        ("Githubs and megagithub", []),
    ],
)
def test_spellings_in_prose(line: str, wrong: list[str]) -> None:
    assert written(line) == wrong


@pytest.mark.parametrize(
    "line",
    [
        "See https://github.com/a/b and www.github.com.",
        "Write to ann@github.com.",
        "Run `npm install -g Github` there.",
        '<a class="github icon" href="/github">',
        "<github-button>",
        "{% include 'github.html' %} {{ github.name }}",
        "in .github/workflows and src/github/x.py",
        "the module github.api and github_token",
        "#github @github $github",
        "<pre>Github</pre>",
    ],
)
def test_what_nobody_reads_is_left_alone(line: str) -> None:
    assert written(line) == []


def test_attributes_that_are_read_count() -> None:
    assert written('<img src="github.png" alt="The Github logo">', "a.html") == ["Github"]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("import github", []),
        ("GITHUB = 1", []),
        ('title = "Our Github page"', ["Github"]),
        ("# Postgresql is faster here", ["Postgresql"]),
        ("class Github:", []),
    ],
)
def test_in_code_only_what_is_no_identifier(line: str, wrong: list[str]) -> None:
    assert written(line, "app/views.py") == wrong


def test_only_added_lines_outside_of_fences() -> None:
    lines = ["Github", "```", "Github", "```", "Github", "  Github"]
    numbered = [(number, line, number != 5) for number, line in enumerate(lines, 1)]
    assert [one.start_line for one in found(BRANDS, "README.md", numbered)] == [1, 6]


def test_a_finding_is_at_its_place() -> None:
    (one,) = found(BRANDS, "README.md", [(7, "On Github.", True)])
    assert one == Finding(
        "README.md", 7, 7, Level.FAILURE, "`Github` is written `GitHub`.", "brand", 4, 9
    )


@pytest.mark.parametrize(
    "hostile", ["git" * 1600, "<" * 4900, "`" * 4900, "a='" * 1600, "{%" * 2400]
)
def test_hostile_lines_cost_little(hostile: str) -> None:
    began = time.process_time()
    for _ in range(10):
        assert written(hostile) == []
    assert time.process_time() - began < 5
