"""`dishwasher init`: a good first `.dishwasher.yml` for the project in a folder."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.cli import terminal
from dishwasher.cli.terminal import Paint, clean
from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.core.config import Config
    from dishwasher.formats.repository import Repository

MODE = 0o644
"""Of the file, which everybody who clones the repository reads."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "init",
        help="write a first configuration for a project",
        description="Look at a Django, Python or Node project and write a .dishwasher.yml that "
        "checks what its files say: linters that are set up, tests, documentation, spelling. "
        "Nothing is run, and nothing is deployed before you say so.",
    )
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="PATH",
        help="the project (.)",
    )
    parser.add_argument(
        "--force", action="store_true", help="also where a configuration is there already"
    )
    parser.add_argument("--stdout", action="store_true", help="print the file, write nothing")
    parser.set_defaults(call=init)


def init(options: argparse.Namespace) -> int:
    """0 when the file is written; UserError where one is there, or can not be written."""
    # Imported here, so that other commands do not pay for it.
    from dishwasher.cli import folder
    from dishwasher.formats.choose import OWN
    from dishwasher.formats.implied import implied
    from dishwasher.formats.native.first_file import first_file

    repository = folder.look(options.path)
    config = implied(repository)
    text = first_file(config, folder.branch(options.path) or "main")
    if options.stdout:
        terminal.show(text.splitlines())
        return 0
    target = options.path / OWN
    if not options.force:
        _refuse(repository, target)
    _write(target, text, replace=options.force)
    paint = terminal.paint()
    terminal.show(_told(config, repository, target, paint))
    top = folder.top(options.path)
    if top is not None and top != options.path.resolve():
        place = clean(str(top))
        note = f"{OWN} is read at the top of a repository, which is {place}."
        terminal.show([f"{paint('note', 'note')}: {note}"])
    return 0


def _refuse(repository: Repository, target: Path) -> None:
    """What is there already is in use: a new file would be taken in its place."""
    from dishwasher.formats.choose import FILES

    if os.path.lexists(target):
        raise UserError(f"{target} is there already; --force writes a new one over it")
    used = next((name for name, _ in FILES if repository.has(name)), "")
    if used:
        raise UserError(
            f"{used} is there, and Dishwasher reads it as it is, so there is no need for another "
            f"file; --force writes a {target.name} all the same, which is then taken in its place"
        )


def _write(target: Path, text: str, *, replace: bool) -> None:
    """All of the text or nothing; what came there meanwhile stays unless it may be replaced."""
    try:
        handle, name = tempfile.mkstemp(prefix=target.name, dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(name, MODE)
            if replace:
                os.replace(name, target)
            else:
                # A link fails where a file is, and a rename would take its place.
                os.link(name, target)
        finally:
            if os.path.lexists(name):
                os.unlink(name)
    except FileExistsError as error:
        raise UserError(f"{target} is there already; --force writes a new one over it") from error
    except OSError as error:
        raise UserError(f"{target} can not be written: {error.strerror}") from error


def _told(config: Config, repository: Repository, target: Path, paint: Paint) -> Iterator[str]:
    count = len(repository.paths)
    yield f"Looked at {count} {'file' if count == 1 else 'files'}:"
    for note in config.notes:
        yield from _item(clean(note), paint)
    names = [job.name for job in config.jobs] or ["spelling"]
    checks = f"{len(names)} {'check' if len(names) == 1 else 'checks'}"
    yield ""
    yield f"{paint('good', '✔')} {clean(str(target))} has {checks}: {', '.join(names)}"
    yield "  Read it through, see what it runs with `dishwasher plan`, and commit it."


def _item(note: str, paint: Paint) -> Iterator[str]:
    """One note, wrapped; a command is not broken, so that it can be copied."""
    line = "  -"
    for word in re.findall(r"`[^`]*`[^\s]*|\S+", note):
        if terminal.columns(line) + 1 + terminal.columns(word) > paint.width and line.strip("- "):
            yield line
            line = "   "
        line += f" {word}"
    yield line
