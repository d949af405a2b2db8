"""The checkout that a command is called for, its configuration, and the jobs in it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.errors import UserError
from dishwasher.formats.recognise import FORMATS

if TYPE_CHECKING:
    from dishwasher.cli.outcome import Outcome
    from dishwasher.core.selection import Planned, Selection


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", type=Path, default=Path(), help="the checkout; default ."
    )
    parser.add_argument("--config", metavar="FILE", default="", help="instead of the usual file")
    parser.add_argument("--format", choices=FORMATS, default="", help="of the configuration")


def read(options: argparse.Namespace) -> Outcome:
    """What its configuration came to; raises UserError where there is no checkout."""
    from dishwasher.cli import outcome

    if not options.path.is_dir():
        raise UserError(f"{options.path} is not a folder; a file is named by --config")
    return outcome.of_folder(options.path, options.format, _config(options.path, options.config))


def job(name: str, selection: Selection) -> Planned:
    """The job of this name; raises UserError, which lists those that there are."""
    from dishwasher.formats.problems import Problems
    from dishwasher.formats.reader import listing

    by_name = {one.spec.name: one for one in selection.planned}
    if name not in by_name:
        meant = Problems().nearest(name, by_name)
        there = f"there is no job {name}; there is {listing(by_name)}"
        raise UserError(f"{there}. {meant}" if meant else there)
    return by_name[name]


def _config(root: Path, name: str) -> str:
    """A file is named as it lies in the checkout, or else from here."""
    if name and not (root / name).exists() and Path(name).exists():
        return str(Path(name).absolute())
    return name
