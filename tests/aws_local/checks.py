"""What GitHub shows of a story, as it can be compared: without ids, times and addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from dishwasher.demo.github import StandIn

PATIENCE = 60.0
AROUND = 60
"""Characters of what is shown before a difference."""
FIELDS = ("name", "status", "conclusion", "output", "actions")
"""All but ids and times, and the address of the page."""
VARYING = (
    # On one machine it costs nothing.
    (re.compile(r"\n\nCost about [^\n]* list prices of [\d-]+ in [\w-]+\."), ""),
    (re.compile(r"\. Cost about [^\n]* list prices of [\d-]+ in [\w-]+"), ""),
    (re.compile(r"https?://[\w.:\[\]-]+"), "URL"),
    (re.compile(r"\b[0-9a-f]{20}(-\d+)?\b"), "BUILD"),
    (re.compile(r"\b[0-9a-f]{40}\b|\b(?=[a-f]*\d)[0-9a-f]{7,12}\b"), "SHA"),
    (re.compile(r"(under )?\d[\d,.]* ?(ms|s|min|h|GB|MB|KB|B)(?!\w)( \d+ s)?"), "MUCH"),
    (re.compile(r" of a runner( after MUCH of waiting)?"), ""),
    (re.compile(r"\d{4}\\?-\d\d\\?-\d\d \d\d\\?:\d\d"), "WHEN"),
    (re.compile(r"/tmp/[^\s`'\"]*?/(checkout|home|artifacts|reports)"), r"PLACE/\1"),
    # A Lambda function can not have walls; the story itself looks for those of strangers' jobs.
    (re.compile(r"Sandbox: (jailed|plain)\."), "Sandbox."),
)
"""What is another one in each telling, whoever the bot is."""


def shown(github: StandIn) -> dict[str, Any]:
    """Check runs by the number of their commit and their name, comments by who wrote them, and
    deployments.

    Once all is told: raises TimeoutError where that does not come.
    """
    world = github.world

    def told() -> bool:
        ended = all(run.status == "completed" for run in world.runs)
        return ended and not any("still run" in comment.body for comment in world.comments)

    github.wait_for(told, PATIENCE, "the last word")
    with github.world.lock:
        return dict(_shown(github))


def differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    """A line for each field of which the two say something else."""
    for name in sorted(one.keys() ^ other.keys()):
        yield f"{name}: only {'here' if name in one else 'there'}"
    for name in sorted(one.keys() & other.keys()):
        for field in one[name].keys() | other[name].keys():
            here, there = one[name].get(field), other[name].get(field)
            if here != there:
                yield f"{name}: {field}: {_apart(repr(here), repr(there))}"


def _apart(here: str, there: str) -> str:
    """Both from a little before the place where they part."""
    pairs = enumerate(zip(here, there, strict=False))
    first = next((at for at, (one, other) in pairs if one != other), min(len(here), len(there)))
    start = max(first - AROUND, 0)
    return f"…{here[start : start + 3 * AROUND]!r} and …{there[start : start + 3 * AROUND]!r}"


def _shown(github: StandIn) -> Iterator[tuple[str, Any]]:
    world, numbers, seen = github.world, dict[str, int](), Counter[str]()
    for suite in sorted(world.suites, key=lambda one: (one.created_at, one.id)):
        numbers.setdefault(suite.head_sha, len(numbers) + 1)
    for run in sorted(world.runs, key=lambda one: one.id):
        name = f"commit {numbers[run.head_sha]}, {run.name}"
        seen[name] += 1
        fields = asdict(run)
        # It is there for as long as another one runs, so which has it is a matter of time.
        fields["actions"] = [one for one in fields["actions"] if one["identifier"] != "cancel"]
        yield f"{name} #{seen[name]}", {field: _plain(fields[field]) for field in FIELDS}
    for comment in sorted(world.comments, key=lambda one: one.id):
        # Whether a person or we were first is a matter of time.
        name = f"#{comment.number}, {'our' if comment.app_id else 'their'} comment"
        seen[name] += 1
        yield f"{name} {seen[name]}", {"body": _plain(comment.body)}
    for number, made in enumerate(sorted(world.deployments, key=lambda one: one.id), 1):
        yield f"deployment {number}", {"environment": made.environment, "ref": _plain(made.ref)}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, word in VARYING:
            value = pattern.sub(word, value)
        return value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
