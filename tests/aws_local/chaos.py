"""`make chaos-aws N=25`: functions killed at random moments, messages twice, late and lost.

As `tests.chaos`, of the functions instead of one process: every check must be concluded, and
nothing deployed twice.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from dishwasher.core.sandbox import Level
from dishwasher.demo.bot import Place
from dishwasher.demo.github import Repo, StandIn
from dishwasher.runner import orphans

from tests.aws_local import artifact
from tests.aws_local.artifact import ANYONE, Artifact
from tests.aws_local.bot import CloudBot
from tests.aws_local.cloud import RUNNER, Cloud
from tests.aws_local.weather import Fate, Weather
from tests.chaos.run import CONFIG, Chaos

LEASE = 9.0
"""Seconds; the product's 60 would only make the waiting longer."""
PACE = 12.0
"""A minute of the schedule in five seconds."""
QUIET = 900.0
"""Seconds in which all must end: an attempt that never began is waited for for 90, three times."""
CHANCES = {Fate.TWICE: 0.15, Fate.LATE: 0.15, Fate.LOST: 0.1}
LATEST = 6
PUSHES = 0.5
"""For each kill."""
PAUSE = (0.2, 5.0)
"""Seconds between two kills."""
PATIENCE = 120.0


class CloudChaos(Chaos):
    """Pushes go on while environments, and runtimes in them, are killed."""

    def in_cloud(self, built: Artifact, kills: int) -> bool:
        """Whether nothing was lost, stuck or deployed twice."""
        chance = random.Random(self.seed)
        self.weather = Weather(CHANCES, self.seed, LATEST)
        settings = {"DISHWASHER_LEASE_SECONDS": str(LEASE)}
        bot = CloudBot(built, bare=True, settings=settings, pace=PACE, weather=self.weather)
        self.ledger = self.folder / "ledger"
        self.ledger.touch()
        with StandIn(self.folder / "github") as github:
            app = github.add_app()
            variables = {"LEDGER": str(self.ledger)}
            try:
                url = bot.start(Place(self.folder, github, app, Level.PLAIN, variables))
                assert bot.cloud is not None
                repo = github.add_repo("acme/site", {".dishwasher.yml": CONFIG}, private=False)
                github.install(app, "acme")
                github.set_webhook(app, f"{url}/webhook")
                # Once in peace, so that all functions have environments that can be killed.
                self._push(chance, repo, 0)
                github.wait_for(lambda: self._all_over(repo), QUIET, "the first checks")
                for number in range(1, kills + 1):
                    if chance.random() < PUSHES:
                        self._push(chance, repo, number)
                    time.sleep(chance.uniform(*PAUSE))
                    self._strike(chance, bot.cloud)
                self._calm(github, repo)
                self._judge(github, repo, self)
            finally:
                self.said = bot.said
                bot.stop()
        return not self.wrong

    def _strike(self, chance: random.Random, cloud: Cloud) -> None:
        names = sorted(name for name, one in cloud.functions.items() if one.environments)
        if not names:
            return
        # Most of what can be lost is lost with a runner.
        name = chance.choice([*names, *[RUNNER] * 2]) if RUNNER in names else chance.choice(names)
        pid = chance.choice(cloud.functions[name].environments).pid
        kind = "environment"
        with contextlib.suppress(ProcessLookupError):
            runtimes = _runtimes(pid)
            if runtimes and chance.random() < 0.5:
                kind = "runtime"
                os.kill(chance.choice(runtimes), signal.SIGKILL)
            else:
                os.killpg(pid, signal.SIGKILL)
        self.kills[f"{name} {kind}"] += 1
        self.say(f"  killed the {kind} of {name}; {sum(self.kills.values())} so far")

    def _calm(self, github: StandIn, repo: Repo) -> None:
        self.weather.clear()
        github.wait_idle(PATIENCE)
        try:
            github.wait_for(lambda: self._all_over(repo), QUIET, "every check run to conclude")
        except TimeoutError as error:
            self.wrong.append(str(error))


def _runtimes(pid: int) -> list[int]:
    """The function's own processes in an environment: its runtime and a runner forked by it."""
    found = []
    for one in orphans.descendants({pid}):
        with contextlib.suppress(OSError):
            if b"awslambdaric" in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")[2:3]:
                found.append(one)
    return sorted(found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.aws_local.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    options = parser.parse_args()
    os.environ.pop("AWS_CA_BUNDLE", None)
    os.environ.update(ANYONE)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    built, begun = artifact.build(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        chaos = CloudChaos(Path(folder), options.seed, lambda text: print(text, flush=True))
        print(f"{options.kills} kills, seed {options.seed}", flush=True)
        well = chaos.in_cloud(built, options.kills)
    messages = ", ".join(f"{count} {fate}" for fate, count in sorted(chaos.weather.seen.items()))
    print(f"{dict(sorted(Counter(chaos.kills).items()))}; messages: {messages}")
    if not well:
        print("\n".join(chaos.wrong), chaos.said[-6000:], sep="\n")
        print(f"again with: make chaos-aws N={options.kills} ARGS='--seed {options.seed}'")
        return 1
    print(
        f"{sum(chaos.kills.values())} kills, {len(chaos.pushed)} builds, "
        f"{time.monotonic() - begun:.0f} s: nothing lost, stuck or deployed twice"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
