"""Case 24: a log is whole whoever dies while it is written."""

from __future__ import annotations

import contextlib
import os
import signal

from dishwasher.demo.github import CheckRun

from tests.e2e.world import World

LEASE = 12.0
"""Seconds: a runner has to outlive a server that is away or blocked."""
LINES = 5000


def numbers(log: bytes) -> list[int]:
    return [int(line) for line in log.splitlines() if line.isdigit()]


def log_of(world: World, run: CheckRun) -> bytes:
    return world.bot.get(f"/jobs/{run.external_id}/log")


def test_case_24_a_log_is_whole_when_the_server_is_killed_twice_in_the_middle(
    world: World,
) -> None:
    first, second, third = world.gate(), world.gate(), world.gate()
    repo = world.repo(f"""\
checks:
  count:
    run: |
      seq 1 {LINES}
      {first.script}
      seq {LINES + 1} {2 * LINES}
      {second.script}
      seq {2 * LINES + 1} {3 * LINES}
      {third.script}
      seq {3 * LINES + 1} {4 * LINES}
""")
    sha = repo.commit({"n.txt": "1"})
    first.wait()
    world.bot.kill()
    first.open()
    # This part is printed while nobody is there to take it.
    second.wait()
    world.bot.start()
    second.open()
    third.wait()
    world.bot.kill()
    world.bot.start()
    third.open()
    run = world.concluded(sha)["count"]
    assert run.conclusion == "success"
    assert numbers(log_of(world, run)) == list(range(1, 4 * LINES + 1))
    (job,) = world.table.jobs(sha)
    assert job["attempt"] == 1


def test_case_24_a_second_attempt_has_a_log_of_its_own_and_says_so(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"""\
checks:
  count:
    run: |
      seq 1 {LINES}
      {gate.script}
      seq {LINES + 1} {2 * LINES}
""")
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    for pid in world.bot.runners():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    gate.wait()
    gate.open()
    run = world.concluded(sha)["count"]
    assert run.conclusion == "success"
    assert numbers(log_of(world, run)) == list(range(1, 2 * LINES + 1))
    assert run.output.summary is not None and "Attempt 2" in run.output.summary


def test_case_24_bytes_that_are_no_text_come_through_as_they_are(world: World) -> None:
    repo = world.repo("""\
checks:
  bytes:
    run: |
      printf '\\377\\376 \\000 \\303'; printf '\\251\\n'; printf 'no newline at the end'
""")
    run = world.build(repo)["bytes"]
    assert b"\xff\xfe \x00 \xc3\xa9\nno newline at the end" in log_of(world, run)
