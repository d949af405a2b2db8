"""Which levels this machine can do, asked of the machine."""

from __future__ import annotations

import os

import pytest
from dishwasher.core.sandbox import Level
from dishwasher.errors import UserError
from dishwasher.runner import orphans
from dishwasher.runner.sandbox import probe

AS_ROOT = os.geteuid() == 0


def lacking(level: Level) -> str:
    """Why this machine can not do it; empty when it can."""
    # What the probe starts is adopted by whoever starts it.
    orphans.adopt()
    try:
        probe.choose(level)
    except UserError as error:
        return str(error)
    finally:
        orphans.adopt(False)
    return ""


def at(*levels: Level) -> pytest.MarkDecorator:
    """Once at each of them; bubblewrap must be installed under `make test-real`."""
    return pytest.mark.parametrize("level", [_param(level) for level in levels])


def _param(level: Level) -> object:
    marks = [pytest.mark.real("bwrap")] if level is Level.JAILED else []
    lacks = lacking(level)
    installed = "is not installed" not in lacks
    if lacks and installed:
        marks.append(pytest.mark.skip(reason=lacks))
    return pytest.param(level, marks=marks, id=level.value)


WALLED = (Level.JAILED, Level.CONFINED)
