"""Hostile files in each format: few words, soon, at their place, and nothing that starts a job."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest
from dishwasher.core.config import JOBS, Config
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats import choose
from dishwasher.formats.recognise import BUILDSPEC, CIRCLE, FORMATS, NATIVE
from dishwasher.formats.repository import Repository

SECONDS = 3.0
"""Of processor time: a second for the megabyte, and the rest for a machine that is slow."""
MEMORY = 150 * 1024 * 1024
"""Bytes, at the highest."""

PLAIN = {
    NATIVE: "checks:\n  lint:\n    run: {}\n",
    CIRCLE: "test:\n  override:\n    - {}\n",
    BUILDSPEC: "version: 0.2\nphases:\n  build:\n    commands:\n      - {}\n",
}
"""A whole file around one command, which stands at the end of its last line."""

each_format = pytest.mark.parametrize("format", FORMATS)


def parse(format: str, data: bytes) -> Config:
    path = next(path for path, its in choose.FILES if its == format)
    return choose.parse(path, data, Repository, format)


def problems(format: str, text: str | bytes) -> tuple[Problem, ...]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as raised:
        parse(format, data)
    return raised.value.problems


def commands(config: Config) -> list[str]:
    return [step.command for job in config.jobs for step in job.steps]


def bomb(levels: int = 9) -> str:
    lines = ['a0: &a0 ["ha", "ha"]']
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    return "\n".join(lines) + "\n"


@each_format
def test_an_alias_bomb_is_counted_and_not_walked(format: str) -> None:
    """236 bytes that PyYAML and JSON would make 28 MB of."""
    (problem,) = problems(format, bomb() + PLAIN[format].format("true"))
    assert problem.code == "too-large"
    assert problem.line == 5
    assert problem.message == "the file has more than 20,000 values, aliases counted in full"


@each_format
def test_yaml_has_no_types_of_its_own(format: str) -> None:
    for text in ("on", "3.10", "1:30", "0777", "0x10", "1e3", "yes", "2026-01-01", "1_000"):
        written = f"'{text} --yes'"
        assert f"{text} --yes" in commands(parse(format, PLAIN[format].format(written).encode()))
        assert text in commands(parse(format, PLAIN[format].format(text).encode()))


@pytest.mark.parametrize(
    ("format", "text", "value"),
    [
        (NATIVE, 'machine: {{environment: {{V: {}}}}}\nchecks: {{a: "true"}}\n', "V"),
        (CIRCLE, "machine: {{environment: {{V: {}}}}}\ntest: {{override: [env]}}\n", "V"),
        (
            BUILDSPEC,
            "version: 0.2\nenv: {{variables: {{V: {}}}}}\nphases: {{build: {{commands: env}}}}\n",
            "V",
        ),
    ],
)
def test_a_variable_is_the_text_that_was_typed(format: str, text: str, value: str) -> None:
    for typed in ("3.10", "on", "True", "1:30", "0o17", "2.70", "1_0", "no", "12e03", "0x1F"):
        (job, *_) = parse(format, text.format(typed).encode()).jobs
        found = {variable.name: variable.value for variable in job.machine.environment}
        assert found[value] == typed


@each_format
def test_a_key_that_is_written_twice_names_both_lines(format: str) -> None:
    text = PLAIN[format].format("true")
    first = text.partition(":")[0]
    (problem, *_) = problems(format, text + text)
    assert problem.code == "duplicate-key"
    second = text.count("\n") + 1
    assert problem.line == second
    assert problem.message == f"`{first}` is written twice, on lines 1 and {second}"


SPOILT: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "a megabyte": (lambda text: text + "#" * (1024 * 1024) + "\n", "too-large"),
    "lists": (lambda text: text + "x: " + "[" * 3000, "depth"),
    "mappings": (lambda text: text + "x: " + "{a: " * 3000, "depth"),
    "blocks": (
        lambda text: text + "x:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 999)),
        "depth",
    ),
    "dashes": (lambda text: text + "x:\n" + "- " * 3000, "depth"),
    "dashes after a key": (lambda text: text + "x: " + "- " * 3000, "syntax"),
    "items": (lambda text: text + "x: [" + "a," * 300_000 + "]", "too-large"),
    "NUL": (lambda text: text + "x: a\0b\n", "character"),
    "escape": (lambda text: text + "x: a\x1bb\n", "character"),
    "UTF-16": (lambda text: text.encode("utf-16"), "encoding"),
    "UTF-16 without its mark": (lambda text: text.encode("utf-16-le"), "encoding"),
    "Latin-1": (lambda text: text.encode() + b"x: \xff\n", "encoding"),
    "tab": (lambda text: text + "\tx: y\n", "syntax"),
}


@each_format
@pytest.mark.parametrize(("spoil", "code"), SPOILT.values(), ids=SPOILT)
def test_a_hostile_file_is_refused_soon(
    format: str, spoil: Callable[[str], str | bytes], code: str
) -> None:
    spoilt = spoil(PLAIN[format].format("true"))
    data = spoilt.encode() if isinstance(spoilt, str) else spoilt
    began = time.process_time()
    found = problems(format, data)
    assert time.process_time() - began < SECONDS
    assert [problem.code for problem in found] == [code]
    assert 1 <= found[0].line <= data.count(b"\n") + 1
    assert len(found[0].message) < 200


@each_format
def test_a_megabyte_of_one_command_is_refused_in_little_memory(format: str) -> None:
    data = PLAIN[format].format("'" + "x" * 900_000 + "'").encode()
    tracemalloc.start()
    try:
        began = time.process_time()
        found = problems(format, data)
        took = time.process_time() - began
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [problem.code for problem in found] == ["too-large"]
    # tracemalloc makes it several times slower.
    assert took < 5 * SECONDS
    assert highest < MEMORY


@each_format
def test_a_long_command_is_kept_whole(format: str) -> None:
    long = "echo " + "x" * 200_000
    assert long in commands(parse(format, PLAIN[format].format(f"'{long}'").encode()))


MANY = range(1, 49)
LARGE = "x" * 900_000


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (NATIVE, f"checks:\n  a: &a {{run: {LARGE}}}\n" + "".join(f"  b{n}: *a\n" for n in MANY)),
        (NATIVE, f"dependencies: [{LARGE}]\nchecks:\n" + "".join(f"  b{n}: x\n" for n in MANY)),
        (
            CIRCLE,
            f"machine: {{pre: [{LARGE}]}}\ntest: {{override: [x]}}\ndeployment:\n"
            + "".join(f"  d{n}: {{branch: b, commands: [x]}}\n" for n in MANY),
        ),
        (
            BUILDSPEC,
            f"version: 0.2\nphases: {{build: {{commands: [{LARGE}]}}}}\nbatch:\n  build-list:\n"
            + "".join(f"    - {{identifier: b{n}}}\n" for n in MANY),
        ),
    ],
    ids=["aliases", "dependencies", "deployments", "batch"],
)
def test_a_megabyte_that_every_job_repeats_is_refused(format: str, text: str) -> None:
    """Stored and sent fifty times, it would be fifty megabytes."""
    began = time.process_time()
    found = problems(format, text.encode())
    assert time.process_time() - began < SECONDS
    assert {problem.code for problem in found} == {"too-large"}


@each_format
def test_mistakes_by_the_thousand_end_soon_and_are_counted(format: str) -> None:
    wrong = "".join(f"unknown-{number}: {{a: [b, {{c: d}}]}}\n" for number in range(1500))
    began = time.process_time()
    try:
        found = parse(format, (PLAIN[format].format("true") + wrong).encode()).warnings
    except ConfigError as error:
        found = error.problems
    assert time.process_time() - began < SECONDS
    assert len(found) == 101
    assert found[-1].message.startswith("and ")


@each_format
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: b"---\n" + text.encode() + b"...\n",
        lambda text: b"# \xd0\xbf\n" + text.encode(),
    ],
    ids=["bom", "crlf", "cr", "no-line-end", "document", "comment"],
)
def test_odd_but_honest_files_are_read(format: str, spoil: Callable[[str], bytes]) -> None:
    text = PLAIN[format].format("make test")
    plain, odd = parse(format, text.encode()), parse(format, spoil(text))
    assert commands(odd) == commands(plain)
    assert "make test" in commands(odd)


LONG = "x" * 1000
NAMES = ['"a\\nb"', "' '", LONG, '"a\\u200bb"', '"\\u202egnp"', '"a\\tb"', '" a"', '"\\ud7ff"']


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "checks:\n  {}: {{run: make}}\n",
        "checks: {{a: make}}\ndeployments:\n  {}: {{branch: main, run: make}}\n",
    ],
)
def test_a_name_that_can_not_stand_in_a_list_is_refused(text: str, name: str) -> None:
    line = text.format(name).partition(name)[0].count("\n") + 1
    found = problems(NATIVE, text.format(name))
    assert [(problem.line, problem.code) for problem in found] == [(line, "bad-name")]
    assert found[0].message.isprintable() and len(found[0].message) < 200


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a/b", "a/b"), ("../../etc", "../../etc"), ("$(id)", "$(id)"), ("été", "été"), ("🚿", "🚿")],
)
def test_a_name_is_a_name_and_no_path_or_command(name: str, shown: str) -> None:
    (job,) = parse(NATIVE, f"checks: {{'{name}': make}}\n".encode()).jobs
    assert job.name == shown
    assert name not in "".join(commands(parse(NATIVE, f"checks: {{'{name}': make}}\n".encode())))


@pytest.mark.parametrize("other", ["Tests", "te\uff53ts", "TESTS", "t\u0435sts", "te\u017fts"])
def test_two_names_that_look_the_same_are_one_too_many(other: str) -> None:
    found = problems(NATIVE, f"checks:\n  tests: make\n  {other}: make\n")
    assert [(problem.line, problem.code) for problem in found] == [(3, "duplicate-name")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("checks: {a: {run: x, needs: a}}\n", "`a` needs itself"),
        (
            "checks: {a: {run: x, needs: c}, b: {run: x, needs: a}, c: {run: x, needs: b}}\n",
            "these jobs wait for each other for ever: `a` → `c` → `b` → `a`",
        ),
    ],
)
def test_jobs_that_wait_for_each_other_are_refused(text: str, names: str) -> None:
    (problem,) = problems(NATIVE, text)
    assert (problem.code, problem.message) == ("cycle", names)


@pytest.mark.parametrize("sides", [(100, 100), (10_000,), (10, 10, 10, 10), (22, 23, 24)])
def test_a_matrix_of_ten_thousand_jobs_is_refused_and_not_made(sides: tuple[int, ...]) -> None:
    axes = "".join(
        f"      axis{number}: [{', '.join(map(str, range(length)))}]\n"
        for number, length in enumerate(sides)
    )
    began = time.process_time()
    found = problems(NATIVE, f"checks:\n  tests:\n    run: make\n    matrix:\n{axes}")
    assert time.process_time() - began < SECONDS
    assert any(str(JOBS) in problem.message for problem in found)
    assert len(found) == 1


def test_a_batch_matrix_of_ten_thousand_builds_is_refused_and_not_made() -> None:
    values = ", ".join(f'"{number}"' for number in range(100))
    text = PLAIN[BUILDSPEC].format("make")
    text += "batch:\n  build-matrix:\n    dynamic:\n      env:\n        variables:\n"
    text += f"          A: [{values}]\n          B: [{values}]\n"
    began = time.process_time()
    found = problems(BUILDSPEC, text)
    assert time.process_time() - began < SECONDS
    assert any(str(JOBS) in problem.message for problem in found)


MATRIX = "checks:\n  a:\n    run: x\n    matrix:\n"
CROWDS = {
    "axes": (MATRIX + "".join(f"      v{n}: [1, 2]\n" for n in range(3000)), "too-many-axes"),
    "excluded": (
        MATRIX + "      v: [1, 2]\n      exclude:\n" + "        - {v: 3}\n" * 4000,
        "too-many-items",
    ),
    "included": (
        MATRIX
        + "      include:\n        - {"
        + ", ".join(f"v{n}: 1" for n in range(2500))
        + "}\n"
        + "        - {v0: 1}\n" * 2500,
        "too-many-axes",
    ),
    "needs": (
        "checks:\n" + "".join(f"  a{n}: {{run: x, needs: z{n}}}\n" for n in range(2500)),
        "too-many-jobs",
    ),
    "patterns": (
        "checks: {a: {run: x, when: {path: [" + ", ".join(f"p{n}/**" for n in range(9000)) + "]}}}",
        "too-many-patterns",
    ),
}


@pytest.mark.parametrize(("text", "code"), CROWDS.values(), ids=CROWDS)
def test_what_would_be_held_against_each_other_is_counted_first(text: str, code: str) -> None:
    began = time.process_time()
    found = problems(NATIVE, text)
    assert time.process_time() - began < SECONDS
    assert code in {problem.code for problem in found}
    assert all(len(problem.message) < 4000 for problem in found)


@each_format
def test_an_unknown_key_does_not_pass_in_silence(format: str) -> None:
    text = PLAIN[format].format("make") + "surprise: true\n"
    try:
        found = parse(format, text.encode()).warnings
    except ConfigError as error:
        found = error.problems
    assert [(problem.line, problem.column) for problem in found if "surprise" in problem.message]


def test_one_regex_does_not_change_what_the_next_one_means() -> None:
    """Flags, groups and comments of one are its own; joined, `B` would have been deployed."""
    only = r"['/(?i)a/', '/(b)\1/', '/(?x)c #/']"
    text = f"general: {{branches: {{only: {only}}}}}\ntest: {{override: [x]}}\n"
    text += "deployment: {live: {branch: /.*/, commands: [x]}}\n"
    _, live = parse(CIRCLE, text.encode()).jobs
    names = ["a", "A", "bb", "c", "b", "B", "BB", "C"]
    assert [name for name in names if live.when.branches.admits(name)] == ["a", "A", "bb", "c"]
