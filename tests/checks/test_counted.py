"""Counts of tests from the words of the tools themselves, which are run here; in doubt, none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dishwasher.checks import ansi
from dishwasher.checks.counted import read
from dishwasher.core.outcome import TestSummary

UNITTEST = """\
import unittest

class Plain(unittest.TestCase):
    def test_fine(self): pass
    def test_bad(self): self.assertEqual(1, 2)
    def test_broken(self): raise ValueError
    @unittest.skip("later")
    def test_skipped(self): pass
    def test_skips(self): self.skipTest("now")
    @unittest.expectedFailure
    def test_expected(self): assert False
    @unittest.expectedFailure
    def test_unexpected(self): pass

class Parts(unittest.TestCase):
    def test_parts(self):
        for part in range(3):
            with self.subTest(part=part):
                assert part == 1

class Around(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError
    def test_never(self): pass
"""
PYTEST = """\
import pytest

def test_fine(): pass
def test_bad(): assert False
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.xfail
def test_unexpected(): pass
@pytest.fixture
def broken(): raise ValueError
def test_broken(broken): pass
"""
RULE = "-" * 70
RAN = f"{RULE}\nRan 403 tests in 13.704s\n\n"


def said(folder: Path, *words: str) -> str:
    argv = (sys.executable, "-m", *words)
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    return ansi.plain(done.stdout + done.stderr)


def counts(text: str) -> tuple[int, int, int] | None:
    found = read(text)
    return None if found is None else (found.passed, found.failed, found.skipped)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("test_u.Plain.test_fine",), (1, 0, 0)),
        (("test_u.Plain.test_fine", "test_u.Plain.test_bad"), (1, 1, 0)),
        (("test_u.Plain.test_fine", "test_u.Plain.test_skips"), (1, 0, 1)),
        (("test_u.Plain.test_fine", "test_u.Plain.test_expected"), (1, 0, 1)),
        (("test_u.Plain.test_fine", "test_u.Plain.test_unexpected"), (1, 1, 0)),
        (("test_u.Plain.test_fine", "test_u.Parts"), (1, 2, 0)),
        (("test_u.Plain.test_fine", "test_u.Around"), (1, 1, 0)),
        (("test_u.Plain", "test_u.Parts", "test_u.Around"), (1, 6, 3)),
    ],
)
def test_unittest(tmp_path: Path, names: tuple[str, ...], expected: tuple[int, int, int]) -> None:
    (tmp_path / "test_u.py").write_text(UNITTEST)
    assert counts(said(tmp_path, "unittest", *names)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), (2, 2, 2)),
        (("-q",), (2, 2, 2)),
        (("-q", "--color=yes", "--tb=no"), (2, 2, 2)),
        (("-v", "-k", "fine"), (1, 0, 0)),
        (("-x",), (1, 1, 0)),
        (("-k", "nothing"), None),
        (("--collect-only",), None),
        (("-qq",), None),
    ],
)
def test_pytest(
    tmp_path: Path, words: tuple[str, ...], expected: tuple[int, int, int] | None
) -> None:
    (tmp_path / "test_p.py").write_text(PYTEST)
    plain = ("pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "test_p.py")
    assert counts(said(tmp_path, *plain, *words)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{RAN}FAILED (failures=2, skipped=1)\n", (400, 2, 1)),
        (f"{RAN}OK (skipped=7)\nDestroying test database for alias 'default'...\n", (396, 0, 7)),
        # Python 3.12.1 counts 396 of the 403 that Django has found, and skips the others.
        (f"Found 403 test(s).\n{RAN.replace('403', '396')}OK (skipped=7)\n", (396, 0, 7)),
        (f"Found 500 test(s).\n{RAN}OK (skipped=7)\n", (396, 0, 7)),
        (f"{RULE}\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n", (0, 0, 0)),
        ("=== 3 passed, 1 rerun, 2 warnings in 62.00s (0:01:02) ===\n", (3, 0, 0)),
        ("1 passed, 4 subtests passed in 0.10s\n", (1, 0, 0)),
    ],
)
def test_what_is_told_in_other_ways(text: str, expected: tuple[int, int, int]) -> None:
    assert counts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ran 3 tests in 0.1s\nOK\n",
        f"{RAN}\nkilled\n",
        f"{RAN}OK\n{RAN}OK\n",
        f"{RAN}OK\n3 passed in 0.10s\n",
        f"{RAN}FAILED (failures=2, skipped=402)\n",
        "the suite had 3 passed in 0.10s\n",
        "3 passed, 2 snapshots in 0.10s\n",
        "no tests ran in 0.10s\n",
        "7 warnings in 0.10s\n",
        "3 passed and more in 0.10s\n",
    ],
)
def test_in_doubt_nothing_is_claimed(text: str) -> None:
    assert read(text) is None


def test_the_time_is_that_of_the_tests() -> None:
    assert read(f"{RAN}OK\n") == TestSummary(403, 0, 0, 13.704)


def test_a_long_text_is_searched_soon() -> None:
    for piece in ("1 passed, ", "-" * 70 + "\n", "=" * 70 + "\nFAIL: ", "1 a" * 9):
        assert read(piece * (65_536 // len(piece))) is None
