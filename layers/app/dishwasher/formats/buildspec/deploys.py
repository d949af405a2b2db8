"""Deployments in a buildspec: none rides on a failed build without being named."""

from __future__ import annotations

import re

from dishwasher.core.step import OnFailure
from dishwasher.formats.buildspec.guard import Effect, Phase
from dishwasher.formats.buildspec.phases import Stage
from dishwasher.formats.buildspec.variables import SUCCEEDING
from dishwasher.formats.commands.effects import may_deploy
from dishwasher.formats.problems import WARNING, show
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Scalar

_ASKS_FOR_EVENT = re.compile(r"CODEBUILD_WEBHOOK_|CODEBUILD_SOURCE_VERSION|CODEBUILD_INITIATOR")


def check(stages: tuple[Stage, ...], reader: Reader) -> bool:
    """Whether something deploys; warns of what would after a failure, and for any branch."""
    failing = ""
    first: Effect | None = None
    for stage in stages:
        effects = _effects(stage.commands)
        for effect in effects:
            if failing and not effect.guarded:
                either = f", or set `on-failure: ABORT` in `{failing}`"
                _warn(effect, failing, either, reader)
        closing = _effects(stage.closing)
        for effect in closing:
            if stage.commands and not effect.guarded:
                _warn(effect, stage.name, "", reader)
        if stage.retries and (effects or closing):
            _warn_again(stage, (*effects, *closing)[0], reader)
        first = first or next(iter((*effects, *closing)), None)
        if stage.on_failure is OnFailure.GO_ON:
            failing = failing or stage.name
    if first is not None and not _asks(stages):
        message = f"{show(first.text)} runs for every branch and pull request: this file has no"
        message += " filter, which CodeBuild keeps in its project"
        suggestion = "Test `CODEBUILD_WEBHOOK_TRIGGER` before it, such as for `branch/main`."
        reader.problems.add(
            first.line, first.column, "deploy-everywhere", message, suggestion, WARNING
        )
    return first is not None


def _effects(commands: tuple[Scalar, ...]) -> list[Effect]:
    if not any(may_deploy(command.text) for command in commands):
        return []
    phase = Phase()
    return [effect for command in commands for effect in phase.effects(command)]


def _warn_again(stage: Stage, effect: Effect, reader: Reader) -> None:
    message = f"{show(effect.text)} is repeated when `{stage.name}` is tried again"
    suggestion = "Put it into a phase without `RETRY`."
    reader.problems.add(effect.line, effect.column, "deploy-again", message, suggestion, WARNING)


def _warn(effect: Effect, failing: str, either: str, reader: Reader) -> None:
    message = f"{show(effect.text)} runs even when `{failing}` has failed"
    suggestion = f"Test `{SUCCEEDING}` before it{either}."
    reader.problems.add(
        effect.line, effect.column, "deploy-after-failure", message, suggestion, WARNING
    )


def _asks(stages: tuple[Stage, ...]) -> bool:
    return any(
        _ASKS_FOR_EVENT.search(command.text)
        for stage in stages
        for command in (*stage.commands, *stage.closing)
    )
