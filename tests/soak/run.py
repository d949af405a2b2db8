"""One soak: waves of deliveries to `dishwasher serve`, then everything is accounted for."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dishwasher.demo.github import StandIn

from tests.e2e.bot import Bot
from tests.e2e.table import Row, Table
from tests.soak.measure import Sample, sample
from tests.soak.mix import ACCEPTED, Mix, Sending, Sort
from tests.soak.town import Town

EVENTS = 60
"""Things that happen on GitHub between two waves; each is one delivery or several."""
SENDERS = 8
"""GitHub's own deliveries come from many machines at once."""
CALM = 900.0
"""Seconds that a busy machine is given for what is left at the end."""
MEMORY_GROWTH = 20e6
"""Bytes by which the server may have grown since a fifth of the deliveries had come."""
MEMORY = 150e6
DISK, DISK_EACH = 16e6, 10e3
"""Bytes of the data folder: at first, with the table's log of changes, and for each delivery."""
LEASE = 60.0


class Soak:
    """What was sent and answered, what was measured, and what was found wrong in the end."""

    def __init__(
        self, folder: Path, chance: random.Random, deliveries: int, events: int = EVENTS
    ) -> None:
        self._folder, self._chance, self._wanted = folder, chance, deliveries
        self._events = events
        self._sent: list[tuple[Sending, int]] = []
        self._samples: list[tuple[int, Sample]] = []
        self.wrong: list[str] = []
        self.log = ""

    def run(self) -> None:
        with StandIn(self._folder / "github") as github:
            app = github.add_app()
            bot = Bot(self._folder, github, app, lease=LEASE)
            bot.start()
            github.set_webhook(app, f"{bot.url}/webhook")
            try:
                self._waves(bot, Town(github, app, self._chance), Mix(app, self._chance))
                table = Table(bot.data)
                self._settle(bot, table)
                self._judge(github, bot, table)
                self.log = bot.log
            finally:
                bot.stop()

    def _waves(self, bot: Bot, town: Town, mix: Mix) -> None:
        self._measure(bot)
        with ThreadPoolExecutor(SENDERS) as senders:
            while (left := self._wanted - len(self._sent)) > 0:
                wave = mix.wave(town.happen(self._events))[:left]
                statuses = senders.map(
                    lambda one: bot.post("/webhook", one.headers, one.body)[0], wave
                )
                self._sent += zip(wave, statuses, strict=True)
                self._measure(bot)

    def _measure(self, bot: Bot) -> None:
        now = sample(bot.pid, bot.data)
        self._samples.append((len(self._sent), now))
        print(f"\r{len(self._sent):>6} of {self._wanted}: {now}", end="", flush=True)

    def _settle(self, bot: Bot, table: Table) -> None:
        """Until nobody has anything left to do."""
        end = time.monotonic() + CALM
        while (left := _unsettled(table)) and time.monotonic() < end:
            told = ", ".join(f"{count} {what}" for what, count in left.items())
            print(f"\rleft: {told:<70}", end="", flush=True)
            time.sleep(1)
        self._measure(bot)
        print()
        self._say(not left, f"{dict(left)} were not done after {CALM:g} s")

    def _judge(self, github: StandIn, bot: Bot, table: Table) -> None:
        rows = {row["id"]: row for row in table.rows("delivery")}
        self._answers()
        self._deliveries(rows)
        self._checks(github, table)
        self._bounds()
        for line in bot.log.splitlines():
            self._say("Traceback" not in line and "ERROR" not in line, f"in the log: {line}")
        for violation in github.violations:
            self._say(False, f"GitHub would refuse: {violation}")

    def _answers(self) -> None:
        print(f"\n{'sent':<40}{'':>7}  answered")
        for sort in Sort:
            answers = Counter(status for one, status in self._sent if one.sort is sort)
            told = ", ".join(f"{count} times {status}" for status, count in sorted(answers.items()))
            print(f"{sort.value:<40}{answers.total():>7}  {told}")
        for one, status in self._sent:
            # An example may lack what GitHub always sends: then it is refused, and not kept.
            good = {202, 400} if one.sort is Sort.OTHER else {202}
            allowed = good if one.sort in ACCEPTED else {400, 401}
            self._say(status in allowed, f"{one.sort} {one.guid} was answered {status}")

    def _deliveries(self, rows: dict[str, Row]) -> None:
        became: Counter[str] = Counter()
        for guid, status in {one.guid: status for one, status in self._sent}.items():
            row = rows.get(guid)
            self._say((row is not None) == (status == 202), f"{guid} is lost, or kept when refused")
            if row is None:
                continue
            stage = row["stage"]
            became[stage if row["event"] or stage != "ignored" else "not for us"] += 1
            good = row["build"] if stage == "planned" else row["reason"] or row["change"]
            self._say(bool(good) and stage != "received", f"{guid}: {stage} without a reason")
        print("\nwhat became of them: " + ", ".join(f"{n} {what}" for what, n in became.items()))

    def _checks(self, github: StandIn, table: Table) -> None:
        jobs = table.rows("job")
        shown = {run.external_id: run for run in github.world.runs}
        for job in jobs:
            run = shown.get(job["id"])
            done = job["state"] == "concluded" and run is not None and run.status == "completed"
            self._say(done, f"job {job['id']} is {job['state']}, its check {run and run.status}")
        reasons = Counter(job["reason"] for job in jobs)
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        print(f"{len(table.rows('build'))} builds, {len(jobs)} jobs: {told}")

    def _bounds(self) -> None:
        start, end = self._samples[0][1], self._samples[-1][1]
        fifth = next(one for count, one in self._samples if count >= self._wanted // 5)
        middle = next(one for count, one in self._samples if count >= self._wanted // 2)
        heads = f"{'memory, MB':>12}{'most, MB':>12}{'threads':>9}{'files':>7}{'disk, MB':>10}"
        print(f"\n{'':<12}{heads}")
        for name, one in (("start", start), ("a fifth", fifth), ("half", middle), ("end", end)):
            print(
                f"{name:<12}{one.memory / 1e6:>12.1f}{one.most / 1e6:>12.1f}"
                f"{one.threads:>9}{one.files:>7}{one.disk / 1e6:>10.1f}"
            )
        growth, room = end.memory - fifth.memory, DISK + DISK_EACH * len(self._sent)
        print(f"memory since a fifth {growth / 1e6:+.1f} MB (<= {MEMORY_GROWTH / 1e6:g})")
        print(f"disk {end.disk / 1e6:.1f} MB (<= {room / 1e6:g})")
        self._say(growth <= MEMORY_GROWTH, f"memory has grown by {growth / 1e6:.1f} MB")
        self._say(end.most <= MEMORY, f"the server took {end.most / 1e6:.0f} MB")
        self._say(end.disk <= room, f"the data folder takes {end.disk / 1e6:.1f} MB")

    def _say(self, good: bool, wrong: str) -> None:
        if not good:
            self.wrong.append(wrong)


def _unsettled(table: Table) -> Counter[str]:
    """What still waits: bells, deliveries that are not planned, jobs that GitHub is not told of."""
    left = Counter({"bells": len(table.messages())})
    waiting = [row["reason"] for row in table.rows("delivery") if row["stage"] == "received"]
    # GitHub's API may lag behind its webhooks. Here none does: such an event is one of the past
    # that came late, and it takes UNSEEN_FOR, two minutes, until that is believed.
    left["deliveries that GitHub does not show yet"] = sum(map(bool, waiting))
    left["other deliveries"] = sum(not reason for reason in waiting)
    left["jobs"] = sum(
        job["state"] != "concluded" or job["deadline"] > 0 for job in table.rows("job")
    )
    return +left
