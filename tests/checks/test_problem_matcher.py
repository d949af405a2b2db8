"""Problem matchers as users bring them along, by GitHub's rules for them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from dishwasher.checks import problem_matcher
from dishwasher.checks.matchers import LINE, Scanner
from dishwasher.checks.running import SECONDS, Watched
from dishwasher.core.findings import Finding, Level
from dishwasher.errors import UserError

# What https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md describes.
ONE = {"regexp": r"^(.+):(\d+):(\d+):\s+(error|warning):\s+(.+) \((\w+)\)$"} | {
    name: number
    for number, name in enumerate(("file", "line", "column", "severity", "message", "code"), 1)
}
FILE_FIRST = [
    {"regexp": r"^([^\s].*)$", "file": 1},
    {
        "regexp": r"^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$",
        "line": 1,
        "column": 2,
        "severity": 3,
        "message": 4,
        "code": 5,
        "loop": True,
    },
]


def written(*patterns: dict[str, Any], **values: Any) -> bytes:
    """A file with one matcher."""
    made = {"owner": "own", "pattern": list(patterns), **values}
    return json.dumps({"problemMatcher": [made]}).encode()


class Checkout:
    """A folder with two files, and what is told of its matchers."""

    def __init__(self, root: Path) -> None:
        self.root, self.told = root, list[str]()
        for name in ("app/a.py", "app/b.py"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text("x\n")

    def scanner(self, data: bytes, *names: str) -> Scanner:
        return Scanner(names, self.root, problem_matcher.read(data), self.told.append)

    def found(self, data: bytes, *lines: str, names: tuple[str, ...] = ()) -> list[Finding]:
        """In all lines at once; one by one they must be the same."""
        text = "".join(f"{line}\n" for line in lines)
        at_once = list(self.scanner(data, *names).scan(text.encode("utf-8", "surrogateescape")))
        each = self.scanner(data, *names)
        fed = (
            each.feed(line[:LINE].encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
            for line in lines
        )
        assert at_once == [finding for finding in fed if finding is not None]
        return at_once

    def said(self, data: bytes, *lines: str) -> list[str]:
        return [f"{one.path}:{one.start_line} {one.message}" for one in self.found(data, *lines)]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_one_line_with_colours(checkout: Checkout) -> None:
    (found,) = checkout.found(written(ONE), "\x1b[1mapp/a.py:3:7: \x1b[31merror: no (X1)\x1b[0m")
    assert found == Finding("app/a.py", 3, 3, Level.FAILURE, "no", "own X1", start_column=7)


def test_a_file_and_the_lines_below_it(checkout: Checkout) -> None:
    said = checkout.said(
        written(*FILE_FIRST),
        "app/a.py",
        "  1:0   error  Missing use strict  strict",
        "  5:10  warning  Bad 名  other\r",
        "something else",
        "  9:9   error  Not below a file  strict",
        "app/b.py",
        "  2:1   error  Again  strict",
    )
    assert said == ["app/a.py:1 Missing use strict", "app/a.py:5 Bad 名", "app/b.py:2 Again"]


def test_it_is_sought_anywhere_in_a_line(checkout: Checkout) -> None:
    anywhere = {"regexp": r"at (\S+) line (\d+)", "file": 1, "line": 2, "message": 0}
    said = checkout.said(written(anywhere), "Ünknown function at app/b.py line 12, called")
    assert said == ["app/b.py:12 at app/b.py line 12"]


@pytest.mark.parametrize(
    ("default", "word", "level"),
    [
        ({}, "error", Level.FAILURE),
        ({}, "Warning", Level.WARNING),
        ({"severity": "NOTICE"}, "", Level.NOTICE),
        ({"severity": ""}, "", Level.FAILURE),
        ({"severity": "warning"}, "error", Level.FAILURE),
        ({}, "odd", None),
    ],
)
def test_a_match_says_how_bad_it_is_or_else_the_matcher(
    checkout: Checkout, default: dict[str, str], word: str, level: Level | None
) -> None:
    pattern = {"regexp": r"^(\w*) ?in (.*): (.*)$", "severity": 1, "file": 2, "message": 3}
    levels = [
        one.level for one in checkout.found(written(pattern, **default), f"{word} in app/a.py: x")
    ]
    assert levels == ([level] if level else [])


def test_a_path_counts_from_a_project_s_file(checkout: Checkout) -> None:
    project = {"regexp": r"^(.*):(\d+) (.*) \[(.*)\]$", "file": 1, "line": 2, "message": 3}
    named = written(project | {"fromPath": 4})
    assert checkout.said(named, "a.py:1 x [app/app.proj]", "a.py:1 x [lib/x]") == ["app/a.py:1 x"]
    assert checkout.said(written(project, fromPath="app/app.proj"), "b.py:2 y []") == [
        "app/b.py:2 y"
    ]


def test_what_has_no_number_no_words_or_no_file(checkout: Checkout) -> None:
    loose = {
        "regexp": "^(.*)\\|(.*)\\|(.*)\\|(.*)$",
        "file": 1,
        "line": 2,
        "column": 3,
        "message": 4,
    }
    found = checkout.found(
        written(loose),
        "app/a.py|-1|x|no number",
        "app/a.py|99999999999|٣|none either",
        "app/a.py|1|1| ",
        "gone.py|1|1|x",
        "../a.py|1|1|x",
        "\udcff|1|1|x",
    )
    assert [(one.start_line, one.start_column, one.message) for one in found] == [
        (1, None, "no number"),
        (1, None, "none either"),
    ]


def test_beside_a_tool_that_is_known(checkout: Checkout) -> None:
    lines = "app/a.py", "app/a.py:1:1: F401 unused", "  1:1  error  x  y", "app/b.py:2:2: E501 long"
    found = checkout.found(written(*FILE_FIRST), *lines, names=("flake8",))
    assert [one.title for one in found] == ["flake8 F401", "flake8 E501"]


def test_a_long_line_is_read_so_far(checkout: Checkout) -> None:
    pattern = {"regexp": "^(\\S+) (x*)$", "file": 1, "message": 2}
    scanner = checkout.scanner(written(pattern))
    found = list(scanner.scan(b"app/a.py x\napp/b.py " + b"x" * 3 * LINE + b"\napp/a.py xx\n"))
    assert [(one.path, len(one.message)) for one in found] == [
        ("app/a.py", 1),
        ("app/b.py", 2000),
        ("app/a.py", 2),
    ]


def test_one_that_searches_for_ever_is_switched_off_alone(checkout: Checkout) -> None:
    slow = {
        "owner": "slow",
        "pattern": [{"regexp": "(.*):(.*):(.*):(.*):x", "file": 1, "message": 2}],
    }
    both = {"problemMatcher": [slow, {"owner": "fine", "pattern": [ONE]}]}
    scanner = checkout.scanner(json.dumps(both).encode())
    line = b"app/a.py:3:7: error: no (X1)\n"
    found = list(scanner.scan(line + b":" * 3000 + b"\n" + line))
    found += scanner.scan(line)
    assert [one.title for one in found] == ["fine X1"] * 3
    said = "The problem matcher `slow` is switched off: one line took it too long."
    assert checkout.told == [said]


def test_one_that_is_slow_all_the_time_is_switched_off() -> None:
    told: list[str] = []
    watched = Watched(problem_matcher.read(written(ONE))[0], told.append)
    line = "app/a.py:3:7: error: no (X1)"
    assert watched.feed(line)
    watched._spent = SECONDS
    watched.feed(line)
    assert not watched.is_on and watched.feed(line) is None and watched.begins(f"{line}\n") == []
    assert told == [
        f"The problem matcher `own` is switched off: it has taken {SECONDS:g} s of this job."
    ]


FILE = {"regexp": "(x)(y)", "file": 1, "message": 2}


def test_its_time_ends_within_a_block_of_output_too() -> None:
    slow = {"regexp": "^(?:a|aa)+$|^(.*)$", "file": 1, "message": 1}
    told: list[str] = []
    watched = Watched(problem_matcher.read(written(slow))[0], told.append, seconds=0.05)
    begun = time.thread_time()
    assert watched.begins(f"{'a' * 20}b\n" * 1_000) == []
    # All of it takes seven seconds.
    assert time.thread_time() - begun < 2
    assert told == ["The problem matcher `own` is switched off: it has taken 0.05 s of this job."]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            b"{",
            "it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2",
        ),
        (b"\xff\xfe{", "it is not text in UTF-8"),
        (b"[" * 60_000, "it is not JSON that can be read"),
        (b"9" * 60_000, "it is not JSON that can be read"),
        (b"x" * (problem_matcher.SIZE + 1), "it has 65,537 bytes or more; at most 65,536 are read"),
        (b"[]", "it has no list `problemMatcher`, as GitHub's problem matchers have"),
        (b'{"problemMatcher": []}', "it has no list `problemMatcher`"),
        (b'{"problemMatcher": [1]}', "its matcher 1 has no `owner`"),
        (written(FILE, owner=" "), "its matcher 1 has no `owner`"),
        (written(), "matcher `own`: it has no list `pattern`"),
        (written(FILE, pattern={"regexp": "x"}), "it has no list `pattern`"),
        (written(*[FILE] * 21), "it has 21 patterns; at most 20 are read"),
        (written(FILE, severity="bad"), '`severity` is `"bad"`; write error, warning or notice'),
        (written(FILE, severity=1), "its `severity` is `1`; write text"),
        (written({}), "matcher `own`: pattern 1: it has no `regexp`"),
        (
            written(FILE | {"regexp": "(?P<x>)"}),
            "its `regexp` can not be read: `(?P<` at position 1",
        ),
        (written(FILE | {"message": 3}), "its `message` is 3, and its `regexp` has 2 groups"),
        (written(FILE | {"line": "1"}), 'its `line` is `"1"`; write the number of a group'),
        (written(FILE | {"line": True}), "its `line` is `true`; write the number of a group"),
        (written(FILE | {"loop": 1}), "its `loop` is `1`; write true or false"),
        (written(FILE, {"regexp": "x", "file": 0}), "two of its patterns set `file`"),
        (
            written(FILE | {"fromPath": 1}, {"regexp": "x", "fromPath": 0}),
            "two of its patterns set `fromPath`",
        ),
        (written(FILE | {"loop": True}), "only the last of several patterns may set `loop`"),
        (written({"regexp": "x", "loop": True}, FILE), "only the last of several patterns may"),
        (
            written(FILE, {"regexp": "x", "loop": True}),
            "the pattern that sets `loop` must set `message`",
        ),
        (written({"regexp": "x", "file": 0}), "none of its patterns sets `message`"),
        (written({"regexp": "x", "message": 0}), "none of its patterns sets `file`; a finding"),
        (
            json.dumps(
                {"problemMatcher": [{"owner": name, "pattern": [FILE]} for name in ("a", "A")]}
            ).encode(),
            "it has two matchers with the owner `A`",
        ),
        (
            json.dumps(
                {"problemMatcher": [{"owner": str(n), "pattern": [FILE]} for n in range(21)]}
            ).encode(),
            "it has 21 matchers; at most 20 are read",
        ),
    ],
)
def test_what_can_not_be_used_is_said(data: bytes, why: str) -> None:
    with pytest.raises(UserError) as caught:
        problem_matcher.read(data)
    assert why in str(caught.value)


def test_what_github_does_not_know_is_left_alone() -> None:
    data = b"\xef\xbb\xbf" + written(FILE | {"note": [1]}, more={})
    assert problem_matcher.read(data)[0].owner == "own"
