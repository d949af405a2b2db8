"""Which tests failed, from the words of unittest itself, which is run here."""

from __future__ import annotations

import time
from pathlib import Path

from dishwasher.checks.counted import read
from dishwasher.checks.printed import DETAILS, LINE, MESSAGE, RULE, failing
from dishwasher.core.outcome import FAILING_KEPT, Status

from tests.checks.test_counted import UNITTEST, said

BLOCK = f"{RULE}FAIL: test_sum (shop.tests.Cart.test_sum)\nOf two.\n{LINE}"


def test_unittest_itself(tmp_path: Path) -> None:
    (tmp_path / "test_u.py").write_text(UNITTEST)
    told = read(said(tmp_path, "unittest", "test_u"))
    assert told is not None
    found = {case.name: case for case in told.failing}
    assert found.keys() == {"test_bad", "test_broken", "test_parts", "setUpClass"}
    bad, broken = found["test_bad"], found["test_broken"]
    assert (bad.title, bad.status) == ("test_u.Plain.test_bad", Status.FAILED)
    assert bad.message == "AssertionError: 1 != 2"
    assert bad.details.startswith("Traceback") and bad.details.endswith("1 != 2")
    assert (broken.status, broken.message) == (Status.ERROR, "ValueError")
    assert found["test_parts"].message == "AssertionError"
    assert found["setUpClass"].title == "test_u.Around.setUpClass"


def test_older_pythons_leave_the_name_out_of_the_place() -> None:
    (case,) = failing(BLOCK.replace("Cart.test_sum", "Cart") + "Traceback\nKeyError: 1\n")
    assert case.title == "shop.tests.Cart.test_sum"


def test_what_follows_the_last_block_is_no_part_of_it() -> None:
    frames = 'Traceback (most recent call last):\n  File "a.py", line 1\n    x\n    ^\n'
    text = f"{BLOCK}{frames}AssertionError: 1\n- 2\n\n{LINE}Ran 1 test in 0.1s\n"
    (case,) = failing(text)
    assert case.message == "AssertionError: 1"
    assert case.details == f"{frames}AssertionError: 1\n- 2"


def test_of_what_is_long_the_end_is_kept_and_of_many_the_first() -> None:
    (case,) = failing(f"{BLOCK}{'x' * 9000}\nthe end\n")
    assert len(case.details) == DETAILS and case.details.endswith("the end")
    assert len(case.message) == MESSAGE and case.message.endswith("x…")
    many = "".join(BLOCK.replace("test_sum", f"test_{n}") for n in range(FAILING_KEPT + 9))
    assert len(failing(many)) == FAILING_KEPT


def test_what_only_looks_alike_is_no_test() -> None:
    rule = "=" * 70
    assert failing(f"{rule}\nFAIL: a (b)\nno line below\n") == ()
    assert failing(f"{rule}\nSummary\n{LINE}x\n{rule}\nFAIL: \n{LINE}") == ()


def test_hostile_text_costs_little() -> None:
    began = time.process_time()
    for text in (RULE * 2000, LINE * 2000, BLOCK * 1500, RULE + "FAIL: " + "(" * 130_000):
        failing(text)
    assert time.process_time() - began < 1
