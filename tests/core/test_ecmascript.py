"""JavaScript's regular expressions mean the same here, or are refused in plain words."""

from __future__ import annotations

import json
import subprocess

import pytest
from dishwasher.core.ecmascript import LENGTH, Expression, Unreadable, translated

SAME = [
    r"^(.+):(\d+):(\d+):\s+(error|warning):\s+(.*)$",
    r"^\s*(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$",
    r"^([^\s].*)[\(:](\d+)[,:](\d+)(?:\):\s+|\s+-\s+)(error|warning|info)\s+(TS\d+)\s*:\s*(.*)$",
    r"(?<file>[\w.\/-]+):(?<line>\d+)",
    r"(a)\1",
    r"(?<q>['\"]).*?\k<q>",
    r"(?:(b)|a)\1c",
    r"\2(a)(b)",
    r"[\w-.]+",
    r"[a-z\d_-]{2,3}?x",
    r"[\b]|[\x41-\u005A]|\cI|\0",
    r"[[a&&b||c~~d-]+",
    r"[^\]\\^-]+",
    r"a{,3}|x{2|}|]|{",
    r"\/\.\-\"\_?".replace(r"\_", "_"),
    r"(?<=in )\w+(?!\w)",
    r"(?<!\d)\b\d{2}\b(?=%)",
    r"#\s|~ &&",
    r"\\(\[|\])*x",
    r"(?:|a)+b",
    r"[a-\d]+|[+--]|[\d-x]",
    r"(?:\(|\|)+?|\|*",
    r"\S+\D\W\B",
    "",
]
LINES = [
    "app/views.py:3:7: error: name 'x' is not defined",
    "  12:5  warning  Missing semicolon  semi",
    "src/a-b.ts(3,9): error TS2304: Cannot find name 'x'.",
    "src/a.ts:3:9 - error TS2304: Cannot find name 'x'.",
    "say \"it's\" and 'so'",
    "aa ab c ac abc bbc",
    "abab x{2 { ] a{,3}",
    "[[a&&b||c~~d--]] -] ^ \\ \\[]x",
    "A\tB\x00\x08",
    'in the 50% of 12 # ~ && //.-"_',
    "é 名 50 \u00a0",
    "",
]
_NODE = """
const [patterns, lines] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answer = patterns.map(pattern => lines.map(line => {
    const found = new RegExp(pattern).exec(line);
    return found && [found.index, ...found].map(one => one === undefined ? null : one);
}));
process.stdout.write(JSON.stringify(answer));
"""


@pytest.mark.real("node")
def test_they_find_what_javascript_itself_finds() -> None:
    asked = json.dumps([SAME, LINES])
    done = subprocess.run(
        ("node", "-e", _NODE), input=asked, capture_output=True, text=True, check=True
    )
    for text, answers in zip(SAME, json.loads(done.stdout), strict=True):
        expression = Expression(text)
        for line, answer in zip(LINES, answers, strict=True):
            match = expression.match(line)
            ours = match and [match.start(), match[0], *match.groups()]
            assert ours == answer, (text, translated(text), line)


@pytest.mark.parametrize(
    "text", [*SAME, "^$", "[^x]+:", r"\n|[\n]|\x0a|\u000a|\cJ|\W", "\n", "[\t-x]{9}"]
)
def test_of_many_lines_it_finds_those_that_it_finds_one_by_one(text: str) -> None:
    expression, many = Expression(text), [*LINES, *reversed(LINES), "", ""]
    begins, at = [], 0
    for line in many:
        if expression.match(line):
            begins.append(at)
        at += len(line) + 1
    assert list(expression.lines("".join(f"{line}\n" for line in many))) == begins


def test_behind_the_last_line_there_is_none() -> None:
    assert list(Expression("^$").lines("x\n")) == []


def test_case_may_be_given_up_at_the_beginning_as_githubs_runner_reads_it() -> None:
    assert Expression("(?i)^error").match("ERROR: x")
    assert Expression("a(?i:B)").match("ab")


def test_letters_and_digits_are_those_of_ascii() -> None:
    assert not Expression(r"\d|\w").match("٣é")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(a", "missing )"),
        ("a)", "unbalanced parenthesis"),
        ("[a", "the bracket at position 1 has no end"),
        ("x[]a]", "the brackets at position 2 hold nothing"),
        ("[^]", "the brackets at position 1 hold nothing"),
        ("*a", "nothing to repeat at position 1"),
        ("a|+", "nothing to repeat at position 3"),
        ("(?:*)", "nothing to repeat"),
        ("a**", "nothing to repeat at position 3"),
        ("a++", "nothing to repeat at position 3"),
        ("a{2}{3}", "nothing to repeat at position 5"),
        (r"\y", r"`\y` at position 1 means nothing in JavaScript"),
        (r"x\p{L}", r"`\p` at position 2 means nothing in JavaScript"),
        (r"[\B]", r"`\B` at position 2 means nothing in JavaScript"),
        (r"\xg1", r"`\x` at position 1 means nothing in JavaScript"),
        (r"\01", r"`\0` at position 1 means nothing in JavaScript"),
        ("a\\", "a lone backslash at position 2 means nothing in JavaScript"),
        ("(?P<a>b)", "`(?P<` at position 1 begins no group of JavaScript's"),
        ("a(?i)b", "`(?i)` at position 2 begins no group of JavaScript's"),
        ("(?R)", "`(?R)` at position 1 begins no group of JavaScript's"),
        (r"\3(a)", "invalid group"),
        (r"\k<n>(a)", "unknown group"),
        ("(?<a>x)(y)", "it mixes named groups with others: GitHub counts those differently"),
        ("(?<a>x)(?<a>y)", "it has two groups named `a`"),
        ("[z-a]", "bad character range"),
        ("a" * (LENGTH + 1), f"it has {LENGTH + 1:,} characters, and at most {LENGTH:,} are read"),
        ("a{99}{99}", "its counts in braces multiply to more than 1,000"),
        ("(" * 999 + ")" * 999, "its groups are nested too deep"),
    ],
)
def test_what_can_not_be_read_is_said(text: str, why: str) -> None:
    with pytest.raises(Unreadable) as caught:
        Expression(text)
    assert why in str(caught.value)


def test_a_search_without_end_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        Expression(r"(.*):(.*):(.*):(.*):x").match(":" * 3000)
