"""What a job hands on besides its artifact folder: named files, reports, exported variables."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import replace

from dishwasher.core.config import JobSpec
from dishwasher.core.outcome import TestSummary, together
from dishwasher.core.outputs import REPORTS_FOLDER, ArtifactSet
from dishwasher.runner.artifacts import Collection
from dishwasher.runner.environment import Workspace
from dishwasher.runner.findings import Findings
from dishwasher.runner.mask import Mask
from dishwasher.runner.shell import Interpreter
from dishwasher.runner.verdict import Verdict

EXPORTED = 16 * 1024
"""Characters of one exported value; a longer one is data, and belongs among the artifacts."""
_NAME = re.compile(r"[A-Za-z_]\w*", re.A)


class Outputs:
    """`ask` while the job's shell is there, `collect` when all commands have ended."""

    def __init__(
        self,
        spec: JobSpec,
        workspace: Workspace,
        notes: list[str],
        findings: Findings,
        mask: Mask,
    ) -> None:
        self._spec, self._workspace, self._mask = spec, workspace, mask
        self._notes, self._findings = notes, findings
        self._sets = spec.artifacts
        self.tests: TestSummary | None = None
        self.counts: Mapping[str, TestSummary] = {}
        """What steps have told of their tests, for a job without a report."""
        self.exported: tuple[tuple[str, str], ...] = ()

    def ask(self, interpreter: Interpreter) -> None:
        """What only the shell knows, before it is gone."""
        self._export(interpreter)
        self._sets = tuple(self._evaluated(interpreter, wanted) for wanted in self._spec.artifacts)

    def collect(self, found: Collection, verdict: Verdict, begun: Container[str]) -> None:
        """The files that the configuration names; `begun`: names of the phases that have."""
        for wanted in self._sets:
            if not (verdict.fine or wanted.always):
                found.leave_out(wanted, "kept only when the job succeeds")
            elif wanted.after and wanted.after not in begun:
                found.leave_out(wanted, f"the job did not come to {wanted.after}")
            else:
                found.add_set(self._workspace.checkout, self._workspace.home, wanted)
        self._read_reports()
        if self.tests is None:
            self.tests = together(self.counts.values())
        for report in self._spec.reports:
            if report.base == REPORTS_FOLDER:
                continue
            name = f"reports/{report.name}".rstrip("/")
            wanted = ArtifactSet(report.files, name=name, base=report.base)
            found.add_set(self._workspace.checkout, self._workspace.home, wanted)

    def _read_reports(self) -> None:
        if not self._spec.reports:
            return
        # Imported late: most jobs write none, and a runner must start fast.
        from dishwasher.runner import reports

        folders = self._workspace.checkout, self._workspace.reports
        found = reports.read(self._spec.reports, *folders, self._spec.directory, self._mask)
        self.tests = found.tests
        self._notes.extend(found.notes)
        self._findings.report(found.findings)

    def _evaluated(self, interpreter: Interpreter, wanted: ArtifactSet) -> ArtifactSet:
        if not wanted.evaluated:
            return wanted
        name = interpreter.evaluate(wanted.name) if "$" in wanted.name else wanted.name
        base = interpreter.evaluate(wanted.base) if "$" in wanted.base else wanted.base
        return replace(wanted, name=name, base=base)

    def _export(self, interpreter: Interpreter) -> None:
        names = [name for name in self._spec.exported if _NAME.fullmatch(name)]
        if not names:
            return
        values = interpreter.values(names)
        self.exported = tuple(pair for pair in values if len(pair[1]) <= EXPORTED)
        known = dict(self.exported)
        for name in names:
            if name not in known:
                why = "is too long" if name in dict(values) else "is not set"
                self._notes.append(f"The exported variable {name} {why} and is left out.")
