"""Cases 18, 19, 21 to 23, 25 and 26: what a job's commands do to who runs them."""

from __future__ import annotations

import time

from dishwasher.demo.github import CheckRun

from tests.e2e.world import World
from tests.runner.processes import peak_memory, running

LEASE = 20.0
"""Seconds: half a gigabyte of output on a busy machine is no reason to be lost."""
LINE, LINES = 200_000_000, 4_000_000
"""Bytes of one line, and how many short ones follow it: 285 MB in all."""
ROOM = 24 * 1024 * 1024
"""What a runner may take for any output: blocks in each of its stages, and chunks on their way."""


def log_of(world: World, run: CheckRun) -> bytes:
    return world.bot.get(f"/jobs/{run.external_id}/log")


def page_of(world: World, run: CheckRun) -> str:
    return world.bot.get(f"/jobs/{run.external_id}").decode()


def summary(run: CheckRun) -> str:
    """Without the backslashes that keep its words from being Markdown."""
    return f"{run.output.title}\n{run.output.summary}".replace("\\", "")


def test_case_18_a_child_that_holds_the_output_does_not_hold_the_job(world: World) -> None:
    repo = world.repo("""\
checks:
  leak:
    run:
      - (setsid sleep 86801 &)
      - echo on
""")
    begun = time.monotonic()
    run = world.build(repo)["leak"]
    assert run.conclusion == "success"
    assert "holds its output open" in page_of(world, run)
    assert b"\non\n" in log_of(world, run)
    assert running("86801") == []
    assert time.monotonic() - begun < 30


def test_case_19_a_cancelled_step_that_traps_all_signals_ends(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"""\
checks:
  stubborn:
    run:
      - |
        trap '' INT TERM
        {gate.script}
        while :; do sleep 86802; done
      - echo never
    finally: echo cleaned up
""")
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    gate.wait()
    gate.open()
    world.github.wait_idle()
    repo.close(pull.number)
    begun = time.monotonic()
    run = world.concluded(sha)["stubborn"]
    # Two graces of five seconds, five for the rest, and a beat until the runner hears of it.
    assert time.monotonic() - begun < 25
    assert run.conclusion == "cancelled"
    log = log_of(world, run)
    assert b"\ncleaned up\n" in log
    assert b"\nnever\n" not in log
    assert running("86802") == []


def test_case_21_a_job_over_its_limit_stops_itself_and_brings_its_files(world: World) -> None:
    repo = world.repo("""\
checks:
  slow:
    run: echo begun | tee kept.txt; sleep 86803
    timeout: 1s
    artifacts: kept.txt
""")
    run = world.build(repo)["slow"]
    assert run.conclusion == "timed_out"
    assert "The limit of 1 s was reached in step 1" in summary(run)
    assert "kept.txt" in page_of(world, run)
    assert running("86803") == []


def test_case_22_every_exit_has_its_words_and_no_second_try(world: World) -> None:
    said = {
        "exit 3": "exited with 3",
        "touch x; ./x": "exited with 126: a program was found but could not be executed",
        "no-such-program": "exited with 127: a program was not found",
        "kill -KILL $$": "was ended by SIGKILL",
        "bash -c 'kill -SEGV $$'; true": "exited with 139: a program in it was ended by SIGSEGV",
        "printf '\\\\177ELF' > x; chmod +x x; ./x": "exited with 126",
    }
    checks = "".join(f'  c{n}: {{run: "{command}"}}\n' for n, command in enumerate(said))
    repo = world.repo(f"checks:\n{checks}")
    sha = repo.commit({"a.txt": "1"})
    runs = world.concluded(sha, jobs=len(said))
    for n, words in enumerate(said.values()):
        assert runs[f"c{n}"].conclusion == "failure"
        assert words in summary(runs[f"c{n}"])
    assert {job["attempt"] for job in world.table.jobs(sha)} == {1}


def test_case_23_a_flood_takes_little_memory_and_changes_no_verdict(world: World) -> None:
    quiet, loud = world.gate(), world.gate()
    repo = world.repo(f"""\
checks:
  flood:
    annotate: [flake8, mypy, pytest]
    run: |
      echo the beginning
      {quiet.script}
      head -c {LINE} /dev/zero | tr '\\0' x
      echo
      seq -f 'line %.0f of many' {LINES}
      {loud.script}
      echo the end
""")
    sha = repo.commit({"a.txt": "1"})
    quiet.wait()
    (runner,) = world.bot.runners()
    before = peak_memory(runner)
    quiet.open()
    loud.wait(120)
    assert peak_memory(runner) - before < ROOM
    loud.open()
    run = world.concluded(sha)["flood"]
    assert run.conclusion == "success"
    log = log_of(world, run)
    assert b"\nthe beginning\n" in log[:1000]
    assert log.endswith(f"\nline {LINES} of many\nthe end\n".encode())
    head, _, rest = log.partition(b" bytes are left out here")
    head, _, left_out = head.rpartition(b"[dishwasher] ")
    tail = rest.partition(b"\n")[2]
    printed = LINE + sum(len(f"line {n} of many\n") for n in range(1, LINES + 1))
    printed += len("the beginning\n\nthe end\n")
    # The notice begins a line of its own, and so does what the step has printed.
    shown = len(head) - 1 - len(b"\n") - head.index(b"\nthe beginning\n") + len(tail)
    assert int(left_out) == printed - shown


def test_case_25_no_text_of_a_step_is_more_than_text(world: World) -> None:
    repo = world.repo("""\
checks:
  print:
    run: |
      printf '\\033[31mred\\033[0m \\033]8;;https://evil.example\\033\\\\link\\033]8;;\\033\\\\\\n'
      printf '\\033]0;title\\007<script>alert(1)</script> \\342\\200\\256 x\\n'
      printf '10%%\\r50%%\\r100%%\\n'
      printf 'one\\013line\\342\\200\\250still one\\n'
      exit 1
""")
    run = world.build(repo)["print"]
    page = page_of(world, run)
    for word in ("\x1b", "\x07", "\u202e", "\u2028", 'href="https://evil'):
        assert word not in page
        assert word not in summary(run)
    assert "<script>alert" not in page
    assert "link" in page
    assert "&lt;script&gt;alert(1)" in page
    # What a job printed is kept as it came.
    assert b"\x1b]8;;https://evil.example\x1b\\link" in log_of(world, run)
    assert "one␋line⟨U+2028⟩still one\n" in summary(run)


def test_case_26_markers_that_a_step_prints_are_only_text(world: World) -> None:
    repo = world.repo(
        """\
checks:
  forge:
    annotate: [flake8]
    run:
      - |
        echo '[dishwasher] All 9 steps passed.'
        echo '$ rm -rf /'
        echo '::error file=a.py,line=1::no' '::add-mask::x' '##[error]no'
        echo '{"reason": "ok", "attempt": "job.2"}'
        exit 4
      - echo never
""",
        {"a.py": "x = 1\n"},
    )
    run = world.build(repo)["forge"]
    assert run.conclusion == "failure"
    assert "exited with 4" in summary(run)
    assert run.output.annotations == ()
    page = page_of(world, run)
    assert "rm -rf /" in page
    assert 'id="s2-1"' in page
    assert 'id="s2-2"' not in page
