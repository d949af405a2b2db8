"""The one comment on a pull request: what fails at its newest commit, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dishwasher.core.command import HELP, WHO
from dishwasher.core.config import Kind, Uses
from dishwasher.core.job import MEETS_A_NEED, Job, Reason
from dishwasher.core.link import artifact_url, bundle_url, link, log_url
from dishwasher.core.markdown import fenced, folded, inert, sections
from dishwasher.core.moment import stamp
from dishwasher.core.outcome import TestCase
from dishwasher.core.pull import Pull
from dishwasher.core.rendering import RIGHT_HERE, duration, size, verdict
from dishwasher.core.result import Result

MARKER = "<!-- dishwasher: what fails -->"
"""The last line of ours: with the author it tells our comment from all others."""
MAX_BYTES = 60_000
"""Of a comment; GitHub takes 65,536 characters.

https://github.com/peter-evans/create-issue-from-file/issues/1049
"""
HEADLINE = 100
"""Characters that an e-mail's list or a phone shows."""
ROWS, FOLDED = 10, 20
"""Rows of one job that are seen at once, and after a click; the job's page has all."""
TAIL = 10
LINKED = 3
"""Artifacts that are linked one by one."""
WAIT = 60.0
"""Seconds from a failure until it is told while others still run: who is told of each failure
in a comment of its own soon reads none."""
ACT = frozenset(
    {
        *(Reason.FAILED, Reason.TIMED_OUT, Reason.CONFIG, Reason.LOST, Reason.INFRA),
        *(Reason.REFUSED, Reason.AWAITING_APPROVAL, Reason.UNKNOWN_EFFECT),
    }
)
"""Ends after which somebody has to do something."""
OURS = frozenset({Reason.LOST, Reason.INFRA})
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


@dataclass(frozen=True, slots=True)
class Shown:
    """The latest job of a name, with what is known of it."""

    job: Job
    page: str
    result: Result | None = None
    base: frozenset[str] | None = None
    """Tests that fail on the base branch as well; None where this job does not fail there."""

    @property
    def failing(self) -> tuple[TestCase, ...]:
        return self.result.tests.failing if self.result and self.result.tests else ()

    @property
    def is_new(self) -> bool:
        return self.base is None or any(case.title not in self.base for case in self.failing)


def latest(jobs: Iterable[tuple[float, Job]]) -> tuple[Job, ...]:
    """Of each name the job of the newest build, in file order; the times are of the builds.

    What has no check run of its own is told where it has one.
    """
    found: dict[str, Job] = {}
    for _, job in sorted(jobs, key=lambda one: (one[0], one[1].id)):
        if not job.silent:
            found[job.spec.name] = job
    return tuple(sorted(found.values(), key=lambda job: (job.position, job.spec.name)))


def acts(jobs: Iterable[Job]) -> bool:
    """Whether there is something to act on."""
    return any(job.reason in ACT for job in jobs)


def ready_at(jobs: Sequence[Job]) -> float:
    """From when on a first comment is written; 0 for now: nothing more is waited for."""
    if all(job.is_over for job in jobs if job.spec.kind is Kind.CHECK):
        return 0.0
    return min(job.ended for job in jobs if job.reason in ACT) + WAIT


def compose(
    shown: Sequence[Shown],
    sha: str,
    base: str,
    pull: Pull | None = None,
    pending: Sequence[str] = (),
) -> str:
    """What the comment is to say of the commit; `base` names the branch to merge into.

    `pull` is what somebody has asked for in a command, `pending` what somebody may decide: it goes
    along, and is no reason to speak.
    """
    asked = _asked(pull) if pull else []
    failing = [one for one in shown if one.job.reason in ACT]
    runs = any(not one.job.is_over for one in shown)
    if not failing:
        said = _calm([one.job for one in shown], sha) if not runs else _busy(sha)
        return _ended([said, *asked])
    failing.sort(key=lambda one: (not one.is_new, one.job.reason in OURS))
    parts = [_headline(failing, len(shown), runs)]
    parts += [_job(one, base) for one in failing]
    waits = [" ".join(inert(one, 500) for one in pending)] if pending else []
    return _ended([*parts, *asked, *waits, _footer(shown, sha)])


def brief(body: str) -> str:
    """Less of it, where GitHub does not take it whole: the first line."""
    return f"{body.partition(chr(10))[0]}\n\n{MARKER}"


def _asked(pull: Pull) -> list[str]:
    """The answer to the last command, and which there are."""
    parts = [inert(pull.answer, 500)] if pull.answer else []
    if pull.helps:
        parts.append("\n".join([f"{WHO}\n", *(f"- {line}" for line in HELP)]))
    return parts


def _ended(parts: Sequence[str]) -> str:
    return f"{sections(parts, MAX_BYTES)}\n\n{MARKER}"


def _calm(jobs: Sequence[Job], sha: str) -> str:
    passed = sum(job.reason in MEETS_A_NEED for job in jobs)
    stopped = sum(job.reason not in (*MEETS_A_NEED, Reason.FILTERED) for job in jobs)
    word = f"{passed} check{'s' * (passed != 1)} passed"
    if stopped:
        return f"**Stopped** at {sha[:7]}: {word}, {stopped} did not run to the end."
    return f"**All clear** since {sha[:7]}: {word}."


def _busy(sha: str) -> str:
    return f"**Checking {sha[:7]}**: what failed before is not known to fail now."


def _headline(failing: Sequence[Shown], total: int, runs: bool) -> str:
    """The verdict, as what an e-mail shows of it: within HEADLINE characters."""
    count = len(failing)
    of = "" if runs else f" of {total}"
    allowed = all(one.job.reason is Reason.AWAITING_APPROVAL for one in failing)
    word = f"{'wait' if count > 1 else 'waits'} for approval" if allowed else "failed"
    said = f"{count}{of} check{'s' * (total != 1 if of else count != 1)} {word}"
    end = "; others still run" if runs else ""
    names, room = [], HEADLINE - len(said) - len(end) - len(": , …")
    for one in failing:
        name = one.job.spec.name
        room -= len(name) + 2
        if room < 0:
            names.append("…")
            break
        names.append(inert(name))
    return f"**{said}**: {', '.join(names)}{end}"


def _job(one: Shown, base: str) -> str:
    job, result = one.job, one.result
    name = inert(job.spec.name)
    rows = _tests(one, base) or _findings(result)
    parts = [f"#### {name}: {_what(one, base)}"]
    if job.detail and (job.reason is not Reason.FAILED or not rows):
        parts.append(inert(job.detail, 500))
    parts += rows
    if result and result.tail and not rows:
        parts.append(fenced(result.tail[-TAIL:], 200))
    parts += [_links(one), *_advice(job)]
    return "\n\n".join(parts)


def _what(one: Shown, base: str) -> str:
    tests = one.result.tests if one.result else None
    assert one.job.reason is not None
    if tests is not None and tests.failed:
        said = f"{tests.failed:,} of {tests.total:,} tests failed{_mended(one, base)}"
    else:
        said = verdict(one.job, one.job.reason).lower()
        if one.job.started:
            said += f", in {duration(one.job.ended - one.job.started)}"
    return f"{said} (on {inert(base)}, too)" if base and not one.is_new else said


def _mended(one: Shown, base: str) -> str:
    """What fails on the base branch and does not here, where all that fails here is named."""
    tests = one.result.tests if one.result else None
    if one.base is None or tests is None or tests.failed > len(one.failing):
        return ""
    count = len(one.base - {case.title for case in one.failing})
    does = "does" if count == 1 else "do"
    return f"; {count} that fail{'s' * (count == 1)} on {_named(base)} {does} not" if count else ""


def _named(base: str) -> str:
    return inert(base) if base else "the base branch"


def _tests(one: Shown, base: str) -> list[str]:
    known = one.base or frozenset()
    new = [case for case in one.failing if case.title not in known]
    old = [case for case in one.failing if case.title in known]
    tests = one.result.tests if one.result else None
    more = tests.failed - len(one.failing) if tests else 0
    parts = ["\n".join(map(_test, new[:ROWS]))] if new else []
    if rest := new[ROWS:]:
        parts.append(_folded(f"{len(rest) + more} more", [_test(case) for case in rest], more))
    elif more > 0 and one.failing:
        parts.append(f"and {more} more")
    if old:
        title = f"{len(old)} on {base or 'the base branch'}, too"
        parts.append(_folded(title, [_test(case) for case in old]))
    return parts


def _test(case: TestCase) -> str:
    place = f" ({inert(case.path, 100)}{f':{case.line}' if case.line else ''})" if case.path else ""
    message = f": {inert(case.message, 150)}" if case.message else ""
    return f"- **{inert(case.title, 120)}**{message}{place}"


def _findings(result: Result | None) -> list[str]:
    if result is None or not result.findings:
        return []
    rows = [
        f"- {inert(one.path, 100)}:{one.start_line} {inert(one.message, 150)}"
        for one in result.findings[: ROWS + FOLDED]
    ]
    rest = max(result.findings_total, len(result.findings)) - ROWS
    parts = ["\n".join(rows[:ROWS])]
    if rest > 0:
        parts.append(_folded(f"{rest:,} more", rows[ROWS:], rest - len(rows[ROWS:])))
    return parts


def _folded(title: str, rows: Sequence[str], more: int = 0) -> str:
    """Rows that are seen after a click."""
    left = max(0, len(rows) - FOLDED) + more
    kept = [*rows[:FOLDED], *([f"- and {left:,} more, on the job's page"] if left > 0 else [])]
    return folded(title, "\n".join(kept))


def _links(one: Shown) -> str:
    found = [link("Log", log_url(one.page, one.result))]
    kept = one.result.artifacts if one.result else ()
    for artifact in kept[:LINKED]:
        name = artifact.path.rpartition("/")[2]
        found.append(f"{link(name, artifact_url(one.page, artifact.path))} ({size(artifact.size)})")
    if len(kept) > LINKED:
        found.append(link(f"all {len(kept):,} artifacts", bundle_url(one.page)))
    return " · ".join(found)


def _advice(job: Job) -> list[str]:
    """What to do about it."""
    name = job.spec.name
    if job.spec.uses is Uses.SPELLING and job.reason is Reason.FAILED:
        return [RIGHT_HERE]
    if job.reason in (Reason.FAILED, Reason.TIMED_OUT) and job.spec.kind is Kind.CHECK:
        return [f"Reproduce it in a checkout of this commit: {_command('run --job', name)}"]
    if job.reason is Reason.CONFIG:
        return ["Check the file before you push it: `dishwasher validate`"]
    if job.reason in OURS:
        return ["This says nothing about the change: re-run the check."]
    return []


def _command(verb: str, name: str) -> str:
    text = f"dishwasher {verb} {name if _PLAIN.fullmatch(name) else quoted(name)}"
    return f"`{text}`" if "`" not in text and name.isprintable() else f"\n\n{fenced((text,))}"


def quoted(text: str) -> str:
    """One word for a shell."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _footer(shown: Sequence[Shown], sha: str) -> str:
    jobs = [one.job for one in shown]
    begun = [job.created for job in jobs]
    ended = [job.ended for job in jobs if job.is_over]
    held = sum(job.reason is Reason.NEED_FAILED for job in jobs)
    notes = [f"{held} not started because of that"] if held else []
    last = max(ended)
    when = [sha[:7], stamp(last), f"after {duration(last - min(begun))}"]
    return ", ".join([*when, *notes]) + "."
