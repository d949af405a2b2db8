"""Which files are looked at."""

from __future__ import annotations

import pytest
from dishwasher.checks import selection

FILE = "100644"


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "app/views.py",
        "templates/a b.html",
        "docs/é.rst",
        'quote".txt',
        "new\nline.txt",
        ".github/workflows/ci.yml",
        "fixtures.py",
        "admin.py",
    ],
)
def test_wanted(path: str) -> None:
    assert selection.wanted(path.encode(), FILE) == path
    assert selection.wanted(path.encode(), "100755") == path


@pytest.mark.parametrize(
    "path",
    [
        "poetry.lock",
        "web/package-lock.json",
        "pnpm-lock.yaml",
        "go.sum",
        "app/locale/de/LC_MESSAGES/django.po",
        "app/Locale/notes.txt",
        "static/vendor/jquery.js",
        "node_modules/x/index.js",
        "app/fixtures/users.yaml",
        "static/app.min.js",
        "static/app.js.map",
        "data.json",
        "data.CSV",
        "logo.svg",
        "AUTHORS",
        "CONTRIBUTORS.md",
        "schema.graphql",
        "../escape.txt",
        "a/../../escape.txt",
        "/etc/passwd",
        ".git/config",
        "a//b.txt",
        "a/" * 3000 + "b.txt",
    ],
)
def test_not_wanted(path: str) -> None:
    assert selection.wanted(path.encode(), FILE) is None


@pytest.mark.parametrize("mode", ["120000", "160000", "040000"])
def test_links_and_submodules_are_not_wanted(mode: str) -> None:
    assert selection.wanted(b"README.md", mode) is None


def test_names_that_are_not_utf_8_are_not_wanted() -> None:
    assert selection.wanted(b"\xff.txt", FILE) is None


@pytest.mark.parametrize(
    ("data", "prose"),
    [
        (b"", True),
        (b"a line\n", True),
        ("日本 é\n".encode(), True),
        (b"x" * 900, True),
        (b"x" * 2000, False),
        (b"x" * 5000 + b"\n" * 20, True),
        (b"nul \0\n", False),
        (b"\xff\xfe", False),
        (b"a line\n" * 200_000, False),
    ],
)
def test_prose(data: bytes, prose: bool) -> None:
    assert selection.is_prose(data) is prose
