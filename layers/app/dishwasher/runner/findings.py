"""Problems at places in the code, as a job's output and its reports name them."""

from __future__ import annotations

from pathlib import Path

from dishwasher.checks.matchers import Scanner
from dishwasher.core.findings import Finding
from dishwasher.core.result import FINDINGS_KEPT


class Findings:
    """What the job's matchers have found in its output."""

    def __init__(self, names: tuple[str, ...], checkout: Path) -> None:
        self._scanner = Scanner(names, checkout) if names else None
        self.kept: list[Finding] = []
        self.total = 0

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


def _same(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.start_line, finding.message
