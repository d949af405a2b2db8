"""Simulated runners: they speak the ticket protocol, and may die, freeze, or come as zombies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dishwasher.core.config import Uses
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Reason, parse_attempt
from dishwasher.core.result import Progress, Result
from dishwasher.core.size import Resource
from dishwasher.core.ticket import Bootstrap, Claimed, LogAnswer, Orders
from dishwasher.errors import Refused
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.caches import Caches
from dishwasher.flow.settle import Settle

from tests.sim.baton import Crash
from tests.sim.caching import Caching
from tests.sim.laws import Laws
from tests.sim.machines import Wall, Work, wall
from tests.sim.web import NoAnswer, Web
from tests.sim.world import World

CLAIM_FOR, RESULT_FOR, LOG_FOR, CACHE_FOR = 45.0, 600.0, 20.0, 20.0
"""Seconds for which a verb is repeated, as in `runner/http_sink`."""

UNHEARD = (0.1, 0.1, 10.0, 30.0)
"""Seconds in which a machine that has nothing left does not get to a beat."""


class Over(Exception):
    """The attempt is over for its runner: fenced, out of its lease, or out of patience."""


class Runner:
    """One attempt, as its runner lives it."""

    def __init__(
        self,
        world: World,
        web: Web,
        laws: Laws,
        attempts: Attempts,
        settle: Settle,
        caches: Caches,
    ) -> None:
        self._world, self._web, self._laws = world, web, laws
        self._attempts, self._settle, self._caches = attempts, settle, caches
        self._attempt = self._token = ""
        self._lease_end = float("inf")
        self._last_beat = 0.0
        self._cancelled = False
        self._log = b""
        self._sent = 0

    def live(self, bootstrap: Bootstrap) -> None:
        self._attempt = bootstrap.attempt
        try:
            self._run(bootstrap)
        except Over:
            self._world.sometimes("a runner stopped because its attempt was over")

    def _run(self, bootstrap: Bootstrap) -> None:
        ticket = self._claim(bootstrap)
        self._checkout()
        if self._world.chance(self._world.faults.checkout_fails):
            self._bring(Result(Reason.INFRA, f"{self._attempt}: the checkout failed"))
            return
        # The source token is revoked by the server; a failure of that is a 5xx like any other.
        source_token = ticket.source.token
        self._say("started", lambda: self._attempts.started(*self._key, source_token))
        self._alive()
        steps = [step.command for step in ticket.spec.steps] or ["sim advisory 4 2"]
        work = Work.of(steps[0])
        assert ticket.spec.uses is Uses.SPELLING or ticket.spec.steps
        caching = None
        if ticket.spec.caches:
            words = (self._world, self._caches, self._laws.rows, self._key)
            caching = Caching(*words, lambda what, work: self._say(what, work, CACHE_FOR))
            self._try(caching.restore)
        self._laws.begin(self._attempt)
        there = wall(work, ticket.limits)
        self._work(work.seconds if there is None else there.after)
        if there is not None and not self._cancelled:
            self._hang()
        result = self._result(work, there)
        if caching is not None and result.reason is Reason.OK:
            self._try(caching.store)
        self._flush()
        self._bring(result)

    def _hang(self) -> None:
        if self._world.chance(self._world.faults.impatience):
            self._world.stop_job(parse_attempt(self._attempt)[0])
        self._pause(self._world.random.choice(UNHEARD))

    def _result(self, work: Work, there: Wall | None) -> Result:
        if self._cancelled:
            return Result(Reason.CANCELLED, f"{self._attempt} says so")
        found = _findings(work.findings)
        if there is None:
            words = Reason(work.reason), f"{self._attempt} says so"
            return Result(*words, findings=found, findings_total=len(found))
        if there.resource is Resource.MEMORY and self._world.chance(self._world.faults.mute):
            self._world.sometimes("a runner without memory died without a word")
            raise Crash
        late = there.resource is Resource.TIME
        return Result(
            Reason.TIMED_OUT if late else Reason.FAILED,
            there.words,
            findings=found,
            findings_total=len(found),
            exhausted=there.resource,
        )

    @property
    def _key(self) -> tuple[str, str]:
        return self._attempt, self._token

    def _claim(self, bootstrap: Bootstrap) -> Any:
        def claim() -> Claimed:
            claimed = self._attempts.claim(bootstrap.attempt, bootstrap.code)
            self._laws.claimed(bootstrap.attempt, claimed.ticket)
            return claimed

        claimed: Claimed = self._say("claim", claim, CLAIM_FOR)
        self._token = claimed.token
        self._renew()
        return claimed.ticket

    def _checkout(self) -> None:
        self._pause(self._world.random.choice((0.5, 2.0, 2.0, 8.0)))

    def _work(self, seconds: float) -> None:
        beat = self._attempts.limits.beat_seconds
        end = self._world.now + seconds
        while self._world.now < end and not self._cancelled:
            self._pause(min(beat, end - self._world.now))
            self._log += f"{self._attempt} at {self._world.now:.3f}\n".encode()
            if self._world.now < end:
                self._beat()
                self._ship()

    def _beat(self) -> None:
        orders: Orders = self._say("beat", lambda: self._attempts.beat(*self._key, Progress()))
        self._last_beat = self._world.now
        self._cancelled = self._cancelled or orders.cancel

    def _ship(self) -> bool:
        """Send the rest of the log once; whether the server has all of it."""
        offset, data = self._sent, self._log[self._sent :]
        try:
            answer: LogAnswer = self._once(
                "log", lambda: self._attempts.log(*self._key, offset, data)
            )
        except NoAnswer:
            return False
        self._sent = answer.offset
        return self._sent == len(self._log)

    def _flush(self) -> None:
        end = self._world.now + LOG_FOR
        while not self._ship():
            if self._world.now > end:
                return
            self._pause(1.0)
        self._laws.shipped(self._attempt, self._log)

    def _bring(self, result: Result) -> None:
        def bring() -> None:
            with self._laws.moves.speaking(self._attempt, result):
                self._settle(*self._key, result)

        self._laws.said(self._attempt, result)
        self._say("result", bring, RESULT_FOR)

    def _try(self, work: Callable[[], None]) -> None:
        """What a job can do without."""
        try:
            work()
        except NoAnswer:
            self._world.sometimes("a job did without a cache")

    def _say(self, what: str, work: Callable[[], Any], patience: float | None = None) -> Any:
        """Repeat until there is an answer, the lease ends or patience does."""
        begun, pause = self._world.now, 0.05
        while True:
            try:
                answer = self._once(what, work)
            except NoAnswer:
                then = self._world.now + pause
                if patience == CACHE_FOR and begun + patience <= then < self._lease_end:
                    raise
                if then >= self._lease_end or (patience and then >= begun + patience):
                    raise Over from None
                self._pause(pause)
                pause = min(2 * pause, 2.0)
                if what == "result" and self._world.now > self._last_beat + 20.0:
                    self._beat()
                continue
            self._renew()
            return answer

    def _once(self, what: str, work: Callable[[], Any]) -> Any:
        self._mortal()
        try:
            return self._web.ask(f"{what} {self._attempt}", work)
        except Refused as fault:
            self._world.tell("refused", fault)
            self._world.sometimes("a word of an old attempt was refused")
            raise Over from None

    def _renew(self) -> None:
        if self._token:
            self._lease_end = self._world.now + self._attempts.limits.lease_seconds

    def _alive(self) -> None:
        """Before anything with effects: who slept longer than the lease does not begin."""
        if self._world.now >= self._lease_end:
            raise Over

    def _pause(self, seconds: float) -> None:
        self._world.baton.sleep(seconds)
        self._mortal()
        self._alive()

    def _mortal(self) -> None:
        world, faults = self._world, self._world.faults
        if world.chance(faults.runner_crash):
            world.sometimes("a runner died")
            raise Crash
        if world.chance(faults.runner_freeze):
            world.sometimes("a runner froze")
            delay = world.random.uniform(30.0, 600.0)
            world.expect(delay)
            world.baton.sleep(delay)


def _findings(count: int) -> tuple[Finding, ...]:
    levels = tuple(Level)
    return tuple(
        Finding(f"app/file{n % 7}.py", n + 1, n + 1, levels[n % 3], f"finding {n}")
        for n in range(count)
    )
