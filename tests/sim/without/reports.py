"""Rule 3: reporting is level-triggered and serialised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core.report import Posted, Report
from dishwasher.errors import Throttled
from dishwasher.flow import check_runs, claim, turn
from dishwasher.flow.check_runs import CheckRuns
from dishwasher.flow.claim import Claim
from dishwasher.ports import Clock, Store

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def take_anyway(store: Store, clock: Clock, key: str, hold: float, bell: str = "") -> Claim | None:
    """Takes the claim of whoever has it."""
    found = store.get(Report, key)
    if found is not None and found.holder:
        store.save(replace(found, until=0.0))
    return claim.take(store, clock, key, hold, bell)


def report_whoever_holds(self: Claim) -> Report:
    """Does not look whether the claim is still its own."""
    return self.store.get(Report, self.key) or Report(self.key)


def take_or_leave(
    store: Store, clock: Clock, key: str, hold: float, bell: str = ""
) -> Claim | None:
    """Who loses the claim just leaves."""
    found = store.get(Report, key)
    if found is not None and found.until > clock.now():
        if found.holder:
            return None
        raise Throttled("it waits", found.until)
    return claim.take(store, clock, key, hold, bell)


def believe_unmade(
    self: CheckRuns, held: Claim, repository: Any, check: Any, posted: Posted
) -> Posted:
    return held.note(replace(posted, doubtful=False))


def sweep_nothing(self: CheckRuns, held: Claim, repository: Any) -> None:
    if held.report().sweep:
        held.sweep_at(0.0)


def never_doubt(self: Claim, posted: Posted) -> Posted:
    """Does not note that a call has begun."""
    if posted.doubtful:
        return posted
    return true_note(self, posted)


def warn_if_held(self: Claim, time: float) -> None:
    """Says nothing when the claim is lost, which is when it matters."""
    self.sweep_at(time)


def forget_annotations(
    self: CheckRuns, held: Claim, repository: Any, check: Any, posted: Posted
) -> Posted:
    """Finds the check run again, and sends all of its annotations once more."""
    found = true_resolve(self, held, repository, check, posted)
    return held.note(replace(found, annotations=0)) if found.check else found


true_note = Claim.note
true_resolve = CheckRuns._resolve


def forget_doubts(self: Claim, posted: Posted) -> Posted:
    """Notes a doubt once, and takes the next call's end for the end of it."""
    known = self.report().of(posted.job)
    same = replace(known, doubtful=False) == replace(posted, doubtful=False)
    if same and known.doubtful and not posted.check:
        return true_note(self, replace(posted, doubtful=False))
    return true_note(self, posted)


def only_soon(self: Report) -> float:
    """Looks after what somebody has warned of, and after nothing else."""
    return self.sweep


def never_smaller(check: Any) -> tuple[Any, ...]:
    """Takes GitHub's first refusal for its last."""
    return ()


MUTANTS = (
    Mutant(
        "shared-reports",
        "the exclusive claim on a report",
        "(L2 annotations of|G[2-4] )",
        ((turn, "take", take_anyway), (Claim, "report", report_whoever_holds)),
    ),
    Mutant(
        "not-dirty",
        "the dirty mark",
        "L6 the end of .* was shown only after",
        ((turn, "take", take_or_leave),),
        worlds.KIND,
        "crowd",
    ),
    Mutant(
        "no-look",
        "the look before a repeated POST",
        "G2 .* was made again",
        ((CheckRuns, "_resolve", believe_unmade),),
        worlds.LOST_ANSWERS,
    ),
    Mutant(
        "no-doubt",
        "the note before a POST",
        "(G2 .* was made again|L2 annotations of)",
        ((Claim, "note", never_doubt),),
    ),
    Mutant(
        *("forgotten-doubt", "a doubt that outlasts", "G2 .* was made again"),
        ((Claim, "note", forget_doubts),),
        worlds.UNLISTED,
    ),
    Mutant(
        "no-sweep",
        "the sweep",
        "L1 check run",
        ((CheckRuns, "sweep", sweep_nothing),),
        worlds.ZOMBIES,
    ),
    Mutant(
        "no-warning",
        "the warning of a frozen writer",
        "L1 check run",
        ((Claim, "warn", warn_if_held),),
        worlds.UNHEARD_ZOMBIES,
    ),
    Mutant(
        "no-linger",
        "the last look",
        "(L1 check run|L8 the comment under)",
        ((Report, "look", property(only_soon)),),
        worlds.SILENT_ZOMBIES,
        "day",
    ),
    Mutant(
        "annotations-again",
        "the count of annotations",
        "L2 annotations of .* are doubled",
        ((CheckRuns, "_resolve", forget_annotations),),
    ),
    Mutant(
        "no-less",
        "the bare verdict",
        "L2 .* (has no check run|is not known to be shown)",
        ((check_runs, "smaller", never_smaller),),
    ),
)
