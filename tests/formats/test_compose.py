"""YAML to a tree: raw scalars with their places, and caps against hostile files."""

from __future__ import annotations

import time

import pytest
import yaml
from dishwasher.errors import Problem
from dishwasher.formats import compose
from dishwasher.formats.problems import Problems
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar, Sequence, Style
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.trees import plain


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers: a machine may have been given the slow one."""
    if request.param == "python":
        monkeypatch.setattr(compose, "_LOADER", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")


def parse(text: str) -> Node | None:
    problems = Problems()
    node = compose.parse(text.encode(), problems)
    assert problems.in_file_order() == ()
    return node


def problems_of(text: str) -> tuple[Problem, ...]:
    problems = Problems()
    compose.parse(text.encode(), problems)
    return problems.in_file_order()


def places(text: str) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.code) for problem in problems_of(text)]


def value(text: str) -> object:
    node = parse(text)
    assert node is not None
    return plain(node)


def test_places_and_styles() -> None:
    text = "run: 'it''s'\nlist:\n  - \"a\\n\"\n  - |\n    b\n  - >-\n    c\n  - {é: 1}\n"
    assert parse(text) == Mapping(
        (
            Entry(Scalar("run", 1, 1), Scalar("it's", 1, 6, Style.SINGLE)),
            Entry(
                Scalar("list", 2, 1),
                Sequence(
                    (
                        Scalar("a\n", 3, 5, Style.DOUBLE),
                        Scalar("b\n", 4, 5, Style.LITERAL),
                        Scalar("c", 6, 5, Style.FOLDED),
                        Mapping((Entry(Scalar("é", 8, 6), Scalar("1", 8, 9)),), 8, 5),
                    ),
                    3,
                    3,
                ),
            ),
        ),
        1,
        1,
    )


@pytest.mark.parametrize(
    "text",
    ["3.10", "2.7", "on", "True", "1:30", "0777", "0x1f", "1_000", "2026-01-01", "~", "1e3", ".5"],
)
def test_scalars_stay_as_they_were_typed(text: str) -> None:
    assert value(f"{text}: {text}\n") == {text: text}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n"])
def test_empty_files(text: str) -> None:
    assert parse(text) is None


def test_a_document_that_says_nothing() -> None:
    root = parse("---\n")
    assert isinstance(root, Scalar)
    assert root.is_null


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    problems = Problems()
    node = compose.parse(b"\xef\xbb\xbfa: |\r\n  x\r\n  y\r\nb: c\r\n", problems)
    assert node is not None
    assert plain(node) == {"a": "x\ny\n", "b": "c"}
    assert isinstance(node, Mapping)
    assert (node.entries[1].key.line, node.entries[1].key.column) == (4, 1)


def test_odd_but_valid() -> None:
    text = "%YAML 1.1\n---\n? |\n  a\n: b\nc:\n  d\n? e\n...\n"
    assert value(text) == {"a\n": "b", "c": "d", "e": ""}


def test_a_key_twice_names_both_lines() -> None:
    (problem,) = problems_of("a: 1\nb: 2\n'a': 3\n")
    assert (problem.line, problem.column, problem.code) == (3, 1, "duplicate-key")
    assert problem.message == "`a` is written twice, on lines 1 and 3"


def test_a_key_three_times() -> None:
    assert places("a: 1\na: 2\na: 3\n") == [(2, 1, "duplicate-key"), (3, 1, "duplicate-key")]


def test_keys_that_are_no_text() -> None:
    assert places("[a]: b\n{c: d}: e\n") == [(1, 1, "key"), (2, 1, "key")]


def test_an_alias_is_what_it_names() -> None:
    text = "a: &x [1]\nb: *x\nc: &x 2\nd: *x\n&y e: f\ng: {*y : h}\n"
    one = ["1"]
    assert value(text) == {"a": one, "b": one, "c": "2", "d": "2", "e": "f", "g": {"e": "h"}}


def test_text_stands_where_its_alias_stands() -> None:
    assert parse("- &x 1\n- *x\n") == Sequence((Scalar("1", 1, 3), Scalar("1", 2, 3)), 1, 1)


def test_merged_keys_do_not_override() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n"
    assert value(text) == {
        "a": {"x": "1", "y": "1"},
        "b": {"y": "2", "z": "2"},
        "c": {"x": "3", "y": "1", "z": "2"},
    }


def test_only_mappings_are_merged() -> None:
    assert places("a:\n  <<: text\n  b: c\n") == [(2, 7, "merge")]
    assert value("'<<': text\n") == {"<<": "text"}


@pytest.mark.parametrize(
    ("text", "place", "message", "suggestion"),
    [
        ("a: &x [*x]\n", (1, 8), "the alias `*x` stands inside what it names", ""),
        ("a: &x {b: {c: *x}}\n", (1, 15), "the alias `*x` stands inside what it names", ""),
        ("a: *x\n", (1, 4), "no anchor `&x` stands before this alias", ""),
        (
            "a: &name 1\nb: *nmae\n",
            (2, 4),
            "no anchor `&nmae` stands before this alias",
            "Did you mean `name`?",
        ),
    ],
)
def test_bad_aliases(text: str, place: tuple[int, int], message: str, suggestion: str) -> None:
    (problem,) = problems_of(text)
    assert (problem.line, problem.column) == place
    assert (problem.code, problem.message, problem.suggestion) == ("alias", message, suggestion)


def test_tags() -> None:
    assert value("a: !!str 1\nb: ! 2\nc: !!seq [3]\n") == {"a": "1", "b": "2", "c": ["3"]}
    found = problems_of("a: !!python/object:os.system x\nb: !mine {c: d}\n")
    assert [(problem.line, problem.column, problem.message) for problem in found] == [
        (1, 4, "the tag `!!python/object:os.system` means nothing here"),
        (2, 4, "the tag `!mine` means nothing here"),
    ]


def test_a_second_document() -> None:
    assert places("a: b\n---\nc: d\n") == [(2, 1, "documents")]


def bomb(levels: int) -> str:
    lines = ['a0: &a0 ["ha", "ha"]']
    for level in range(1, levels):
        parts = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{parts}]")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (bomb(20), "too-large"),
        ("a: [" + "x," * 30_000 + "]\n", "too-large"),
        ("[" * 100_000, "depth"),
        ("{a: " * 50_000, "depth"),
        ("- " * 100_000, "depth"),
        ("? " * 100_000, "depth"),
        ("\n".join(" " * level + "a:" for level in range(1000)), "depth"),
        ("&a0 [x]\n", ""),
        ("- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 100)), "depth"),
        ("- &a0 {}\n" + "".join(f"- &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 100)), "depth"),
        ("a: b\n" * 5_000, "more"),
        ("a" * 200_000, ""),
        ("a: '" + "\n" * 200_000, "syntax"),
        ("*a " * 60_000, "alias"),
        ("&a " * 60_000, "syntax"),
        ("a: |\n" + "  x\n" * 50_000, ""),
        ("#" * 200_000, ""),
        (":" * 200_000, ""),
        ("!" * 200_000, "tag"),
        ("%" * 200_000, "syntax"),
        ('"' + "\\x41" * 50_000 + '"', ""),
    ],
)
def test_hostile_files_end_soon(text: str, code: str) -> None:
    started = time.process_time()
    found = problems_of(text)
    # The pure Python parser reads 200 KB in half a second; what has no cap takes hours.
    assert time.process_time() - started < 10
    if code:
        assert code in {problem.code for problem in found}
    assert sum(len(problem.message) for problem in found) < 50_000


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-?[]{},&*!|>'\"%@`#<~ \n\t\r\x00é", max_size=60))
def test_anything_is_a_tree_or_a_problem(text: str) -> None:
    problems = Problems()
    node = compose.parse(text.encode(), problems)
    if node is not None:
        plain(node)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in problems.in_file_order():
        assert 1 <= problem.line <= len(lines) + 1
        assert problem.column >= 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_tree_or_a_problem(data: bytes) -> None:
    problems = Problems()
    if compose.parse(data, problems) is None and data.strip():
        assert problems or not data.decode("utf-8-sig").strip("\r\n\t ") or b"#" in data
