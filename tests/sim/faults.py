"""What goes wrong in one world: each seed draws which faults are on and how strong."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from random import Random


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances for each call unless said otherwise; every default is the kind world."""

    crash: float = 0.0
    """A worker dies at a port call; `crash_all`: of these, the whole instance."""
    crash_all: float = 0.0
    freeze: float = 0.0
    """A worker stops for up to `freeze_longest` seconds and goes on as a zombie."""
    freeze_longest: float = 0.0
    thaw_dies: float = 0.0
    """Who goes on as a zombie dies after that one call, so that it can tell nobody."""
    slow: float = 0.0
    """A call takes up to `slow_longest` seconds."""
    slow_longest: float = 8.0

    stall: float = 0.0
    """Everything waits for the same moment up to 20 s away, and goes on together."""

    bell_lost: float = 0.0
    bell_twice: float = 0.0
    bell_late: float = 0.0
    bell_error: float = 0.0
    done_lost: float = 0.0

    table_before: float = 0.0
    """The table fails without having written."""
    table_after: float = 0.0
    """The table has written and the answer is lost."""
    table_stale: float = 0.0
    """A list of what is due shows records as they were."""

    github_before: float = 0.0
    github_after: float = 0.0
    github_refused: float = 0.0
    """A write fails and surely had no effect (no connection)."""
    picky: float = 0.0
    """GitHub finds something in all that is said of a job to be invalid, for ever."""
    throttle: float = 0.0
    throttle_longest: float = 120.0
    unlisted: float = 0.0
    """A new check run is missing from lists for up to 20 s, a change too."""
    lag: float = 0.0
    """Longest time until the API shows a commit that was pushed, in seconds."""
    gone: float = 0.0
    """Chance of each repository to vanish."""
    gone_unsaid: float = 0.0
    """And GitHub tells nobody."""
    tenancy: float = 0.0
    """Chance that its owner does something (more) with the App or with the repository."""

    blob: float = 0.0

    http_lost: float = 0.0
    http_answer_lost: float = 0.0
    http_late: float = 0.0
    """A request is given up by its sender and reaches the server later."""

    runner_crash: float = 0.0
    runner_freeze: float = 0.0
    runner_absent: float = 0.0
    """Per attempt: the fleet took the order and no runner comes."""
    runner_slow: float = 0.0
    """Per attempt: it takes up to 90 s to come up."""
    checkout_fails: float = 0.0
    mute: float = 0.0
    """A runner that has no memory left dies without a word, as a Lambda function does."""
    impatience: float = 0.0
    """Somebody stops a job that seems to hang, because its runner has nothing left."""
    fleet_before: float = 0.0
    fleet_after: float = 0.0
    """The runner was started although the fleet's answer says otherwise."""
    stop_ignored: float = 0.0
    unnoticed: float = 0.0
    """The fleet does not tell that a runner has ended."""

    delivery_twice: float = 0.0
    delivery_late: float = 0.0
    delivery_lost: float = 0.0
    delivery_unsent: float = 0.0
    """Nor does GitHub's log know of it."""
    skew: float = 0.0
    """Seconds by which the clocks of two instances may differ."""

    @property
    def leaves_unsaid(self) -> bool:
        """Whether a worker may do something and die before it can have it looked after."""
        return self.crash > 0 or self.thaw_dies > 0

    @property
    def clocks_agree(self) -> bool:
        """Whether clocks differ by less than what a claim outlives its last renewal."""
        return self.skew <= SMALL_SKEW


SMALL_SKEW = 8.0
STRONGEST = Faults(
    crash=0.01,
    crash_all=0.5,
    freeze=0.005,
    freeze_longest=700.0,
    thaw_dies=0.5,
    slow=0.05,
    stall=0.005,
    bell_lost=0.3,
    bell_twice=0.3,
    bell_late=0.3,
    bell_error=0.05,
    done_lost=0.2,
    table_before=0.04,
    table_after=0.04,
    table_stale=0.3,
    github_before=0.15,
    github_after=0.15,
    github_refused=0.1,
    picky=0.2,
    throttle=0.03,
    unlisted=0.9,
    lag=60.0,
    gone=0.3,
    gone_unsaid=0.5,
    tenancy=0.8,
    blob=0.05,
    http_lost=0.1,
    http_answer_lost=0.1,
    http_late=0.1,
    runner_crash=0.04,
    runner_freeze=0.03,
    runner_absent=0.2,
    runner_slow=0.3,
    checkout_fails=0.2,
    mute=0.9,
    impatience=0.6,
    fleet_before=0.2,
    fleet_after=0.1,
    stop_ignored=0.8,
    unnoticed=0.8,
    delivery_twice=0.4,
    delivery_late=0.4,
    delivery_lost=0.2,
    delivery_unsent=0.2,
    skew=SMALL_SKEW,
)
FIXED = frozenset({"slow_longest", "freeze_longest", "throttle_longest", "crash_all"})
LIKELY = 0.5
"""Chance of each kind of fault to be on in a world."""


def draw(random: Random) -> Faults:
    """A swarm's member: some faults off, the others between weak and strong."""
    chosen: dict[str, float] = {}
    for field in fields(Faults):
        strongest: float = getattr(STRONGEST, field.name)
        if field.name in FIXED:
            continue
        if random.random() < LIKELY:
            chosen[field.name] = strongest * random.choice((0.1, 0.4, 1.0))
    chosen["crash_all"] = random.choice((0.0, 0.5, 1.0))
    chosen["freeze_longest"] = random.choice((30.0, 300.0, 700.0))
    chosen["throttle_longest"] = random.choice((60.0, 120.0, 3000.0))
    if "skew" in chosen and random.random() < 0.2:
        chosen["skew"] = 600.0
    return replace(Faults(), **chosen)
