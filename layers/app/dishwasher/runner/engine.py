"""Runs one ticket: checkout, then its phases or a built-in check, then artifacts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.core import network
from dishwasher.core.config import Uses
from dishwasher.core.environment import is_single_use
from dishwasher.core.findings import Finding
from dishwasher.core.job import Reason
from dishwasher.core.result import FINDINGS_KEPT, Artifact, PhaseResult, Result
from dishwasher.core.sandbox import Level, refusal
from dishwasher.core.ticket import PROTOCOL, Ticket
from dishwasher.runner import artifacts, origin, spelling
from dishwasher.runner.build import Build
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.environment import Workspace, base_environment, job_environment
from dishwasher.runner.heartbeat import Heartbeat
from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.mask import Mask
from dishwasher.runner.place import Here
from dishwasher.runner.sandbox.limits import for_any
from dishwasher.runner.shipper import Shipper
from dishwasher.runner.sink import Sink
from dishwasher.runner.stages import Stages
from dishwasher.runner.stop import Stop
from dishwasher.runner.verdict import Judge, Verdict

if TYPE_CHECKING:
    from dishwasher.runner.cache import Caches
    from dishwasher.runner.sandbox.probe import Isolation

TOO_SHORT = "The secret {name} is too short to be masked: it would hide every such word."


class Engine:
    """One attempt, once."""

    def __init__(
        self,
        ticket: Ticket,
        sink: Sink,
        workspace: Workspace,
        host: Mapping[str, str],
        stop: Stop,
        *,
        grace: Grace | None = None,
        sleep: Callable[[float], None] = time.sleep,
        objects: tuple[Path, ...] = (),
        isolation: Isolation | None = None,
    ) -> None:
        """`objects`: folders of git objects on this machine that hold the commit already.

        `isolation`: of the sandbox that the job's commands run in; None for none.
        """
        limits = ticket.limits
        self._objects = objects
        self._ticket, self._sink, self._workspace = ticket, sink, workspace
        self._host, self._stop, self._sleep = host, stop, sleep
        seconds = min(limits.job_seconds, ticket.spec.timeout or limits.job_seconds)
        self._deadline = time.monotonic() + seconds
        self._isolation = isolation
        place = Here(for_any(limits))
        self._commands = Commands(stop, self._deadline, grace or Grace(), place)
        self._judge = Judge(stop, seconds)
        self._mask = Mask(ticket.secrets)
        self._log = Log(workspace.root, limits.log_bytes, self._mask)
        self._heartbeat = Heartbeat(sink, stop, limits.beat_seconds)
        self._journal = Journal(lambda: self._log.size, self._heartbeat.nudge, self._mask.text)
        self._stages = Stages(self._judge, self._journal, self._log)
        self._shipper = Shipper(self._log, sink, stop)
        self._findings: list[Finding] = []
        self._findings_total = 0
        self._artifacts: tuple[Artifact, ...] = ()
        self._build: Build | None = None
        self._notes = [TOO_SHORT.format(name=name) for name in self._mask.too_short]
        self._has_base = True
        self._caches: Caches | None = None

    def hurry(self) -> None:
        """Ask for orders at once: somebody has some."""
        self._heartbeat.nudge()

    def run(self) -> Result:
        """Raises Fenced or LeaseOver when the server has given this attempt up."""
        self._heartbeat.start(self._journal)
        self._shipper.start()
        try:
            verdict = self._verdict()
            self._end_commands()
            if verdict.reason is not Reason.CANCELLED:
                verdict = self._keep_artifacts(verdict)
            if verdict.fine and self._caches is not None and self._caches.unstored:
                self._stages.run("save caches", self._store_caches)
        finally:
            self._commands.end()
            self._commands.leave_place()
            self._workspace.make_room()
            missing = self._shipper.finish()
        self._judge.leave_quietly()
        if missing:
            self._notes.append(f"{missing} bytes of the log could not be stored.")
        return self._result(verdict)

    @property
    def _level(self) -> Level:
        return self._isolation.level if self._isolation else Level.PLAIN

    @property
    def _is_single_use(self) -> bool:
        return is_single_use(self._host)

    @property
    def phases(self) -> tuple[PhaseResult, ...]:
        """How far it is; any thread may ask."""
        return self._journal.phases

    def close(self) -> None:
        self._heartbeat.end()
        self._log.discard()

    def _result(self, verdict: Verdict) -> Result:
        build = self._build
        result = Result(
            reason=verdict.reason,
            detail=verdict.detail,
            phases=self._journal.phases,
            findings=tuple(build.findings.kept if build else self._findings),
            findings_total=build.findings.total if build else self._findings_total,
            artifacts=self._artifacts,
            tail=build.tail if build else (),
            log_bytes=self._log.size,
            notes=tuple(self._notes),
            tests=build.outputs.tests if build else None,
            sandbox=self._level if build else "",
            exported=build.outputs.exported if build else (),
            exhausted=None if verdict.fine else verdict.exhausted,
        )
        return self._mask.value(result)

    def _verdict(self) -> Verdict:
        if self._ticket.protocol != PROTOCOL:
            detail = f"This runner speaks protocol {PROTOCOL}, the ticket {self._ticket.protocol}."
            return Verdict(Reason.INFRA, detail)
        lacks = self._isolation.lacks if self._isolation else ()
        refused = refusal(
            self._ticket.trusted, self._level, lacks, single_use=self._is_single_use
        ) or self._network_refusal(lacks)
        if refused:
            self._log.say(refused)
            return Verdict(Reason.REFUSED, refused)
        verdict = self._stages.run("checkout", self._check_out)
        if not verdict.fine:
            return verdict
        # Nothing of the user's may run before the server knows that it may have.
        self._sink.started(self._ticket.source.token)
        if self._ticket.spec.uses is Uses.SPELLING:
            return self._stages.run("spelling", self._spell)
        if self._ticket.spec.caches:
            self._stages.run("restore caches", self._restore_caches)
        self._build = Build(
            *(self._ticket, self._host, self._workspace, self._commands),
            *(self._stages, self._notes, self._isolation, self._objects),
            sink=self._sink,
        )
        self._commands.watch_disk(self._ticket.limits.disk_bytes, self._workspace.root)
        return self._build.run()

    def _network_refusal(self, lacks: tuple[str, ...]) -> str:
        """Why the job may not have the network that it would have; empty when it may."""
        wanted = network.network(self._ticket.spec, self._ticket.trusted)
        given = network.granted(wanted, self._level, single_use=self._is_single_use)
        refused = network.refusal(given, self._level, lacks)
        if refused and self._isolation is None:
            # Who runs files of their own without walls has asked for none.
            self._notes.append(network.UNKEPT)
            return ""
        return refused

    def _check_out(self) -> Verdict:
        source = self._ticket.source
        if self._ticket.spec.uses is Uses.RUN:
            # Only a comparison needs the base commit; steps would wait for it in vain.
            source = replace(source, base_sha="")
        self._workspace.make()
        where = source.url or "this machine"
        self._log.say(f"Checking out {source.sha} of {where}")
        environment = base_environment(self._host, self._workspace)
        checkout = origin.checkout(
            *(self._ticket, self._commands, self._workspace.checkout, environment, self._sleep),
            host=self._host,
            objects=self._objects,
            say=self._log.say,
        )
        try:
            note = checkout.run(source, self._ticket.spec.history)
        finally:
            # A git that failed may leave a helper of its own, which is not the steps' doing.
            self._commands.end()
        if note:
            self._notes.append(note)
        self._has_base = not note
        return Verdict(Reason.OK)

    def _restore_caches(self) -> Verdict:
        # Imported late: most jobs have none, and a runner must start fast.
        from dishwasher.runner.cache import Caches

        words = (self._ticket, self._sink, self._workspace, self._stop)
        self._caches = Caches(*words, self._log.say, self._notes.append)
        environment = job_environment(self._ticket, self._host, self._workspace)
        # Keys are stored and shown; a variable can hold a secret that another one has the name of.
        shown = {name: text for name, text in environment.items() if self._mask.passes(text)}
        self._caches.restore(shown)
        return Verdict(Reason.OK)

    def _store_caches(self) -> Verdict:
        if self._caches is not None:
            self._caches.store()
        return Verdict(Reason.OK)

    def _spell(self) -> Verdict:
        source = self._ticket.source
        if not self._has_base:
            detail = "The commit to compare with is gone, so nothing counts as added."
            return Verdict(Reason.OK, detail)
        environment = job_environment(self._ticket, self._host, self._workspace)
        report = spelling.check_until(
            self._stop,
            self._deadline,
            lambda: spelling.check(
                *(self._workspace.checkout, source.base_sha, source.sha, environment),
                self._ticket.spec.spelling,
            ),
        )
        self._findings = list(report.findings[:FINDINGS_KEPT])
        self._findings_total = report.total
        for finding in self._findings:
            place = f"{finding.path}:{finding.start_line}"
            self._log.line(f"{place}: {finding.message}")
        if not report.total:
            return Verdict(Reason.OK, "No misspellings on the added lines.")
        words = report.total - report.brands
        said = [
            *([_count(report.brands, "name") + " in a wrong spelling"] if report.brands else []),
            *([_count(words, "possible misspelling")] if words else []),
        ]
        fails = report.brands or self._ticket.spec.spelling.fail
        reason = Reason.FAILED if fails else Reason.ADVISORY
        return Verdict(reason, f"{' and '.join(said)} on added lines")

    def _end_commands(self) -> None:
        ended, resist = self._commands.end()
        self._commands.leave_place()
        if ended:
            self._notes.append(f"The steps left {_count(ended, 'process')} behind; ended.")
        if resist:
            # A process that lives could put links where the runner is about to read.
            self._caches = None
            self._notes.append(f"{_count(resist, 'process')} could not be ended.")

    def _keep_artifacts(self, verdict: Verdict) -> Verdict:
        """A job that was fine but whose files are lost was not fine."""
        found = artifacts.Collection(self._ticket.limits)
        found.add_folder(self._workspace.artifacts)
        found.add_folder(self._workspace.reports, "reports/")
        self._mask.files(self._workspace.left)
        found.add_folder(self._workspace.left)
        if self._build:
            begun = {phase.name for phase in self._journal.phases}
            self._build.outputs.collect(found, verdict, begun)
        self._notes.extend(found.notes)
        kept = tuple(one for one in found.files if self._mask.passes(one.artifact.path))
        if len(kept) < len(found.files):
            left = _count(len(found.files) - len(kept), "file")
            self._notes.append(f"{left} with a secret in the name: left out of the artifacts.")
        if not kept:
            return verdict

        def work() -> Verdict:
            artifacts.send(self._sink, kept)
            self._artifacts = tuple(one.artifact for one in kept)
            return Verdict(Reason.OK)

        sent = self._stages.run("artifacts", work)
        if sent.fine:
            return verdict
        if verdict.fine:
            return replace(sent, detail=f"The artifacts could not be stored: {sent.detail}")
        self._notes.append(f"The artifacts could not be stored: {sent.detail}")
        return verdict


def _count(number: int, thing: str) -> str:
    plural = f"{thing}es" if thing.endswith("s") else f"{thing}s"
    return f"{number} {thing if number == 1 else plural}"
