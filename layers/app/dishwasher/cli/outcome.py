"""What reading a configuration on this machine came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dishwasher.cli import matchers
from dishwasher.cli.reading import STDIN, Reading, contents, root_of, standard_input
from dishwasher.cli.terminal import clean
from dishwasher.core.config import Config
from dishwasher.core.unsupported import not_carried_out
from dishwasher.errors import ConfigError, Problem, UserError
from dishwasher.formats import choose, recognise
from dishwasher.formats.repository import Repository

IMPLIED = "implied"
"""What is said to be the format where no file is one's own."""
UNWRITTEN = (
    "There is no configuration; the project's files imply one, and `dishwasher init` writes it."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A configuration, or its mistakes."""

    path: str
    """As people on this machine name it."""
    format: str
    problems: tuple[Problem, ...]
    config: Config | None = None
    """None when there are errors."""
    data: bytes | None = None
    """What was read, to show its lines; None where there was no file."""


def of_name(name: str, format: str = "") -> Outcome:
    """Of a file, a folder, or `-` for standard input."""
    if name == STDIN:
        return _parsed("<stdin>", standard_input(), root_of(Path("stdin")), format)
    path = Path(name)
    return of_folder(path, format) if path.is_dir() else _of_file(path, format)


def of_folder(root: Path, format: str = "", path: str = "") -> Outcome:
    """Of the file that would be taken in a checkout, or of `path` in it."""
    reading = Reading(root)
    try:
        config = choose.load(reading, lambda: _look(root), path, format)
    except ConfigError as error:
        taken = format or recognise.by_name(error.path) if error.path in reading.seen else ""
        shown = str(root / error.path)
        return Outcome(shown, taken, error.problems, data=reading.seen.get(error.path))
    data = reading.seen.get(config.path)
    taken = IMPLIED if data is None else choose.named(config.path, data, format)[0]
    return _checked(Outcome(str(root / config.path), taken, config.warnings, config, data), root)


def _of_file(path: Path, format: str) -> Outcome:
    try:
        data = contents(path)
    except UserError as error:
        return Outcome(str(path), format, (Problem(1, 1, "unreadable", str(error)),))
    if data is None:
        message = f"there is no file {clean(str(path))}"
        return Outcome(str(path), format, (Problem(1, 1, "missing-file", message),))
    return _parsed(str(path), data, root_of(path), format)


def _parsed(path: str, data: bytes, root: Path, format: str) -> Outcome:
    taken = format
    try:
        taken, why = choose.named(path, data, format)
        config = choose.parse(path, data, lambda: _look(root), taken)
    except ConfigError as error:
        return Outcome(path, taken, error.problems, data=data)
    return _checked(Outcome(path, taken, config.warnings, choose.noted(config, why), data), root)


def _checked(outcome: Outcome, root: Path) -> Outcome:
    """With what is wrong with the files that it names, and what is not carried out yet."""
    if outcome.config is None or outcome.data is None:
        return outcome
    found = tuple(matchers.problems(outcome.config, outcome.data, root))
    is_fine = all(problem.severity != "error" for problem in found)
    config = outcome.config if is_fine else None
    if outcome.format == recognise.NATIVE:
        # The other formats are warned of in their own words, when they are read.
        found = (*found, *_refused(outcome.config))
    return replace(outcome, problems=(*outcome.problems, *found), config=config)


def _refused(config: Config) -> tuple[Problem, ...]:
    lacks = {lack: None for job in config.jobs for lack in not_carried_out(job)}
    return tuple(
        Problem(
            *(max(1, lack.line), 1, "not-yet"),
            f"{lack.sentence[0].lower()}{lack.sentence[1:-1]}: the job is refused",
            severity="warning",
        )
        for lack in lacks
    )


def _look(root: Path) -> Repository:
    # Imported where it is used: a native file is read without git.
    from dishwasher.cli.folder import look

    return look(root)
