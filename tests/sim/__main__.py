"""`python -m tests.sim --seeds N [--first K] [--trace SEED] [--mutant NAME] [--mutants]`"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.sim import mutants, sometimes
from tests.sim.many import played
from tests.sim.story import Outcome
from tests.sim.without.patch import Fate, Mutant

SHOWN = 400
"""Lines of a trace that are shown of a failing seed: the end is what matters."""
EVERY = 25


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    mutant = mutants.BY_NAME[options.mutant] if options.mutant else None
    if options.mutants:
        chosen = (mutant,) if mutant else mutants.ALL
        return _mutants(chosen, options.first, options.seeds, options.jobs)
    if options.trace is not None:
        outcome = mutants.played(mutant, options.trace, traced=True)
        print(*outcome.trace, sep="\n")
        if outcome.violations:
            _show(outcome, options.mutant)
        else:
            print(f"seed {outcome.seed} breaks no law")
        return 1 if outcome.violations else 0
    return _seeds(range(options.first, options.first + options.seeds), options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--trace", type=int, metavar="SEED", help="one seed, all that happens")
    parser.add_argument("--mutant", choices=sorted(mutants.BY_NAME), help="without a protection")
    parser.add_argument("--mutants", action="store_true", help="kill every mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


def _seeds(seeds: range, options: argparse.Namespace) -> int:
    begun, failed = time.monotonic(), 0
    seen: Counter[str] = Counter()
    for done, outcome in enumerate(played(seeds, options.mutant, options.jobs), 1):
        seen.update(outcome.seen.keys())
        if outcome.violations:
            failed += 1
            if failed == 1:
                _explain(outcome, options.mutant)
            else:
                _show(outcome, options.mutant)
        if done % EVERY == 0 and done < len(seeds):
            print(f"{done} seeds", flush=True)
    seconds = time.monotonic() - begun
    print("in how many of these worlds it happened that")
    for what, count in sorted(seen.items(), key=lambda item: -item[1]):
        print(f"  {count:5}  {what}")
    kind = sometimes.missing(seen) if len(seeds) >= sometimes.ENOUGH else []
    for what in kind:
        print(f"  never that {what}: the worlds are too kind")
    rate = len(seeds) / seconds
    print(f"{len(seeds)} seeds, {failed} violations ({seconds:.1f} s, {rate:.1f} seeds/s)")
    return 1 if failed or kind else 0


def _mutants(chosen: Sequence[Mutant], first: int, seeds: int, jobs: int) -> int:
    """Each mutant with the first seed that shows it, by the law that it names itself."""
    escaped = 0
    for mutant in chosen:
        for outcome in played(range(first, first + seeds), mutant.name, jobs):
            if outcome.violations:
                fate, why = mutant.fate(outcome.violations)
                break
        else:
            fate, why = Fate.SURVIVED, mutant.without
            outcome = None
        escaped += fate is not Fate.KILLED
        seed = f"seed {outcome.seed}" if outcome else f"{seeds} seeds"
        print(f"{fate:<9} {mutant.name:<20} {seed:<9} {why}", flush=True)
    print(f"{len(chosen)} mutants, {escaped} of them not killed by the law that they break")
    return 1 if escaped else 0


def _explain(outcome: Outcome, mutant: str | None) -> None:
    """The first failing seed again, this time with its trace."""
    careless = mutants.BY_NAME[mutant] if mutant else None
    again = mutants.played(careless, outcome.seed, traced=True)
    print(*again.trace[-SHOWN:], sep="\n")
    _show(again, mutant)
    if again.violations != outcome.violations:
        print("  NOT REPRODUCED: the second run of this seed took another way")


def _show(outcome: Outcome, mutant: str | None) -> None:
    print(f"seed {outcome.seed} violates")
    for violation in outcome.violations:
        print(f"  {violation}")
    option = f" --mutant {mutant}" if mutant else ""
    print(f"  again: python -m tests.sim --trace {outcome.seed}{option}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
