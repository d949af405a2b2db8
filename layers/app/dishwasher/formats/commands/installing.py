"""Commands that only install dependencies, and the files that say what they install.

Strict where the other tables are lenient: what is kept in place of a command must be what the
command would have done. A program, an option or a construct of the shell that is not known here
means that nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from dishwasher.core.config import Config, JobSpec, Uses
from dishwasher.core.step import Installs, Phase, Shell, Step
from dishwasher.formats.commands.installers import (
    NODE_FLAGS,
    PIP_FLAGS,
    PIP_VALUES,
    TOOLS,
    UV_FILES,
    Tool,
)
from dishwasher.formats.commands.shell import NEXT, OR, PIPE, SCANNED, statements

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=[^$`]*", re.DOTALL)
_BACKGROUND = re.compile(r"(?<![&>])&(?![&>])")
_LOCAL = re.compile(
    r"[./~$]|.*(?:/|file:|\.(?:whl|zip|tar|t?gz|t?bz2?|t?xz|t?lz|lzma)(?:\[|$))", re.DOTALL
)
"""An argument of pip that names a file or folder, or may."""
_ADDRESS = re.compile(r"(?:[\w.\[\]-]+\s*@\s*)?(?:git\+|hg\+|svn\+|bzr\+)?(?:https?|ssh|git)://")
_PATH = re.compile(r"[\w@+.-][\w@+./-]*")
"""Relative, and the same for any shell."""
LONGEST = 60
"""Characters of a command that the reason shows."""

_STRICTER = re.compile(r"-[eux]*o?|pipefail|errexit|nounset|xtrace")
"""Options of the shell with which no failure is overlooked that would not be without."""
_GLOBAL = frozenset({"-g", "--global"})
_PACKAGE = re.compile(r"(?:@[\w.-]+/)?\w[\w.-]*(?:@[\w.^~<>=*-]+)?", re.ASCII)
"""Its name, of a scope or not, and a version."""
_NOT_THE_PROJECT = frozenset({"--no-root", "--no-install-project"})
_PIPS = (("pip",), ("pip3",), ("uv", "pip"), ("python", "-m", "pip"), ("python3", "-m", "pip"))
_FILES = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links"}
)
_SETUPS = frozenset({"develop", "install"})


def marked(config: Config) -> Config:
    """Every job's first phase with what it installs, where it is nothing but that."""
    return replace(config, jobs=tuple(map(_marked, config.jobs)))


def _marked(spec: JobSpec) -> JobSpec:
    """What stands before the first phase would have to be known too, and so its shell's state."""
    first = next((phase for phase in spec.phases if phase.steps), None)
    if spec.uses is not Uses.RUN or spec.shell is Shell.ONE or first is None:
        return spec
    found = of_phase(first, strict=spec.shell is Shell.STRICT)
    if found is None or (found.why and first is spec.phases[-1]):
        return spec
    phases = (replace(one, installs=found) if one is first else one for one in spec.phases)
    return replace(spec, phases=tuple(phases))


def of_phase(phase: Phase, *, strict: bool = True) -> Installs | None:
    """None where it installs nothing at all."""
    each = [(step, of_command(step.command, strict=strict)) for step in phase.steps]
    known = [one for _, one in each if one is not None]
    if not known:
        return None
    for step, one in each:
        if one is None or _is_special(step):
            first = " ".join(step.command.split())
            shown = first if len(first) <= LONGEST else f"{first[: LONGEST - 1]}…"
            return Installs(why=f"`{shown}` is not known to only install something")
    if phase.closing or phase.run_as:
        return Installs(why=f"{phase.name} does more than install")
    return _together(known)


def _is_special(step: Step) -> bool:
    return bool(step.background or step.pwd or step.files)


def of_command(text: str, *, strict: bool = True) -> Installs | None:
    """What one step installs; None where it does something else, or may.

    `strict`: any statement that fails fails the step. Otherwise one that does not must not be
    overlooked: what is half installed would be kept.
    """
    if len(text) > SCANNED or _BACKGROUND.search(text) or "`" in text or "$(" in text:
        return None
    found: list[Installs] = []
    folder = ""
    for statement in statements(text):
        overlooked = statement.joined == NEXT and not strict and (found or folder)
        if statement.joined in (OR, PIPE) or overlooked:
            return None
        words = _without_assignments(statement.words)
        if words[:1] == ("cd",) and len(words) == 2 and _PATH.fullmatch(words[1]):
            folder = _joined(folder, words[1])
        elif words[:1] == ("set",):
            if not all(map(_STRICTER.fullmatch, words[1:])):
                return None
            strict = strict or any("e" in word for word in words[1:])
        else:
            one = _of_statement(words)
            if one is None:
                return None
            found.append(_below(folder, one))
    return _together(found) if found else None


def _without_assignments(words: tuple[str, ...]) -> tuple[str, ...]:
    at = 0
    while at < len(words) and _ASSIGNMENT.fullmatch(words[at]):
        at += 1
    return words[at:]


def _of_statement(words: tuple[str, ...]) -> Installs | None:
    for pip in _PIPS:
        if words[: len(pip)] == pip:
            found = _pip(words[len(pip) :])
            return found if found is None or pip[0] != "uv" else replace(found, settings=UV_FILES)
    if words[:2] in (("python", "setup.py"), ("python3", "setup.py")):
        return Installs(whole=True, python=True) if set(words[2:]) <= _SETUPS else None
    if words[:1] == ("npm",) and words[1:2] in (("install",), ("i",)) and _GLOBAL & set(words):
        return _globally(words[2:])
    for length in (2, 1):
        tool = TOOLS.get(words[:length])
        if tool is not None and len(words[:length]) == length:
            return _of_tool(tool, words[length:])
    return None


def _globally(words: tuple[str, ...]) -> Installs | None:
    """Packages by name, into the job's own prefix."""
    given = [word for word in words if word not in _GLOBAL | NODE_FLAGS]
    return Installs(node=True) if given and all(map(_PACKAGE.fullmatch, given)) else None


def _of_tool(tool: Tool, words: tuple[str, ...]) -> Installs | None:
    given = set()
    left = iter(words)
    for word in left:
        name, equals, _ = word.partition("=")
        if word in tool.flags:
            given.add(word)
        elif name not in tool.values or (not equals and next(left, None) is None):
            return None
    whole = tool.project and not given & _NOT_THE_PROJECT
    locked = tool.locked or bool(given & tool.locks)
    return Installs((), tool.files, whole, locked, python=tool.python, node=not tool.python)


def _pip(words: tuple[str, ...]) -> Installs | None:
    if words[:1] not in (("install",), ("sync",)):
        return None
    requirements: list[str] = []
    whole = locked = False
    left = iter(words[1:])
    for word in left:
        option, value = _split(word, left)
        if option in ("-r", "--requirement", "-c", "--constraint") or (
            words[0] == "sync" and not option
        ):
            if not _PATH.fullmatch(value):
                return None
            requirements.append(value)
        elif option in ("-e", "--editable"):
            # A folder, with a slash in its path or without.
            whole = whole or not _ADDRESS.match(value)
        elif not option:
            whole = whole or bool(_LOCAL.match(value) and not _ADDRESS.match(value))
        elif option in ("-f", "--find-links"):
            whole = whole or not _ADDRESS.match(value)
        elif option not in PIP_FLAGS and (option not in PIP_VALUES or not value):
            return None
        locked = locked or option == "--require-hashes"
    return Installs(tuple(requirements), (), whole, locked, python=True)


def _split(word: str, left: Iterable[str]) -> tuple[str, str]:
    """An option and its value, which may be the next word; no option for an argument."""
    if not word.startswith("-"):
        return "", word
    if word[:2] in ("-r", "-c", "-e", "-f", "-i") and len(word) > 2:
        return word[:2], word[2:].removeprefix("=")
    name, equals, value = word.partition("=")
    takes = name in PIP_VALUES or name in _FILES
    return name, value if equals or not takes else next(iter(left), "")


def _below(folder: str, one: Installs) -> Installs:
    def below(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_joined(folder, path) for path in paths)

    # Settings are looked for in the folders above, too.
    settings = (*one.settings, *below(one.settings))
    return replace(
        one,
        requirements=below(one.requirements),
        files=below(one.files),
        settings=tuple(dict.fromkeys(settings)),
    )


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def _together(found: list[Installs]) -> Installs:
    def each(of: Callable[[Installs], tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for one in found for path in of(one)))

    return Installs(
        each(lambda one: one.requirements),
        each(lambda one: one.files),
        whole=any(one.whole for one in found),
        locked=all(one.locked for one in found),
        python=any(one.python for one in found),
        node=any(one.node for one in found),
        settings=each(lambda one: one.settings),
    )
