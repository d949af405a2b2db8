"""What real tools print, to findings at the right place."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from dishwasher.checks.matchers import Scanner
from dishwasher.core.config import MATCHERS
from dishwasher.core.findings import Finding, Level
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Found = tuple[str, int, int | None, Level, str, str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    for name in ("a.py", "test_a.py", "src/a.ts", "src/b.jsx", "main.c", "index.rst"):
        (tmp_path / name).write_text("x\n")
    return tmp_path


def found(root: Path, name: str, output: str) -> list[Found]:
    scanner = Scanner((name,), root)
    all_found = [scanner.feed(line) for line in output.split("\n")]
    by_line = [shown(one) for one in all_found if one is not None]
    # Many lines at once, and cut anywhere, say the same.
    scanner = Scanner((name,), root)
    assert [shown(one) for one in scanner.scan(f"{output}\n".encode())] == by_line
    return by_line


def shown(one: Finding) -> Found:
    return (one.path, one.start_line, one.start_column, one.level, one.title, one.message)


FAILURE, WARNING, NOTICE = Level.FAILURE, Level.WARNING, Level.NOTICE
CASES = [
    (
        "ruff",
        "a.py:1:8: F401 [*] `os` imported but unused\na.py:2:1: D100 Missing docstring\n"
        "a.py:3:1: invalid-syntax: Expected an expression\nFound 3 errors.",
        [
            ("a.py", 1, 8, FAILURE, "ruff F401", "`os` imported but unused"),
            ("a.py", 2, 1, WARNING, "ruff D100", "Missing docstring"),
            ("a.py", 3, 1, FAILURE, "ruff invalid-syntax", "Expected an expression"),
        ],
    ),
    (
        "ruff",
        "F401 [*] `os` imported but unused\n --> a.py:1:8\n  |\n1 | import os\n  |        ^^\n"
        "E501 Line too long (120 > 100)\n   --> a.py:31:101\n",
        [
            ("a.py", 1, 8, FAILURE, "ruff F401", "`os` imported but unused"),
            ("a.py", 31, 101, WARNING, "ruff E501", "Line too long (120 > 100)"),
        ],
    ),
    (
        "mypy",
        'a.py:3: error: Name "x" is not defined  [name-defined]\na.py:4:5: note: See the docs\n'
        "a.py:5:1:5:9: error: Bad\nFound 2 errors in 1 file (checked 1 source file)",
        [
            ("a.py", 3, None, FAILURE, "mypy name-defined", 'Name "x" is not defined'),
            ("a.py", 4, 5, NOTICE, "mypy", "See the docs"),
            ("a.py", 5, 1, FAILURE, "mypy", "Bad"),
        ],
    ),
    (
        "pylint",
        "************* Module a\na.py:1:0: C0114: Missing module docstring (missing-docstring)\n"
        "a.py:2:4: W0612: Unused variable 'x' (unused-variable)\na.py:3:0: E0602: Undefined",
        [
            (
                "a.py",
                1,
                None,
                NOTICE,
                "pylint C0114",
                "Missing module docstring (missing-docstring)",
            ),
            ("a.py", 2, 4, WARNING, "pylint W0612", "Unused variable 'x' (unused-variable)"),
            ("a.py", 3, None, FAILURE, "pylint E0602", "Undefined"),
        ],
    ),
    (
        "eslint",
        "\n{root}/src/b.jsx\n  1:5  error    'x' is not defined  no-undef\n"
        "  2:10  warning  Unexpected console statement  no-console\n  3:1  error  Parsing error\n"
        "\n{root}/src/a.ts\n  9:1  error  Missing semicolon  semi\n\n✖ 4 problems\n",
        [
            ("src/b.jsx", 1, 5, FAILURE, "eslint no-undef", "'x' is not defined"),
            ("src/b.jsx", 2, 10, WARNING, "eslint no-console", "Unexpected console statement"),
            ("src/b.jsx", 3, 1, FAILURE, "eslint", "Parsing error"),
            ("src/a.ts", 9, 1, FAILURE, "eslint semi", "Missing semicolon"),
        ],
    ),
    (
        "eslint",
        "src/b.jsx:1:5: 'x' is not defined. [Error/no-undef]",
        [("src/b.jsx", 1, 5, FAILURE, "eslint no-undef", "'x' is not defined.")],
    ),
    (
        "tsc",
        "src/a.ts(3,5): error TS2322: Type 'string' is not assignable.\n"
        "src/a.ts:4:6 - error TS2304: Cannot find name 'x'.\n",
        [
            ("src/a.ts", 3, 5, FAILURE, "tsc TS2322", "Type 'string' is not assignable."),
            ("src/a.ts", 4, 6, FAILURE, "tsc TS2304", "Cannot find name 'x'."),
        ],
    ),
    (
        "gcc",
        "main.c: In function 'main':\nmain.c:3:5: error: expected ';' before 'return'\n"
        "main.c:4:9: warning: unused variable 'y' [-Wunused-variable]\n",
        [
            ("main.c", 3, 5, FAILURE, "gcc", "expected ';' before 'return'"),
            ("main.c", 4, 9, WARNING, "gcc -Wunused-variable", "unused variable 'y'"),
        ],
    ),
    (
        "sphinx",
        "{root}/index.rst:7: WARNING: undefined label: 'x' [ref.ref]\n"
        "{root}/a.py:docstring of a.f:3: ERROR: Unexpected indentation.\n",
        [
            ("index.rst", 7, None, WARNING, "sphinx ref.ref", "undefined label: 'x'"),
            ("a.py", 3, None, FAILURE, "sphinx", "Unexpected indentation."),
        ],
    ),
    (
        "pytest",
        "test_a.py:4: in test_bad\n    assert 1 == 2\nE   assert 1 == 2\nE    +  where 1 = f()\n",
        [("test_a.py", 4, None, FAILURE, "pytest", "assert 1 == 2")],
    ),
]


LINES = sorted({line for _, output, _ in CASES for line in output.split("\n")})
LINES += [line.replace(":", "\x1b[36m:\x1b[0m") for line in LINES]
LINES += ["", "\x1b[0m", "a.py:\u0663:1: F401 x", "a.ts\r", "12:30:01 INFO 1", "é" * 9000 + ".js"]


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blocks_say_what_their_lines_say(root: Path, data: st.DataObject) -> None:
    """Whatever the tools, the order of their lines, the colours and the cuts."""
    names = tuple(data.draw(st.lists(st.sampled_from(MATCHERS), unique=True)))
    lines = data.draw(st.lists(st.sampled_from(LINES)))
    scanner = Scanner(names, root)
    expected = [one for line in lines if (one := scanner.feed(line)) is not None]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(lines)), max_size=4)) | {0, len(lines)})
    scanner = Scanner(names, root)
    seen: list[Finding] = []
    for start, end in pairwise(cuts):
        seen += scanner.scan("".join(f"{line}\n" for line in lines[start:end]).encode())
    assert seen == expected


@pytest.mark.parametrize(("name", "output", "expected"), CASES)
def test_as_the_tool_prints_it(root: Path, name: str, output: str, expected: list[Found]) -> None:
    assert found(root, name, output.replace("{root}", str(root))) == expected


def test_every_tool_is_shown() -> None:
    assert {name for name, _, _ in CASES} | {"flake8"} == set(MATCHERS)


@pytest.mark.parametrize("style", ["long", "short"])
def test_pytest_itself(root: Path, style: str) -> None:
    (root / "test_a.py").write_text(
        "def test_bad():\n    x = 1\n    assert x == 2, 'one is not two'\n"
        "def test_worse():\n    raise KeyError('gone')\n"
    )
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--tb={style}"]
    argv += ["--color=yes", "-c", "/dev/null", "--rootdir=.", "test_a.py"]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    first, second = found(root, "pytest", done.stdout)
    assert (first[0], first[1], first[3]) == ("test_a.py", 3, FAILURE)
    assert first[5] == "AssertionError: one is not two"
    assert (second[1], second[5]) == (5, "KeyError: 'gone'")


@pytest.mark.parametrize("output", ["full", "concise"])
def test_ruff_itself(root: Path, output: str) -> None:
    (root / "a.py").write_text("import os\nprint(undefined)\n")
    argv = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select=F",
        "--output-format",
        output,
        "a.py",
    ]
    done = subprocess.run(
        argv, cwd=root, capture_output=True, text=True, check=False, env={"CLICOLOR_FORCE": "1"}
    )
    assert "\x1b[" in done.stdout
    assert [(one[1], one[4]) for one in found(root, "ruff", done.stdout)] == [
        (1, "ruff F401"),
        (2, "ruff F821"),
    ]


def test_mypy_itself(root: Path) -> None:
    (root / "a.py").write_text("x: int = 'one'\n")
    argv = [sys.executable, "-m", "mypy", "--show-column-numbers", "--no-incremental"]
    done = subprocess.run(
        [*argv, "--config-file=", "a.py"], cwd=root, capture_output=True, text=True, check=False
    )
    ((path, line, column, level, title, _),) = found(root, "mypy", done.stdout)
    assert (path, line, column, level, title) == ("a.py", 1, 10, FAILURE, "mypy assignment")


@pytest.mark.parametrize("name", MATCHERS)
@pytest.mark.parametrize(
    "hostile", ["E   " * 4000, "a.py:1: " * 2000, ":1:1: error: " * 1200, " 1:1  error  x" * 1100]
)
def test_hostile_lines_cost_little(root: Path, name: str, hostile: str) -> None:

    scanner = Scanner((name,), root)
    began = time.process_time()
    for _ in range(20):
        scanner.feed(hostile)
        scanner.feed("E   x")
    list(scanner.scan(f"{hostile * 20}\n".encode()))
    list(scanner.scan(f"{hostile}\n".encode() * 20))
    assert time.process_time() - began < 5
