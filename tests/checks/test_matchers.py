"""Lines of flake8 to findings: the right place, or none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dishwasher.checks.matchers import Scanner
from dishwasher.checks.tools import TOOLS
from dishwasher.core.config import MATCHERS
from dishwasher.core.findings import Finding, Level


@pytest.fixture
def root(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    (checkout / "app").mkdir(parents=True)
    for name in ("app/views.py", "app/a b.py", "app/1:2:3.py"):
        (checkout / name).write_text("import os\n")
    (tmp_path / "outside.py").write_text("import os\n")
    (checkout / "link.py").symlink_to(tmp_path / "outside.py")
    (checkout / "alias.py").symlink_to("app/views.py")
    return checkout


@pytest.fixture
def scanner(root: Path) -> Scanner:
    return Scanner(("flake8",), root)


def test_the_names_are_those_of_the_config() -> None:
    assert set(MATCHERS) == set(TOOLS)


def test_a_line_of_flake8(scanner: Scanner) -> None:
    assert scanner.feed("app/views.py:3:7: F401 'os' imported but unused\n") == Finding(
        path="app/views.py",
        start_line=3,
        end_line=3,
        level=Level.FAILURE,
        message="'os' imported but unused",
        title="flake8 F401",
        start_column=7,
    )


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("E902", Level.FAILURE),
        ("E999", Level.FAILURE),
        ("F821", Level.FAILURE),
        ("E501", Level.WARNING),
        ("W291", Level.WARNING),
        ("C901", Level.WARNING),
        ("FBT001", Level.WARNING),
        ("DJ01", Level.WARNING),
    ],
)
def test_what_can_not_run_is_a_failure_and_style_a_warning(
    scanner: Scanner, code: str, level: Level
) -> None:
    finding = scanner.feed(f"app/views.py:1:1: {code} said")
    assert finding is not None
    assert (finding.level, finding.title) == (level, f"flake8 {code}")


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("./app/views.py", "app/views.py"),
        ("app/../app//views.py", "app/views.py"),
        ("app/a b.py", "app/a b.py"),
        ("app/1:2:3.py", "app/1:2:3.py"),
        ("alias.py", "app/views.py"),
    ],
)
def test_paths_are_made_relative_to_the_checkout(scanner: Scanner, written: str, path: str) -> None:
    finding = scanner.feed(f"{written}:1:1: W291 trailing whitespace")
    assert finding is not None
    assert finding.path == path


def test_absolute_paths_below_the_checkout_count(scanner: Scanner, root: Path) -> None:
    finding = scanner.feed(f"{root}/app/views.py:1:1: W291 x")
    assert finding is not None
    assert finding.path == "app/views.py"


def test_a_checkout_reached_through_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    linked = Scanner(("flake8",), tmp_path / "link")
    for line in (f"{tmp_path}/link/app/views.py:1:1: W291 x", f"{root}/app/views.py:1:1: W291 x"):
        finding = linked.feed(line)
        assert finding is not None
        assert finding.path == "app/views.py"


@pytest.mark.parametrize(
    "line",
    [
        "../outside.py:1:1: F401 x",
        "link.py:1:1: F401 x",
        "/etc/passwd:1:1: F401 x",
        "gone.py:1:1: F401 x",
        "app:1:1: F401 x",
        ".:1:1: F401 x",
        "app/views.py\0:1:1: F401 x",
        "a" * 5000 + ".py:1:1: F401 x",
        "app/views.py:1: F401 x",
        "app/views.py:one:1: F401 x",
        "app/views.py:1:1: f401 x",
        "app/views.py:123456789:1: F401 x",
        "Collecting flake8",
        "",
        "app/views.py:1:1: F401 " + "x" * 20_000,
    ],
)
def test_what_is_no_finding(scanner: Scanner, line: str) -> None:
    assert scanner.feed(line) is None


def test_without_names_nothing_is_found(root: Path) -> None:
    assert Scanner((), root).feed("app/views.py:1:1: F401 x") is None


def test_line_0_of_a_file_that_flake8_could_not_read(scanner: Scanner) -> None:
    finding = scanner.feed("app/views.py:0:0: E902 TokenError")
    assert finding is not None
    assert (finding.start_line, finding.start_column) == (1, None)


def test_messages_are_cut_and_hide_nothing(scanner: Scanner) -> None:
    finding = scanner.feed("app/views.py:1:1: F401 a\u202eb\x07" + "x" * 9000)
    assert finding is not None
    assert finding.message.startswith("a⟨U+202E⟩b␇x")
    assert len(finding.message) == 2000


def test_flake8_itself_in_colour(root: Path) -> None:
    pytest.importorskip("flake8")
    (root / "app/views.py").write_text("import os\nx = undefined \n")
    done = subprocess.run(
        (sys.executable, "-m", "flake8", "--isolated", "--color=always", "app"),
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "TERM": "xterm"},
        check=False,
    )
    assert "\x1b[" in done.stdout
    scanner = Scanner(("flake8",), root)
    found = [scanner.feed(line) for line in done.stdout.split("\n")]
    seen = {(f.path, f.start_line, f.title, f.level) for f in found if f is not None}
    assert ("app/views.py", 1, "flake8 F401", Level.FAILURE) in seen
    assert ("app/views.py", 2, "flake8 F821", Level.FAILURE) in seen
    assert ("app/views.py", 2, "flake8 W291", Level.WARNING) in seen


@pytest.mark.parametrize(
    "hostile",
    [
        ":1" * 50_000,
        "a:1:1: " * 14_000,
        "a:1:1: E1" * 1_800,
        ":1:1: E1 " * 1_800,
        ":" * 16_000,
        "\x1b[" * 8_000,
        "9" * 16_000 + ":1:1: E1 x",
    ],
)
def test_hostile_lines_cost_little(scanner: Scanner, hostile: str) -> None:
    started = time.process_time()
    for _ in range(20):
        assert scanner.feed(hostile) is None
    # Each takes less than a millisecond; a pattern that goes back would take hours.
    assert time.process_time() - started < 5


def test_a_usual_line_costs_about_a_microsecond(scanner: Scanner) -> None:
    line = "Collecting numpy>=1.26 (from -r requirements.txt (line 4)): 12:30:01 cached\n"
    started = time.process_time()
    for _ in range(100_000):
        scanner.feed(line)
    # 0.6 µs each on an idle machine; the margin is for a busy one.
    assert time.process_time() - started < 1.0
