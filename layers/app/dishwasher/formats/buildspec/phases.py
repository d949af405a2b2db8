"""`phases`: what runs in which order, and what a failure leads to.

https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details.html#view-build-details-phases
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.core.step import OnFailure, Phase, Step
from dishwasher.formats.buildspec import keys
from dishwasher.formats.buildspec.runtimes import Runtime, check
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Scalar

INSTALL, PRE_BUILD, BUILD, POST_BUILD = (key.name for key in keys.PHASE_KEYS)
RETRIES = 3
"""Of `RETRY` without a number."""
MOST_RETRIES = 100
"""The most that `RETRY-n` takes."""
ROOT = "root"
"""The user of CodeBuild's jobs; ours have none of its rights, and a user of their own."""

_RETRY = re.compile(r"RETRY(?:-(\d{1,9}))?(?:-(.+))?", re.DOTALL)
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\$?")


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase whose commands still know where they stand."""

    name: str
    commands: tuple[Scalar, ...] = ()
    closing: tuple[Scalar, ...] = ()
    on_failure: OnFailure = OnFailure.STOP
    retries: int = 0
    retry_on: str = ""
    run_as: str = ""

    @property
    def phase(self) -> Phase:
        return Phase(
            self.name,
            _steps(self.commands),
            _steps(self.closing),
            on_failure=self.on_failure,
            retries=self.retries,
            retry_on=self.retry_on,
            run_as=self.run_as,
        )


def read(fields: Fields, run_as: Scalar | None, reader: Reader) -> tuple[Stage, ...]:
    """Those that run something, in the order of CodeBuild, whatever their order in the file."""
    stages = []
    for key in keys.PHASE_KEYS:
        phase = fields.get(key)
        if phase is not None:
            stage = _stage(key.name, phase, run_as, reader)
            if stage.commands or stage.closing:
                stages.append(stage)
    return tuple(stages)


def with_build(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """With a BUILD that does nothing where the file has none: artifacts are kept once it began."""
    if not stages or any(stage.name == BUILD for stage in stages):
        return stages
    before = tuple(stage for stage in stages if stage.name != POST_BUILD)
    return (*before, Stage(BUILD), *stages[len(before) :])


def runtimes(fields: Fields, reader: Reader) -> tuple[Runtime, ...]:
    """The languages that `install` asks for; CodeBuild looks for them nowhere else."""
    found: tuple[Runtime, ...] = ()
    for key in keys.PHASE_KEYS:
        phase = fields.get(key)
        if phase is None or keys.RUNTIMES not in phase:
            continue
        if key.name == INSTALL:
            pairs = phase.get(keys.RUNTIMES) or ()
            found = tuple(Runtime(entry.key, version) for entry, version in pairs)
        else:
            message = "`runtime-versions` is read in `install` alone"
            place = phase.entry(keys.RUNTIMES).key
            reader.warn(place, "no-effect", message, "Move it to `phases.install`.")
    for runtime in found:
        check(runtime, reader)
    return found


def _stage(name: str, phase: Fields, run_as: Scalar | None, reader: Reader) -> Stage:
    if keys.STEPS in phase:
        message = "`steps` runs GitHub Actions, which Dishwasher does not"
        place = phase.entry(keys.STEPS).key
        reader.note(place, "unsupported-key", message, "Write `commands` that do the same.")
    elif not any(key in phase for key in (keys.COMMANDS, keys.FINALLY, keys.RUNTIMES)):
        reader.warn(phase.place, "empty", f"`{name}` has no `commands`: it runs nothing")
    # Unset, a failing BUILD is followed by POST_BUILD, and nothing else goes on after a failure.
    unset = OnFailure.GO_ON if name == BUILD else OnFailure.STOP
    on_failure, retries, retry_on = unset, 0, ""
    given = phase.get(keys.ON_FAILURE)
    if given is not None:
        on_failure, retries, retry_on = _on_failure(given, unset, reader)
    return Stage(
        name,
        phase.get(keys.COMMANDS) or (),
        phase.get(keys.FINALLY) or (),
        on_failure,
        retries,
        retry_on,
        user(phase.get(keys.RUN_AS) or run_as, reader),
    )


def _on_failure(scalar: Scalar, unset: OnFailure, reader: Reader) -> tuple[OnFailure, int, str]:
    text = scalar.text.strip()
    if text == "ABORT":
        return OnFailure.STOP, 0, ""
    if text == "CONTINUE":
        return OnFailure.GO_ON, 0, ""
    retry = _RETRY.fullmatch(text)
    if retry is None:
        known = ("ABORT", "CONTINUE", "RETRY", "RETRY-3", "RETRY-3-timed out")
        message = f"{show(text)} is not what can follow a failure; there is "
        message += "`ABORT`, `CONTINUE`, `RETRY`, `RETRY-count` and `RETRY-count-regex`"
        reader.note(scalar, "unknown-value", message, reader.problems.nearest(text, known))
        return unset, 0, ""
    count = int(retry[1] or RETRIES)
    if count > MOST_RETRIES:
        message = f"a phase is tried again at most {MOST_RETRIES} times, and not {count}"
        reader.note(scalar, "bad-value", message)
    wrong = _wrong_regex(retry[2] or "")
    if wrong:
        message = f"the regex {show(retry[2])} can not be read: {wrong}"
        reader.note(scalar, "bad-regex", message)
    # No page says what follows the last try: what deploys in POST_BUILD must not.
    return OnFailure.STOP, count, retry[2] or ""


def _wrong_regex(text: str) -> str:
    """By `re`, with which a runner looks through the output."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    except Warning:
        # A set that may mean something else in some later Python is no mistake in this one.
        return ""
    return ""


def user(scalar: Scalar | None, reader: Reader) -> str:
    """The Linux user; empty for the job's own, which stands for CodeBuild's root."""
    if scalar is None or scalar.text == ROOT:
        return ""
    if _USER.fullmatch(scalar.text):
        message = f"`run-as: {scalar.text}` counts only where a runner can change its user"
        reader.warn(scalar, "run-as", message)
        return scalar.text
    message = f"{show(scalar.text)} is not the name of a Linux user"
    reader.note(scalar, "bad-value", message)
    return ""


def _steps(commands: tuple[Scalar, ...]) -> tuple[Step, ...]:
    return tuple(Step(command.text, command.line) for command in commands)
