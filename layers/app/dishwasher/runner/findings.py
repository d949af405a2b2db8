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

    def feed(self, line: str) -> None:
        finding = self._scanner.feed(line) if self._scanner else None
        if finding is not None:
            self.add(finding)

    def add(self, finding: Finding) -> None:
        self.total += 1
        if len(self.kept) < FINDINGS_KEPT:
            self.kept.append(finding)

    def __bool__(self) -> bool:
        return self._scanner is not None
