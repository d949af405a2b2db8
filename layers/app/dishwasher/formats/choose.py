"""Which file of a repository is its configuration, and of which format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from dishwasher.core.config import Config
from dishwasher.errors import ConfigError, Problem, UserError
from dishwasher.formats import recognise
from dishwasher.formats.commands.installing import marked
from dishwasher.formats.problems import show
from dishwasher.formats.reader import listing
from dishwasher.formats.recognise import BUILDSPEC, CIRCLE, FORMATS, NATIVE
from dishwasher.formats.repository import Repository

OWN = ".dishwasher.yml"
FILES = (
    (OWN, NATIVE),
    (".dishwasher.yaml", NATIVE),
    ("circle.yml", CIRCLE),
    ("buildspec.yml", BUILDSPEC),
    ("buildspec.yaml", BUILDSPEC),
)
"""What is looked for at the root, in this order."""
NOT_THERE = "no-configuration"
"""Code of the problem that there is no configuration, and nothing that implies one."""
OTHERS = (".circleci/config.yml", ".travis.yml", ".gitlab-ci.yml")
WORKFLOWS = ".github/workflows/"
"""Files of other services, named to their authors and not run."""

Read = Callable[[str], "bytes | None"]
Look = Callable[[], Repository]


def load(read: Read, look: Look, path: str = "", format: str = "") -> Config:
    """The configuration of one commit; raises ConfigError with every mistake of its file.

    `read` gives a file's bytes, None where there is none, and raises UserError where it can not
    be read; `look` lists the repository. Both may cost a request: with a `.dishwasher.yml` there
    is one read and no look, elsewhere one look, which also tells the other files, and a read
    more. `path` is the file to take instead, `format` a name of FORMATS.
    """
    look = cache(look)
    if path:
        return _given(read, look, path, format)
    if format in ("", NATIVE):
        data = _read(read, OWN)
        if data is not None:
            return parse(OWN, data, look, NATIVE)
    there = [(name, its) for name, its in FILES if format in ("", its) and look().has(name)]
    for name, its in there:
        data = _read(read, name)
        if data is not None:
            config = parse(name, data, look, its)
            others = [other for other, _ in there if other != name]
            return noted(config, f"{name} is taken, not {', '.join(others)}." if others else "")
    if format:
        raise _none(f"there is no file of the format {format}", ())
    return _implied(look())


def parse(path: str, data: bytes, look: Look, format: str) -> Config:
    """The file as one of FORMATS; only what goes by the repository's files looks at it."""
    if format not in FORMATS:
        message = f"{show(format)} is not a format; there is {listing(FORMATS)}"
        raise UserError(message)
    return marked(_parsed(path, data, look, format))


def _parsed(path: str, data: bytes, look: Look, format: str) -> Config:
    # Imported where they are used: a command that reads one file pays for one format.
    if format == CIRCLE:
        from dishwasher.formats import circle

        return circle.parse(path, data, look())
    if format == BUILDSPEC:
        from dishwasher.formats import buildspec

        return buildspec.parse(path, data, look())
    from dishwasher.formats import native

    return native.parse(path, data)


def named(path: str, data: bytes, format: str = "") -> tuple[str, str]:
    """The format of a file that somebody names, and where it is not plain from that: why it.

    Raises ConfigError when the file is plainly of another service.
    """
    if format:
        return format, ""
    by_name = recognise.by_name(path)
    if by_name:
        return by_name, ""
    found = recognise.by_content(data)
    if found.foreign:
        message = f"this is a configuration of {found.foreign}, which Dishwasher does not read"
        suggestion = f"Write a `{OWN}`; `dishwasher init` begins one."
        raise ConfigError(path, (Problem(found.line, 1, "foreign", message, suggestion),))
    return found.format, f"{path} is read as {found.format}, {found.why}."


def _given(read: Read, look: Look, path: str, format: str) -> Config:
    data = _read(read, path)
    if data is None:
        problem = Problem(1, 1, "missing-file", f"there is no file {show(path)}")
        raise ConfigError(path, (problem,))
    chosen, why = named(path, data, format)
    return noted(parse(path, data, look, chosen), why)


def _read(read: Read, path: str) -> bytes | None:
    try:
        return read(path)
    except UserError as error:
        raise ConfigError(path, (Problem(1, 1, "unreadable", str(error)),)) from error


def _implied(repository: Repository) -> Config:
    from dishwasher.formats.implied import implied

    config = implied(repository)
    if not config.jobs:
        raise _none("there is no configuration, and no file that implies one", config.notes)
    others = [path for path in OTHERS if repository.has(path)]
    workflows = [path for path in repository.paths if path.startswith(WORKFLOWS)]
    others += [WORKFLOWS] if len(workflows) > 1 else workflows
    told = f"{' and '.join(others)}: of another service, and not read."
    return marked(noted(config, told if others else ""))


def _none(message: str, notes: tuple[str, ...]) -> ConfigError:
    suggestion = " ".join((*notes, f"Write a `{OWN}`; `dishwasher init` begins one."))
    return ConfigError(OWN, (Problem(1, 1, NOT_THERE, message, suggestion),))


def noted(config: Config, note: str) -> Config:
    """The configuration with one note more, if there is one."""
    return replace(config, notes=(*config.notes, note)) if note else config
