"""A Config as a first `.dishwasher.yml`: what a repository's files imply, for people to change."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from dishwasher.core.config import Config, JobSpec, Kind, Uses
from dishwasher.core.machine import Machine
from dishwasher.core.step import Step
from dishwasher.formats.native.jobs import DEPENDENCIES

WIDTH = 80
"""Columns of a comment."""

_HEAD = (
    "What Dishwasher does with each push and each pull request. It was begun by "
    "`dishwasher init`, and is yours from here on.",
    "`dishwasher validate` finds mistakes in it, `dishwasher plan` shows what it runs and when.",
)
_SPELLING = (
    "Misspelt words are shown, and fail nothing. List the names of your customers and products: "
    "a wrong spelling of one does fail."
)
_BRANDS = ("with:", "  brands:", "    GitHub: [Git-Hub]")
_TESTS = ("tests:", "  needs: [spelling]", "  run: make test")
_DEPLOYMENTS = (
    "deployments:",
    "  staging:",
    "    branch: {branch}",
    "    run: ./deploy.sh staging",
    "    url: https://staging.example.com",
)
_DEPLOYING = (
    "A deployment runs after a push to its branch, once every check has ended well. Take the `#` "
    "away from the lines below, and write what deploys your site."
)
# What YAML reads as this same text without quotes: no key, comment, quote, number or list.
_PLAIN = re.compile(r"(?![-?:!&*|>%@`\"'#{}\[\], ]|[\d.+])(?:[^:#\x00-\x1f\x7f-\x9f]|:(?=[^\s]))+")
_WORD = re.compile(r"true|false|yes|no|on|off|null|y|n|~", re.IGNORECASE)


def first_file(config: Config, branch: str = "main") -> str:
    """The text, which plans the same jobs; `branch` is where deployments would start."""
    lines = [*_comment(*_HEAD)]
    run = next((job for job in config.jobs if job.uses is Uses.RUN), None)
    if run is not None:
        lines += _machine(run.machine)
        lines += _dependencies(run)
    lines += ["", *_comment("Each is one check on GitHub. All start at once, but for `needs`.")]
    lines += ["checks:"]
    if run is None:
        lines += _indented(_without())
    spelling = JobSpec("spelling", Kind.CHECK, 0, uses=Uses.SPELLING)
    for number, job in enumerate(config.jobs or (spelling,)):
        lines += ["", *_indented(_check(job))] if number else _indented(_check(job))
    text = "\n".join(_DEPLOYMENTS).replace("{branch}", scalar(branch))
    lines += ["", *_comment(_DEPLOYING), *(f"# {line}" for line in text.splitlines())]
    return "\n".join(lines) + "\n"


def _machine(machine: Machine) -> Iterator[str]:
    versions = (("python", machine.python), ("node", machine.node))
    asked = [f'{name}: "{version}"' for name, version in versions if version]
    if not (asked or machine.services or machine.environment):
        return
    yield from ("", "machine:")
    yield from _indented(asked)
    if machine.services:
        yield "  services:"
        for service in machine.services:
            yield from _indented(_comment(f"{service.why}."), 4)
            yield f"    - {service.name}"
    if machine.environment:
        yield "  environment:"
        for variable in machine.environment:
            yield f"    {variable.name}: {scalar(variable.value)}"


def _dependencies(job: JobSpec) -> Iterator[str]:
    steps = [step for phase in job.phases if phase.name == DEPENDENCIES for step in phase.steps]
    if steps:
        yield ""
        yield from _comment("Steps before those of every check that has a `run`.")
        yield "dependencies:"
        yield from _indented(_steps(steps))


def _steps(steps: Iterable[Step]) -> Iterator[str]:
    """Each with its reason, which is said once where several have the same."""
    why = ""
    for step in steps:
        if step.why and step.why != why:
            yield from _comment(f"{step.why}.")
        why = step.why
        yield f"- {scalar(step.command)}"


def _check(job: JobSpec) -> Iterator[str]:
    if job.uses is Uses.SPELLING:
        yield from _comment(_SPELLING)
        yield f"{scalar(job.name)}:"
        yield "  uses: spelling"
        yield from (f"  # {line}" for line in _BRANDS)
        return
    steps = [step for phase in job.phases if phase.name != DEPENDENCIES for step in phase.steps]
    whys = dict.fromkeys(f"{step.why}." for step in steps if step.why)
    needs = " No time goes into it while what it needs fails." if job.needs else ""
    yield from _comment(" ".join(whys) + needs)
    yield f"{scalar(job.name)}:"
    if job.needs:
        yield f"  needs: [{', '.join(map(scalar, job.needs))}]"
    if len(steps) == 1:
        yield f"  run: {scalar(steps[0].command)}"
    else:
        yield "  run:"
        yield from (f"    - {scalar(step.command)}" for step in steps)
    for name in job.annotate:
        yield f"  annotate: {name}"


def _without() -> Iterator[str]:
    """What to write where nothing is known but that words can be misspelt."""
    yield from _comment("Nothing was found that says how this project is tested. It could be:")
    yield from (f"# {line}" for line in _TESTS)
    yield ""


def scalar(text: str) -> str:
    """The text as YAML writes it in one line."""
    is_plain = _PLAIN.fullmatch(text) and text == text.strip() and not text.endswith(":")
    if is_plain and not _WORD.fullmatch(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = "".join(
        character if character.isprintable() and character not in '"\\' else _escape(character)
        for character in text
    )
    return f'"{escaped}"'


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\U{number:08x}"


def _comment(*texts: str) -> Iterator[str]:
    for text in texts:
        capital = text[:1].upper() + text[1:]
        yield from (f"# {line}" for line in textwrap.wrap(capital, WIDTH - 4))


def _indented(lines: Iterable[str], columns: int = 2) -> Iterator[str]:
    return (f"{' ' * columns}{line}" if line else "" for line in lines)
