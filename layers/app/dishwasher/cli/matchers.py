"""The files with problem matchers that a configuration names, as far as they are here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dishwasher.cli.reading import contents
from dishwasher.core.config import MATCHERS, Config
from dishwasher.errors import Problem, UserError


def problems(config: Config, data: bytes, root: Path) -> Iterator[Problem]:
    """An error for one that can not be used, a warning for one that is not in the checkout."""
    lines = data.decode("utf-8", "replace").split("\n")
    seen = set()
    for job in config.jobs:
        for path in job.annotate:
            if path in MATCHERS or path in seen:
                continue
            seen.add(path)
            line, column = _place(lines, job.line, path)
            wrong = _wrong(root / path)
            if wrong is None:
                message = f"there is no file `{path}`, and without it the job fails"
                yield Problem(line, column, "missing-file", message, severity="warning")
            elif wrong:
                yield Problem(line, column, "bad-matcher", f"`{path}` can not be used: {wrong}")


def _wrong(place: Path) -> str | None:
    """Empty when nothing is; None where there is no file."""
    # Imported late: few bring their own.
    from dishwasher.checks import problem_matcher

    try:
        data = contents(place)
        if data is not None:
            problem_matcher.read(data)
    except UserError as error:
        return str(error)
    return None if data is None else ""


def _place(lines: list[str], first: int, path: str) -> tuple[int, int]:
    """1-based line and column of the path, looked for from the job's name on."""
    for number, line in enumerate(lines[first - 1 :], first):
        if path in line:
            return number, line.index(path) + 1
    return first, 1
