"""Configurations that people of the simulated world write, and what each should do."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from dishwasher.core.plan import CONFIG_JOB

from tests.sim.machines import HUNGER, LONG

CHECKS = ("lint", "tests", "docs", "style")
ENDINGS = (*("ok",) * 6, "failed", "failed", "advisory", "timed_out")
SECONDS = (1, 10, 45, 130)
FINDINGS = (0, 0, 3, 60, 120)
HUNGRY = 0.3
"""Chance of one check that dies for want of room on some runners, or on all."""
LATE = 45
"""Seconds of a check that gives itself fewer."""
SCHEDULED = 0.3
"""Chance of a schedule, for one of the minutes in which a world lives: it begins at 15:06."""
MISTAKE = b"checks:\n  lint: {rnu: make lint}\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration file: its bytes, None for no file, and the names of its jobs."""

    data: bytes | None
    checks: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    """Of the default branch."""
    releases: tuple[str, ...] = ()
    """Deployments of tags."""


def write(random: Random) -> Written:
    """Any configuration, a wrong one and none at all among them."""
    fate, cached = random.random(), ""
    if fate < 0.04:
        return Written(None)
    if fate < 0.1:
        return Written(MISTAKE, (CONFIG_JOB,))
    if random.random() < 0.5:
        cached = ", cache: [.tox]"
    names = CHECKS[: random.randint(1, len(CHECKS))]
    lines = ["checks:"]
    # Checks that take equally long end together, and must not miss each other's end.
    lengths = random.choice((SECONDS, SECONDS, (random.choice(SECONDS),)))
    endings = random.choice((ENDINGS, ("ok", "advisory")))
    hungry = random.choice(names) if random.random() < HUNGRY else ""
    for place, name in enumerate(names):
        needs = [other for other in names[:place] if random.random() < 0.35]
        seconds, hunger, limit = random.choice(lengths), "", ""
        if name == hungry:
            seconds, hunger, limit = _hunger(random, seconds)
        step = f"sim {random.choice(endings)} {seconds} {random.choice(FINDINGS)}{hunger}"
        wanted = f", needs: [{', '.join(needs)}]" if needs else ""
        allowed = ", allow_failure: true" if random.random() < 0.15 else ""
        lines.append(f"  {name}: {{run: {step}{wanted}{allowed}{cached}{limit}}}")
    if random.random() < 0.15:
        names = (*names, "spelling")
        lines.append("  spelling: {uses: spelling}")
    deployments = ("staging", "production")[: random.choice((0, 1, 1, 1, 2))]
    if deployments:
        lines.append("deployments:")
    tag = ', tag: "v*"' if random.random() < 0.5 else ""
    for name in deployments:
        ending = random.choice(("ok", "ok", "ok", "failed"))
        seconds, hunger, limit = random.choice(SECONDS[1:]), "", ""
        if random.random() < HUNGRY / 4:
            seconds, hunger, limit = _hunger(random, seconds)
        step = f"sim {ending} {seconds} 0{hunger}"
        lines.append(f"  {name}: {{branch: master{tag}, run: {step}{limit}}}")
    if random.random() < SCHEDULED:
        lines.append(f'schedules: {{nightly: "{random.randint(8, 17)} 15 15 6 *"}}')
    return Written("\n".join(lines).encode(), names, deployments, deployments if tag else ())


def _hunger(random: Random, seconds: int) -> tuple[int, str, str]:
    """How long a step works, what it takes, and the job's own limit."""
    fate = random.random()
    if fate < 0.15:
        return LONG, "", ""
    if fate < 0.25:
        return LATE, "", ", timeout: 30s"
    return seconds, f" {random.choice(HUNGER)}", ""


def failing(random: Random) -> Written:
    """One whose checks fail soon, so that there is something to be said of it."""
    count = random.choice((1, 2, 3))
    lines = [f"  {name}: sim failed {random.choice((1, 10))} 3" for name in CHECKS[:count]]
    return Written("\n".join(("checks:", *lines)).encode(), CHECKS[:count])


CROWD = Written(
    "\n".join(
        (
            "checks:",
            *(f"  {name}: sim ok 10 0" for name in CHECKS),
            f"  last: {{run: sim ok 1 0, needs: [{', '.join(CHECKS)}]}}",
        )
    ).encode(),
    (*CHECKS, "last"),
)
"""Checks that end together, and none of them must miss that it was the last."""

HEALTHY = Written(
    b"checks:\n"
    b"  quick: sim ok 2 0\n"
    b"  long: {run: sim advisory 150 60, needs: [quick]}\n"
    b"  broken: sim failed 3 2\n"
    b"  never: {run: sim ok 1 0, needs: [broken]}\n"
    # A crowd that ends together, so that one end comes while another is being reported.
    b"  one: sim ok 3 0\n"
    b"  two: sim ok 3 0\n"
    b"  three: sim ok 3 0\n"
    b"  four: sim ok 3 0\n"
)
"""What must go through without a scratch once the world is calm."""
HEALTHY_REASONS = {
    "quick": "ok",
    "long": "advisory",
    "broken": "failed",
    "never": "need_failed",
    **dict.fromkeys(("one", "two", "three", "four"), "ok"),
}
HEALTHY_DEPLOYING = Written(
    b"checks:\n  quick: sim ok 2 0\ndeployments:\n  staging: {branch: master, run: sim ok 100 0}\n"
)
HEALTHY_DEPLOYING_REASONS = {"quick": "ok", "staging": "ok"}
