"""Cases 52 to 54: messages that come twice, late, never, or are none."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path

from tests.e2e.bot import Bot
from tests.e2e.world import World

CONFIG = 'checks: {quick: echo "$DISHWASHER_SHA" >> "$LEDGER"}\n'
PUSHES = 6
TOPICS = ("deliveries", "jobs", "reports")


def ledger(*bots: Bot) -> Counter[str]:
    """How often each commit's job has had its effect."""
    return Counter(sha for bot in bots for sha in bot.ledger.read_text().split())


def end_leases(world: World, sha: str) -> None:
    """As if nobody had been heard of for the time that a job may be silent."""
    for job in world.table.jobs(sha):
        world.table.age("job", job["id"], deadline=1.0, due=1.0)


def test_case_52_of_two_servers_that_hear_the_same_bell_one_starts_the_job(
    world: World, tmp_path: Path
) -> None:
    second = Bot(tmp_path, world.github, world.app)
    second.data = world.bot.data
    second.start()
    try:
        repo = world.repo(CONFIG)
        shas = [repo.commit({"n.txt": f"{n}\n"}, branch=f"topic-{n}") for n in range(PUSHES)]

        def all_over() -> bool:
            # Whoever has taken a message is given up at once, so the other takes it as well.
            for sha in shas:
                for job in world.table.jobs(sha):
                    world.table.ring("jobs", job["id"])
                    world.table.ring("reports", job["build"])
            jobs = [job for sha in shas for job in world.table.jobs(sha)]
            return len(jobs) == PUSHES and all(job["state"] == "concluded" for job in jobs)

        world.table.wait(all_over, "the end of every job")
        for sha in shas:
            assert world.concluded(sha)["quick"].conclusion == "success"
            (job,) = world.table.jobs(sha)
            assert (job["attempt"], job["infra_retries"], job["lost_retries"]) == (1, 0, 0)
        assert ledger(world.bot, second) == Counter(shas)
    finally:
        second.stop()


def test_case_53_bells_of_what_is_over_change_nothing(world: World) -> None:
    repo = world.repo(CONFIG)
    sha = world.build(repo)["quick"].head_sha
    world.wait_settled(sha)
    (before,) = world.table.jobs(sha)
    asked = len(world.github.requests(path=f"/repos/{repo.full_name}/*"))
    (delivery,) = [
        row["id"] for row in world.table.rows("delivery") if row["build"] == before["build"]
    ]
    for topic, key in zip(TOPICS, (delivery, before["id"], before["build"]), strict=True):
        world.table.ring(topic, key)
    world.table.wait(lambda: not world.table.messages(), "silent bells")
    (after,) = world.table.jobs(sha)
    assert after == before
    assert len(world.github.requests(path=f"/repos/{repo.full_name}/*")) == asked
    assert ledger(world.bot)[sha] == 1


def test_case_53_the_words_of_an_older_attempt_change_nothing(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}; echo late'}}\n")
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    (frozen,) = world.bot.runners()
    os.kill(frozen, signal.SIGSTOP)
    # Its lease ends, and another attempt comes to the same place.
    end_leases(world, sha)
    gate.wait()
    gate.open(2)
    os.kill(frozen, signal.SIGCONT)
    run = world.concluded(sha)["slow"]
    assert run.conclusion == "success"
    world.table.wait(lambda: not world.bot.runners(), "the end of both runners")
    world.wait_settled(sha)
    (job,) = world.table.jobs(sha)
    assert (job["attempt"], job["lost_retries"], job["reason"]) == (2, 1, "ok")
    assert world.concluded(sha)["slow"] == run


def test_case_54_what_no_bell_tells_of_is_found_by_the_reaper(world: World) -> None:
    busy = world.gate()
    blocking = world.repo(f"checks: {{a: '{busy.script}', b: '{busy.script}'}}\n")
    occupied = blocking.commit({"n.txt": "1"})
    busy.wait()
    busy.wait()
    # A job that waits for a runner, and a delivery that nobody could plan yet.
    waiting, unplanned = world.repo(CONFIG), world.repo(CONFIG)
    queued = waiting.commit({"n.txt": "1"})
    world.github.wait_for(lambda: waiting.check_runs(queued), what="a queued check run")
    contents = f"/repos/{unplanned.full_name}/contents/*"
    world.github.fail("html-502", contents, times=1000)
    received = unplanned.commit({"n.txt": "1"})
    world.github.wait_for(lambda: world.github.requests(path=contents), what="a failed look")

    world.bot.kill()
    world.github.faults.clear()
    assert world.table.lose_messages() >= 2
    (delivery,) = [
        row["id"]
        for row in world.table.rows("delivery")
        if row["event"] and row["event"]["sha"] == received
    ]
    # A minute later; the runners may have been lost meanwhile, and are begun once more.
    world.table.age("delivery", delivery, due=1.0)
    end_leases(world, queued)
    busy.open(4)
    world.bot.start()
    for sha, name in ((queued, "quick"), (received, "quick"), (occupied, "a")):
        assert world.concluded(sha)[name].conclusion == "success"
    assert ledger(world.bot)[queued] == ledger(world.bot)[received] == 1


def test_case_54_messages_and_rows_of_another_version_keep_nobody_waiting(world: World) -> None:
    with world.table.open() as connection:
        for kind in ("delivery", "job", "report"):
            body = json.dumps({"id": "later", "shape": "of a later version", "version": 1})
            connection.execute("INSERT INTO rows VALUES (?, 'later', 1, '', 1.0, ?)", (kind, body))
    for topic in TOPICS:
        for key in ("later", "unknown", "", "\0", "é" * 1000):
            world.table.ring(topic, key)
    world.table.ring("a topic of a later version", "later")
    # A lost runner is found only by the reaper, which meets those rows first.
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}'}}\n")
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    (frozen,) = world.bot.runners()
    os.kill(frozen, signal.SIGSTOP)
    end_leases(world, sha)
    gate.wait()
    gate.open(2)
    os.kill(frozen, signal.SIGCONT)
    assert world.concluded(sha)["slow"].conclusion == "success"
    # What nobody can read stays, and is told in the log; what means nothing is gone.
    world.table.wait(
        lambda: {key for topic, key in world.table.messages() if topic in TOPICS} <= {"later"},
        "the end of what means nothing",
    )
    assert "later" in world.bot.log
