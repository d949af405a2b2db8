"""A running job on a terminal, folded, and where it is piped, whole."""

from __future__ import annotations

import io
import re

from dishwasher.cli.screen import KEPT, Folded, Plain
from dishwasher.cli.terminal import Paint
from dishwasher.core.result import StepResult

ON = Paint(colours=False, width=80, cut=80)
_MOVES = re.compile(r"\x1b\[(\d+)F\x1b\[0J")


def stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")


def seen(written: io.TextIOWrapper) -> list[str]:
    """The lines that a terminal shows at the end."""
    written.flush()
    assert isinstance(written.buffer, io.BytesIO)
    lines: list[str] = []
    rest = written.buffer.getvalue().decode()
    while rest:
        move = _MOVES.search(rest)
        lines += (rest[: move.start()] if move else rest).split("\n")[:-1]
        if move is None:
            break
        del lines[len(lines) - int(move[1]) :]
        rest = rest[move.end() :]
    return lines


def test_a_step_that_passes_is_one_line() -> None:
    out = stream()
    view = Folded(ON, out)
    view.phase("checkout")
    view.note("[dishwasher] Checking out abc of this machine")
    view.phase("build")
    view.step("make\nmake test")
    view.output(b"one\ntwo\n")
    view.step_ended(StepResult("make\nmake test", 0, seconds=12.0))
    view.close()
    assert seen(out) == ["  build", "    ✓ make …  12 s"]


def test_a_step_that_fails_shows_its_last_lines() -> None:
    out = stream()
    view = Folded(ON, out)
    view.phase("build")
    view.step("make")
    for number in range(100):
        view.output(f"line {number}\n".encode())
    view.output(b"\x1b[31m10 %\r100 %\x1b[0m and the end")
    view.step_ended(StepResult("make", 2, seconds=0.5, cpu_seconds=0.4))
    view.close()
    shown = seen(out)
    assert shown[:3] == ["  build", "    ✗ make", "      … 41 lines more: --verbose"]
    assert shown[-2:] == [
        "      100 % and the end",
        "      exit 2 after 0.5 s (0.4 s of processor time)",
    ]
    assert len(shown) == 4 + KEPT


def test_while_it_runs_the_last_lines_are_seen_and_fit() -> None:
    out = stream()
    view = Folded(ON, out)
    view.step("x" * 200)
    view.output(b"".join(b"line %d\n" % number for number in range(20)) + b"y" * 200 + b"\n")
    with view._lock:
        view._draw()
        shown = seen(out)
    assert [line.strip() for line in shown[1:-1]] == [f"line {n}" for n in range(15, 20)]
    assert all(len(line) <= 80 for line in shown)
    view.close()
    assert seen(out) == []


def test_nothing_in_the_output_moves_the_cursor() -> None:
    out = stream()
    view = Folded(ON, out)
    view.step("make")
    view.output(b"a\x1b[2J\x07\x9b\n")
    view.step_ended(StepResult("make", None, seconds=1.0))
    view.close()
    assert seen(out)[-2:] == ["      a\ufffd\ufffd", "      ended after 1.0 s"]


def test_where_it_is_piped_every_byte_is_there() -> None:
    out = stream()
    view = Plain(Paint(), out)
    view.phase("build")
    view.step("make")
    view.output(b"\xff\x00 as it is")
    view.step_ended(StepResult("make", 1, seconds=0.2))
    view.note("[dishwasher] step 1 failed\nmore")
    view.output(b"half")
    view.close()
    assert isinstance(out.buffer, io.BytesIO)
    assert out.buffer.getvalue() == (
        b"-- build\n$ make\n\xff\x00 as it is\nexit 1 after 0.2 s\nstep 1 failed\nmore\nhalf\n"
    )
    assert view.told == {"step 1 failed", "more"}


def test_what_was_told_is_known_and_what_was_left_out_is_not() -> None:
    view = Folded(ON, stream())
    view.note("[dishwasher] Checking out abc of this machine\nPython 3.99 is not here.")
    view.close()
    assert view.told == {"Python 3.99 is not here."}
