"""Jobs of a plan carried out on this machine, one after the other, by the runner's own engine."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dishwasher.cli.local_caches import LocalCaches
from dishwasher.cli.local_sink import LocalSink
from dishwasher.cli.snapshot import Snapshot
from dishwasher.cli.transcript import View
from dishwasher.core import provenance
from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec
from dishwasher.core.event import Event
from dishwasher.core.job import CONCLUSION, MEETS_A_NEED, Conclusion, Job, Reason, State
from dishwasher.core.result import PhaseResult, Result
from dishwasher.core.ticket import PROTOCOL, Limits, Source, Ticket
from dishwasher.core.unsupported import not_carried_out
from dishwasher.runner import orphans
from dishwasher.runner.engine import Engine
from dishwasher.runner.environment import Workspace
from dishwasher.runner.removal import clear, remove
from dishwasher.runner.sandbox.probe import Isolation
from dishwasher.runner.stop import Cause, Stop


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that was run, or was not because of what it needs."""

    spec: JobSpec
    reason: Reason
    detail: str
    seconds: float = 0.0
    result: Result = field(default_factory=lambda: Result(Reason.OK, ""))

    @property
    def conclusion(self) -> Conclusion:
        return CONCLUSION[self.reason]

    @property
    def is_fine(self) -> bool:
        return self.reason in MEETS_A_NEED


@dataclass(frozen=True, slots=True)
class LocalRun:
    """What all jobs of one run share."""

    event: Event
    snapshot: Snapshot
    base_sha: str
    config_path: str
    environment: tuple[tuple[str, str], ...]
    """Variables that the user passes on."""
    artifacts: Path | None
    """Folder to keep artifacts in, one folder a job; None to keep none."""
    stop: Stop
    caches: LocalCaches | None = None
    """None to keep none."""
    isolation: Isolation | None = None
    """Of the walls around the jobs; None for none."""
    limits: Limits = field(default_factory=Limits)

    def run(self, spec: JobSpec, view: View, before: Mapping[str, Ended]) -> Ended:
        """Run the job, unless one that it needs has failed."""
        unmet = [name for name in spec.needs if name in before and not before[name].is_fine]
        if unmet:
            return Ended(spec, Reason.NEED_FAILED, f"Not started, because of {', '.join(unmet)}.")
        if self.stop.cause is not None:
            return Ended(spec, Reason.CANCELLED, "Not started: the run was cancelled.")
        absent = [name for name in _secrets(spec) if name not in os.environ]
        if absent:
            what = f"needs {', '.join(absent)}, which this shell does not have: export it first."
            return Ended(spec, Reason.REFUSED, f"{spec.name} {what}")
        lacks = not_carried_out(spec)
        if lacks:
            return Ended(spec, Reason.REFUSED, " ".join(lack.sentence for lack in lacks))
        began = time.monotonic()
        result = self._engine(spec, view)
        reason = result.reason
        if spec.allow_failure and reason in (Reason.FAILED, Reason.TIMED_OUT):
            reason = Reason.ADVISORY
        return Ended(spec, reason, result.detail, time.monotonic() - began, result)

    def _engine(self, spec: JobSpec, view: View) -> Result:
        folder = Path(tempfile.mkdtemp(prefix="dishwasher-run-"))
        ticket = self._ticket(spec)
        kept = self.artifacts / _folder(spec.name) if self.artifacts else None
        if kept is not None:
            # Of an earlier run; what is there now must be of this one.
            clear(kept)
        orphans.adopt()
        try:
            started: list[Engine] = []

            def phases() -> tuple[PhaseResult, ...]:
                return started[0].phases if started else ()

            sink = LocalSink(ticket, view, kept, phases, self.caches)
            workspace, host = Workspace(folder), dict(os.environ)
            objects, isolation = self.snapshot.objects, self.isolation
            engine = Engine(
                ticket, sink, workspace, host, self.stop, objects=objects, isolation=isolation
            )
            started.append(engine)
            try:
                result = engine.run()
                sink.result(result)
            finally:
                engine.close()
            return result
        finally:
            orphans.adopt(False)
            remove(folder)

    def _ticket(self, spec: JobSpec) -> Ticket:
        now = time.time()
        job = Job(f"local-{_folder(spec.name)}", "local", 0, spec, (), State.RUNNING, attempt=1)
        request = self.event.pull_request
        build = Build(
            *("local", self.event, self.base_sha, self.config_path, now, (job.id,)),
            pull_request=request.number if request else 0,
        )
        facts = provenance.facts(build, job, page="", repository_url="", now=now)
        return Ticket(
            protocol=PROTOCOL,
            job=job.id,
            attempt=1,
            spec=spec,
            source=Source("", self.snapshot.sha, self.base_sha),
            environment=(
                *self.event.inputs,
                ("DISHWASHER_JOB", spec.name),
                ("DISHWASHER_BRANCH", self.event.branch),
                ("DISHWASHER_TAG", self.event.tag),
                ("DISHWASHER_SHA", self.snapshot.sha),
                *self.environment,
            ),
            limits=self.limits,
            secrets=tuple((name, os.environ[name]) for name in _secrets(spec)),
            facts=facts,
        )


def _folder(name: str) -> str:
    """A job's name as the name of a folder."""
    plain = "".join(one if one.isalnum() or one in "-_. " else "-" for one in name)
    return plain.strip(". ") or "-"


def _secrets(spec: JobSpec) -> list[str]:
    """Variables whose values come from the shell here, whatever store holds them elsewhere."""
    return [secret.variable for secret in spec.secrets]


def in_order(specs: Iterable[JobSpec]) -> list[JobSpec]:
    """What is needed comes before what needs it, in file order otherwise."""
    waiting = list(specs)
    names = {spec.name for spec in waiting}
    placed: list[JobSpec] = []
    done: set[str] = set()
    while waiting:
        ready = next(spec for spec in waiting if names.intersection(spec.needs) <= done)
        waiting.remove(ready)
        placed.append(ready)
        done.add(ready.name)
    return placed


def cancel(stop: Stop) -> None:
    """The first time the steps may clean up; the second time they are killed."""
    stop.request(Cause.CANCELLED if stop.cause is None else Cause.FENCED)
