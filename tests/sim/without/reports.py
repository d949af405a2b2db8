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

from tests.sim.faults import Faults
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


def believe_the_digest(
    self: CheckRuns, held: Claim, repository: Any, check: Any, posted: Posted
) -> Posted:
    """Takes a check run whose annotations are all there for finished."""
    if not posted.check:
        return true_resolve(self, held, repository, check, posted)
    found = self.checks.annotated(repository, posted.check)
    return held.note(replace(posted, annotations=found, doubtful=False))


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


SILENT_ZOMBIES = Faults(freeze=0.02, freeze_longest=400.0, thaw_dies=1.0)
"""Reporters that freeze, go on without their claim and die before they can say so."""
LOST_ANSWERS = Faults(github_after=0.15, github_before=0.1, github_refused=0.1, unlisted=0.9)
"""A check run was made, nobody heard so, and the lists do not show it yet."""
MUTANTS = (
    Mutant(
        "shared-reports",
        "the exclusive claim on a report",
        ((turn, "take", take_anyway), (Claim, "report", report_whoever_holds)),
    ),
    Mutant("not-dirty", "the dirty mark", ((turn, "take", take_or_leave),)),
    Mutant(
        "no-look",
        "the look before a repeated POST",
        ((CheckRuns, "_resolve", believe_unmade),),
    ),
    Mutant("no-doubt", "the note before a POST", ((Claim, "note", never_doubt),)),
    Mutant(
        *("forgotten-doubt", "a doubt that outlasts"),
        ((Claim, "note", forget_doubts),),
        LOST_ANSWERS,
    ),
    Mutant("no-sweep", "the sweep", ((CheckRuns, "sweep", sweep_nothing),)),
    Mutant("no-warning", "the warning of a frozen writer", ((Claim, "warn", warn_if_held),)),
    Mutant("no-linger", "the last look", ((Report, "look", property(only_soon)),), SILENT_ZOMBIES),
    Mutant(
        "digest-kept",
        "sending once more after a doubt",
        ((CheckRuns, "_resolve", believe_the_digest),),
    ),
    Mutant(
        "annotations-again",
        "the count of annotations",
        ((CheckRuns, "_resolve", forget_annotations),),
    ),
    Mutant("no-less", "the bare verdict", ((check_runs, "smaller", never_smaller),)),
)
