"""One chaos run: pushes go on while server, zygote and runners are killed; then everything ends."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dishwasher.demo.github import CheckRun, Repo, StandIn

from tests.e2e.bot import LEASE, Bot

CONFIG = """\
checks:
  quick: {run: "true"}
  slow: {run: ["sleep 0.3", "sleep 0.3"]}
deployments:
  staging:
    branch: master
    run: echo "$DISHWASHER_SHA" >> "$LEDGER"; sleep 0.2
"""
JOBS = {"dishwasher / quick", "dishwasher / slow"}
DEPLOYMENT = "dishwasher / staging"
QUIET = 120.0
"""Seconds in which everything must end once nobody kills any more."""
ALLOWED = {"The runner was lost", "Dishwasher failed, not your code"}
"""Titles that a killed check may end with, besides success."""


class Written(Protocol):
    """Whoever has the file in which deployments write a line when they have their effect."""

    ledger: Path


@dataclass
class Chaos:
    """What was pushed and killed, and what was found wrong in the end."""

    folder: Path
    seed: int
    say: Callable[[str], None]
    pushed: list[tuple[str, str]] = field(default_factory=list)
    """(branch, sha)."""
    kills: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def run(self, kills: int) -> bool:
        """Whether nothing was lost, stuck or deployed twice."""
        chance = random.Random(self.seed)
        with StandIn(self.folder / "github") as github:
            app = github.add_app()
            repo = github.add_repo("acme/site", {".dishwasher.yml": CONFIG}, private=False)
            github.install(app, "acme")
            bot = Bot(self.folder, github, app)
            bot.start()
            github.set_webhook(app, f"{bot.url}/webhook")
            try:
                for number in range(kills):
                    self._push(chance, repo, number)
                    time.sleep(chance.uniform(0.05, 1.2))
                    self._kill(chance, bot)
                self._settle(github, repo, bot)
            finally:
                bot.stop()
            self._judge(github, repo, bot)
        return not self.wrong

    def _push(self, chance: random.Random, repo: Repo, number: int) -> None:
        branch = "master" if chance.random() < 0.4 else f"topic-{number}"
        sha = repo.commit({"n.txt": f"{number}\n"}, branch=branch)
        self.pushed.append((branch, sha))

    def _kill(self, chance: random.Random, bot: Bot) -> None:
        target = chance.choice(["server", "server", "runner", "runner", "zygote"])
        pids = {"runner": bot.runners, "zygote": bot.zygotes}.get(target, list)()
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
        else:
            target = "server"
            bot.kill()
            time.sleep(chance.choice([0.0, 0.0, chance.uniform(0.0, 1.5 * LEASE)]))
            bot.start()
        self.kills[target] += 1
        self.say(f"  killed a {target}; {sum(self.kills.values())} so far")

    def _settle(self, github: StandIn, repo: Repo, bot: Bot) -> None:
        """Every delivery has been tried; what failed meanwhile is found by the next start."""
        github.wait_idle(QUIET)
        bot.kill()
        bot.start()
        try:
            github.wait_for(lambda: self._all_over(repo), QUIET, "every check run to conclude")
        except TimeoutError as error:
            self.wrong.append(str(error))

    def _all_over(self, repo: Repo) -> bool:
        return all(
            wanted <= {run.name for run in runs} and all(run.status == "completed" for run in runs)
            for wanted, runs in (
                (self._wanted(branch), repo.check_runs(sha)) for branch, sha in self.pushed
            )
        )

    def _wanted(self, branch: str) -> set[str]:
        return JOBS | {DEPLOYMENT} if branch == "master" else JOBS

    def _judge(self, github: StandIn, repo: Repo, bot: Written) -> None:
        ledger = Counter(bot.ledger.read_text().split())
        for branch, sha in self.pushed:
            latest = {run.name: run for run in repo.check_runs(sha)}
            for name in self._wanted(branch):
                if name not in latest:
                    self.wrong.append(f"{sha[:8]} has no check run {name}")
                elif name != DEPLOYMENT:
                    self._judge_check(latest[name])
            if branch == "master" and DEPLOYMENT in latest:
                self._judge_deployment(latest[DEPLOYMENT], ledger[sha])
        if github.violations:
            self.wrong.append(f"GitHub would have refused {github.violations[0]}")

    def _judge_check(self, run: CheckRun) -> None:
        title = (run.output.title or "").partition(" in ")[0].removesuffix(",")
        if run.conclusion != "success" and title not in ALLOWED:
            said = f"{run.conclusion}, {title}\n{run.output.summary}\n{run.output.text}"
            self.wrong.append(f"{run.head_sha[:8]} {run.name}: {said}")

    def _judge_deployment(self, run: CheckRun, effects: int) -> None:
        if effects > 1:
            self.wrong.append(f"{run.head_sha[:8]} was deployed {effects} times")
        if run.conclusion == "success" and effects != 1:
            self.wrong.append(f"{run.head_sha[:8]} says deployed and was not")
        if run.conclusion in ("cancelled", None) and effects:
            self.wrong.append(f"{run.head_sha[:8]} says {run.conclusion} and was deployed")
