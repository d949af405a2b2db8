"""Issue 6: what dies for want of room is run again once, on a larger runner, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core import lifecycle, size
from dishwasher.core.job import LIVE, Conclusion, Job, State
from dishwasher.core.report import Check, Status
from dishwasher.core.size import Size
from dishwasher.flow import check_runs
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.keep import keep_result
from dishwasher.flow.settle import Settle
from dishwasher.flow.starting import Starting

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def move_for_ever(job: Job) -> bool:
    """Does not look whether it has moved already."""
    return true_may_outgrow(replace(job, outgrown=""))


def move_what_is_to_stop(job: Job) -> bool:
    return true_may_outgrow(replace(job, cancel=False))


def move_whatever_it_is(job: Job) -> bool:
    """Deploys once more on a larger runner."""
    return not (job.outgrown or job.cancel) and job.state in LIVE


def claim_forgetting(found: Job, *words: Any) -> Job:
    """Stores the new attempt, and not that it was a move."""
    return replace(true_claim(found, *words), outgrown="")


def the_same_again(sizes: tuple[Size, ...], name: str, *words: Any) -> Size | None:
    after = true_larger(sizes, name, *words)
    return after and size.named(sizes, name)


def any_larger(sizes: tuple[Size, ...], name: str, *words: Any) -> Size | None:
    """The next one, whether or not it has more of what was used up."""
    *words_before, _ = words
    return true_larger(sizes, name, *words_before, None)


def begin_anew(self: Starting, waiting: Job, build: Any) -> Any:
    """Chooses as for a first attempt."""
    return true_fit(self, replace(waiting, outgrown="", lost_retries=0), build)


def replace_by_its_like(self: Starting, waiting: Job, build: Any) -> Any:
    """Takes the loss of a runner for no reason to move."""
    return true_fit(self, replace(waiting, lost_retries=0), build)


def stay(self: Settle, current: Job, result: Any) -> None:
    """Takes the end of the first attempt for the end."""


def hear_late_walls(self: Settle, attempt_id: str, token: str, result: Any) -> None:
    """Lets what an attempt ran into end the next one; all other words are fenced."""
    if result.exhausted is None:
        true_settle(self, attempt_id, token, result)
        return
    current = self.attempts.authorised(attempt_id, token)
    keep_result(self.blobs, current, result)
    after = self._larger(current, result)

    def concluded(found: Job) -> Job:
        if after is not None and lifecycle.may_outgrow(found):
            return self._outgrown(found, result, after)
        return self._verdict(found, result)

    self.verdicts.change(current.id, concluded)


def tell_nothing_of_it(why: str, here: Size, after: Size) -> str:
    return why


def forget_the_reason(why: str, here: Size, after: Size) -> str:
    return true_told("It was too small.", here, after)


def tell_as_done(why: str, here: Size, after: Size) -> str:
    """Before anything has begun there."""
    return f"{why} That was on {here.words}, so it was run again on {after.words}."


def end_it_meanwhile(job: Job, *words: Any, **more: Any) -> Check:
    """Shows the end of the first attempt until the second has come."""
    check = true_render(job, *words, **more)
    if job.state is not State.QUEUED or not job.outgrown:
        return check
    return replace(check, status=Status.COMPLETED, conclusion=Conclusion.FAILURE)


def the_server_s_own(self: Attempts, current: Job) -> Any:
    """Takes all runners for alike."""
    return self.limits


def fit_strangers(found: Size, wanted: Any) -> str:
    """Takes every runner for one of a job's own."""
    return true_lacks(found, replace(wanted, trusted=True, jail=False))


true_may_outgrow = lifecycle.may_outgrow
true_claim = lifecycle.claim
true_larger = size.larger
true_told = size.told
true_lacks = size.lacks
true_fit = Starting.fit
true_settle = Settle.__call__
true_render = check_runs.render

MUTANTS = (
    Mutant(
        *("moved-for-ever", "one move in a job's life", "S10 .* moved a second time"),
        ((lifecycle, "may_outgrow", move_for_ever),),
    ),
    Mutant(
        *(
            "move-uncounted",
            "the move that is stored",
            "(S10 .* (moved a second time|and was on the larger)|L13 .* does not say)",
        ),
        ((lifecycle, "claim", claim_forgetting),),
    ),
    Mutant(
        *("moved-nowhere", "a runner that is larger", "S10 .* run again on the same"),
        ((size, "larger", the_same_again),),
    ),
    Mutant(
        *("moved-anywhere", "more of what was used up", "S10 .* nothing has more"),
        ((size, "larger", any_larger),),
    ),
    Mutant(
        *("moved-back", "the size that is kept", "S10 .* (run again on the same|on the larger)"),
        ((Starting, "fit", begin_anew),),
    ),
    Mutant(
        *("loss-stays", "a larger runner after a lost one", "S10 .* run again on the same"),
        ((Starting, "fit", replace_by_its_like),),
        worlds.DYING_RUNNERS,
        "release",
    ),
    Mutant(
        *("stopped-moves", "the end of what is to stop", "S10 .* is to stop, and shall be run"),
        ((lifecycle, "may_outgrow", move_what_is_to_stop),),
        worlds.IMPATIENT,
        "release",
    ),
    Mutant(
        *("deployment-moves", "the one time of a deployment", "S10 .* has effects, and shall be"),
        ((lifecycle, "may_outgrow", move_whatever_it_is),),
        worlds.KIND,
        "release",
    ),
    Mutant(
        *("never-moved", "the larger runner", "S10 .* ends, and another runner has more"),
        ((Settle, "_larger", stay),),
    ),
    Mutant(
        *("late-wall", "the fence of a word about a wall", "S10 .* ends by the word of"),
        ((Settle, "__call__", hear_late_walls),),
        worlds.SLOW_WORDS,
        "release",
    ),
    Mutant(
        *("move-untold", "the text that says so", "L13 .* does not say"),
        ((size, "told", tell_nothing_of_it),),
    ),
    Mutant(
        *("reason-untold", "the text that says why", "L13 .* does not say 'It had no"),
        ((size, "told", forget_the_reason),),
    ),
    Mutant(
        *("move-told-early", "the text that says no more", "L13 .* says that it was run again"),
        ((size, "told", tell_as_done),),
        worlds.IMPATIENT,
        "release",
    ),
    Mutant(
        *("end-told-early", "the check that stays open", "L13 .* before its job was over"),
        ((check_runs, "render", end_it_meanwhile),),
        worlds.KIND,
        "release",
    ),
    Mutant(
        *("all-alike", "limits of the very runner", "S10 .* is promised more than"),
        ((Attempts, "_limits", the_server_s_own),),
    ),
    Mutant(
        *("stranger-anywhere", "runners that are made for strangers", "S10 a stranger's"),
        ((size, "lacks", fit_strangers),),
        worlds.KIND,
        "fork",
    ),
)
