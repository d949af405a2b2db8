"""What the kernel says of those that it has ended."""

from __future__ import annotations

from pathlib import Path

from dishwasher.runner.memory import OUT_OF_MEMORY, VMSTAT, Kills


def test_a_kill_counts_once(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("nr_free_pages 7\noom_kill 5\nnuma_hit 9\n")
    kills = Kills(vmstat)
    assert kills.words() == ""
    vmstat.write_text("nr_free_pages 7\noom_kill 6\nnuma_hit 9\n")
    assert kills.words() == OUT_OF_MEMORY
    assert kills.words() == ""


def test_a_kernel_that_does_not_count_says_nothing(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"
    kills = Kills(vmstat)
    assert kills.words() == ""
    vmstat.write_text("nr_free_pages 7\n")
    assert kills.words() == ""


def test_this_kernel_counts() -> None:
    assert b"\noom_kill " in VMSTAT.read_bytes()
