"""`dishwasher logs`: what a job has printed, or all jobs of a build, also while they run."""

from __future__ import annotations

import argparse
import re
import sys
import time
from typing import TYPE_CHECKING

from dishwasher.checks import ansi
from dishwasher.cli import ledger, reference
from dishwasher.cli.terminal import Paint, clean, paint, show

if TYPE_CHECKING:
    from dishwasher.cli.ledger import Ledger
    from dishwasher.core.job import Job

LOOK = 0.2
"""Seconds between two looks at a job that runs."""
BLOCK = 256 * 1024
"""Bytes of a log that are read at once."""
LONGEST = 64 * 1024
"""Bytes of a line; a longer one is shown in several."""
COLOUR = re.compile(r"(\x1b\[[0-9;:]*m)")
"""The one kind of sequence that a log may send to this terminal: ECMA-48, SGR."""
RESET = "\x1b[0m"
OK, FAILED = 0, 1


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "logs",
        help="what a build or a job has printed",
        description="Show the log of a job, or of all jobs of a build one after another.",
        epilog=f"A build or job is named by {reference.HELP}.",
    )
    parser.add_argument("what", metavar="BUILD|JOB", help="such as 3f2a9c41 or 3f2a9c41-0")
    parser.add_argument("--job", default="", metavar="NAME", help="the build's job of this name")
    parser.add_argument(
        "--follow", "-f", action="store_true", help="until it has ended; exit code 1 if it failed"
    )
    parser.add_argument("--raw", action="store_true", help="the bytes as they are, nothing else")
    ledger.add(parser)
    parser.set_defaults(call=logs)


def logs(options: argparse.Namespace) -> int:
    """0; with --follow 1 where a job did not pass."""
    with ledger.opened(options) as opened:
        meant = reference.find(opened, options.what, options.job)
        jobs = [meant.job] if meant.job else opened.jobs(meant.build)
        if options.follow:
            return _follow(opened, jobs, raw=options.raw)
        for job in jobs:
            _Output(opened, job, raw=options.raw, heading=len(jobs) > 1).all()
    return OK


def follow_build(opened: Ledger, build: str) -> int:
    """Show a build until it has ended; 1 where it failed."""
    from dishwasher.core.build import Build

    found = opened.store.get(Build, build)
    return _follow(opened, opened.jobs(found)) if found else OK


def _follow(opened: Ledger, jobs: list[Job], *, raw: bool = False) -> int:
    """One job after another as they begin: of those that run beside it nothing is lost."""
    from dishwasher.core.job import Job

    several, left, ended = len(jobs) > 1, {job.id for job in jobs}, list[Job]()
    while left:
        now = [job for id in left if (job := opened.store.get(Job, id)) is not None]
        begun = [job for job in now if job.is_over or job.started]
        if not now:
            break
        if not begun:
            time.sleep(LOOK)
            continue
        job = min(begun, key=lambda job: (job.started or job.ended, job.position))
        ended.append(_Output(opened, job, raw=raw, heading=several).follow())
        left.remove(job.id)
    if several and not raw:
        show(_summary(ended))
    return OK if all(map(_passed, ended)) else FAILED


def _passed(job: Job) -> bool:
    from dishwasher.core.job import Conclusion

    return job.conclusion in (Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.SKIPPED)


def _summary(ended: list[Job]) -> list[str]:
    failed = sorted(job.spec.name for job in ended if not _passed(job))
    shown = paint()
    if not failed:
        return [shown("good", "All passed.")]
    return [shown("error", f"Not passed: {', '.join(map(clean, failed))}.")]


class _Output:
    """Writes the log of one job, each of its attempts from the beginning."""

    def __init__(self, opened: Ledger, job: Job, *, raw: bool, heading: bool) -> None:
        self._ledger, self._job, self._raw = opened, job, raw
        self._paint: Paint = paint()
        self._at = 0
        self._rest = b""
        if heading and not raw:
            show([self._paint("bold", f"== {clean(job.spec.name)}")])

    def all(self) -> None:
        """What there is now."""
        while self._more():
            pass
        self._end()

    def follow(self) -> Job:
        """Until it has ended; answers how it did."""
        from dishwasher.core.job import Job

        while True:
            # Read before the log: what comes after the end of a job is nothing.
            now = self._ledger.store.get(Job, self._job.id)
            if now is None:
                break
            if now.attempt != self._job.attempt:
                self._again(now)
            self._job = now
            while self._more():
                pass
            if now.is_over:
                break
            time.sleep(LOOK)
        self._end()
        return self._job

    def _again(self, now: Job) -> None:
        self._flush()
        if self._at and not self._raw:
            show([self._paint("warning", f"The runner was lost; attempt {now.attempt} begins.")])
        self._at = 0

    def _more(self) -> bool:
        """Write what was appended, at most BLOCK of it; False where there is nothing more."""
        from dishwasher.core.result import log_key

        key = log_key(self._job.attempt_id)
        data = self._ledger.blobs.get(key, self._at, self._at + BLOCK)
        if not data:
            return False
        self._at += len(data)
        if self._raw:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            lines, self._rest = [*lines, self._rest], b""
        show(_shown(line, self._paint) for line in lines)
        sys.stdout.flush()
        return True

    def _flush(self) -> None:
        if self._rest:
            show([_shown(self._rest, self._paint)])
            self._rest = b""

    def _end(self) -> None:
        self._flush()
        if not self._raw:
            show([*_verdict(self._job, self._paint, empty=not self._at), ""])


def _verdict(job: Job, shown: Paint, *, empty: bool) -> list[str]:
    from dishwasher.core.rendering import verdict

    if job.reason is None:
        return [shown("faint", f"{clean(job.spec.name)} is {job.state}")] if empty else []
    style, name = "good" if _passed(job) else "error", clean(job.spec.name)
    how, why = verdict(job, job.reason), clean(job.detail)
    if why.startswith(how):
        return [f"{shown(style, name)}: {why}"]
    return [shown(style, f"{name}: {how}") + (f": {why}" if why else "")]


def _shown(line: bytes, shown: Paint) -> str:
    """A line as it ended up on the screen of the job, with its colours where they are wanted."""
    text = line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
    if not shown.colours:
        return clean(ansi.strip(text).expandtabs(8))
    parts = COLOUR.split(text)
    parts[::2] = [clean(ansi.strip(part).expandtabs(8)) for part in parts[::2]]
    if len(parts) > 1:
        return "".join((*parts, RESET))
    return shown("bold", parts[0]) if parts[0].startswith("$ ") else parts[0]
