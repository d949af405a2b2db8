"""The one comment on a pull request: what fails at its newest commit, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dishwasher.core import flake
from dishwasher.core.command import HELP, WHO
from dishwasher.core.config import Kind, Uses
from dishwasher.core.failure import Shown, rows, what
from dishwasher.core.job import MEETS_A_NEED, Job, Reason
from dishwasher.core.link import artifact_url, bundle_url, link, log_url
from dishwasher.core.markdown import fenced, inert, sections
from dishwasher.core.moment import stamp
from dishwasher.core.pull import Pull
from dishwasher.core.rendering import RIGHT_HERE, duration, size

MARKER = "<!-- dishwasher: what fails -->"
"""The last line of ours: with the author it tells our comment from all others."""
MAX_BYTES = 60_000
"""Of a comment; GitHub takes 65,536 characters.

https://github.com/peter-evans/create-issue-from-file/issues/1049
"""
HEADLINE = 100
"""Characters that an e-mail's list or a phone shows."""
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
    flaky: Sequence[str] = (),
) -> str:
    """What the comment is to say of the commit; `base` names the branch to merge into.

    `pull` is what somebody has asked for in a command, `pending` what somebody may decide, `flaky`
    titles of tests: they go along, and are no reason to speak.
    """
    asked = [*filter(None, (flake.said(flaky),)), *(_asked(pull) if pull else ())]
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
    found = rows(one, base)
    parts = [f"#### {name}: {what(one, base)}"]
    if job.detail and (job.reason is not Reason.FAILED or not found):
        parts.append(inert(job.detail, 500))
    parts += found
    if result and result.tail and not found:
        parts.append(fenced(result.tail[-TAIL:], 200))
    parts += [_links(one), *_advice(job)]
    return "\n\n".join(parts)


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
