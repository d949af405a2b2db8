"""Problems at places in the code, as a job's output and its reports name them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dishwasher.checks.matchers import Scanner
from dishwasher.checks.tools import TOOLS, Matcher
from dishwasher.core.findings import Finding
from dishwasher.core.result import FINDINGS_KEPT
from dishwasher.errors import UserError
from dishwasher.runner import files


class Findings:
    """What the job's matchers have found in its output, once they are `ready`."""

    def __init__(self) -> None:
        self._scanner: Scanner | None = None
        self.kept: list[Finding] = []
        self.total = 0

    def ready(self, annotate: tuple[str, ...], checkout: Path, say: Callable[[str], None]) -> None:
        """`annotate` as `JobSpec` has it; raises UserError for a file that can not be used.

        `say` hears of a matcher that is switched off.
        """
        known = tuple(name for name in annotate if name in TOOLS)
        brought = [name for name in annotate if name not in TOOLS]
        own = tuple(matcher for path in brought for matcher in _brought(path, checkout))
        if annotate:
            self._scanner = Scanner(known, checkout, own, say)

    def feed(self, lines: bytes) -> None:
        """Whole lines, however many."""
        if self._scanner is not None:
            for finding in self._scanner.scan(lines):
                self.add(finding)

    def add(self, finding: Finding) -> None:
        self.total += 1
        if len(self.kept) < FINDINGS_KEPT:
            self.kept.append(finding)

    def report(self, found: tuple[Finding, ...]) -> None:
        """Of a test report: it names its tests, so the output's word of the same is given up."""
        told = {_same(finding) for finding in found}
        output = self.kept
        self.kept = [finding for finding in output if _same(finding) not in told]
        self.total -= len(output) - len(self.kept)
        for finding in found:
            self.add(finding)

    def __bool__(self) -> bool:
        return self._scanner is not None


def _brought(path: str, checkout: Path) -> tuple[Matcher, ...]:
    """The problem matchers of a file in the repository, which is text and nothing else."""
    # Imported late: few bring their own, and a runner must start fast.
    from dishwasher.checks import problem_matcher

    wanted = "/".join(files.inside(path))
    place = dict(files.found(checkout, wanted)).get(wanted)
    if place is None:
        raise UserError(f"The problem matcher file {path} is not in the repository.")
    try:
        return problem_matcher.read(files.content(Path(place), problem_matcher.SIZE + 1))
    except UserError as error:
        raise UserError(f"The problem matcher file {path} can not be used: {error}.") from error
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"The problem matcher file {path} can not be read: {why}.") from error


def _same(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.start_line, finding.message
