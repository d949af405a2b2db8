"""A section's commands with their modifiers, in every spelling that YAML makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.step import Step
from dishwasher.formats.circle import warnings
from dishwasher.formats.circle.values import Names
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, kind, place
from dishwasher.formats.schema import Fields, Json, Key, Record
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar, Sequence, Style
from dishwasher.formats.values import Count, Flag, Text, Variables

SILENCE = 600.0
"""Seconds without output after which CircleCI 1.0 ended a command."""
LONGEST = 1_000_000
"""Seconds; beyond any build."""

TIMEOUT = Key(
    "timeout", Count(1, LONGEST), "Seconds without output before the command is ended.", 240
)
PWD = Key("pwd", Text(), "The directory it runs in, relative to the checkout.", "frontend")
ENVIRONMENT = Key(
    "environment", Variables(), "Variables of this command alone.", {"RAILS_ENV": "test"}
)
PARALLEL = Key("parallel", Flag(), "It runs on every node; here there is one.", True)
FILES = Key("files", Names(), "Globs whose files are appended to the command.", ["test/**/*.rb"])
BACKGROUND = Key("background", Flag(), "It is started and left running.", True)
MODIFIERS = Record(
    "of a command", (TIMEOUT, PWD, ENVIRONMENT, PARALLEL, FILES, BACKGROUND), lenient=True
)
_NAMES = frozenset(key.name for key in MODIFIERS.keys)

_INDENT = "Indent them by four spaces more than the dash."
_QUOTE = "Put the whole command in quotes."


@dataclass(frozen=True, slots=True)
class Commands:
    """A list of commands, or one without its dash."""

    parallel: bool = True
    """Whether `parallel: true` may stand here."""
    pwd: str = ""
    """Where commands run that name no directory, and what theirs are relative to."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Step, ...] | None:
        value = entry.value
        if isinstance(value, Mapping):
            message = f"{show(entry.key.text)} must be a list of commands, and is a mapping"
            reader.note(place(entry, value), "wrong-type", message, "Put `- ` before each command.")
            return None
        if isinstance(value, Scalar):
            if value.is_null:
                message = f"{show(entry.key.text)} says nothing, and is read as if it were absent"
                reader.warn(entry.key, "empty", message, "Write `[]` for no commands.")
                return None
            return _listed(self._step(value, reader))
        steps = (self._step(item, reader) for item in value.items)
        return tuple(step for step in steps if step is not None)

    def schema(self) -> Json:
        item: Json = {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "object", "maxProperties": 1, "additionalProperties": MODIFIERS.schema()},
            ]
        }
        return {"anyOf": [item, {"type": "array", "items": item}]}

    def _step(self, item: Node, reader: Reader) -> Step | None:
        if isinstance(item, Sequence):
            message = "a command must be text, and this is a list"
            reader.note(item, "wrong-type", message, _QUOTE)
            return None
        found = _command(item, reader) if isinstance(item, Mapping) else (item, ())
        if found is None:
            return None
        command, modifiers = found
        if command.is_null or not command.text.strip():
            reader.warn(command, "empty", "an empty command is left out")
            return None
        warnings.command(command, reader)
        step = Step(command.text, command.line, pwd=self.pwd)
        if not modifiers:
            return step
        below = Mapping(modifiers, modifiers[0].key.line, modifiers[0].key.column)
        fields = MODIFIERS.read(Entry(command, below), reader)
        return step if fields is None else self._modified(step, fields, reader)

    def _modified(self, step: Step, fields: Fields, reader: Reader) -> Step:
        if fields.get(PARALLEL) and not self.parallel:
            message = "`parallel: true` can not stand in a deployment, which runs once"
            reader.note(fields.entry(PARALLEL).key, "parallel", message, "Delete it.")
        pairs = fields.or_else(ENVIRONMENT, ())
        pwd = fields.get(PWD)
        if pwd is not None:
            warnings.path(pwd, reader)
        return replace(
            step,
            silence=float(fields.or_else(TIMEOUT, 0)),
            pwd=step.pwd if pwd is None else _below(step.pwd, pwd.text),
            environment=tuple((name.text, value.text) for name, value in pairs),
            expand=bool(pairs),
            background=fields.or_else(BACKGROUND, False),
            files=tuple(scalar.text for scalar in fields.or_else(FILES, ())),
        )


def _listed(step: Step | None) -> tuple[Step, ...]:
    return () if step is None else (step,)


def _below(base: str, pwd: str) -> str:
    return pwd if not base or pwd.startswith(("/", "~", "$")) else f"{base}/{pwd}"


def _command(item: Mapping, reader: Reader) -> tuple[Scalar, tuple[Entry, ...]] | None:
    """The command that a mapping stands for, and its modifiers."""
    if not item.entries:
        reader.note(item, "wrong-type", "a command must be text, and this is an empty mapping")
        return None
    first, *rest = item.entries
    # `pwd` is a command too, which may have modifiers of its own.
    if first.key.text in _NAMES and not (
        first.key.text == PWD.name and isinstance(first.value, Mapping)
    ):
        message = f"{show(first.key.text)} stands without its command"
        suggestion = "Write the command and a colon after the dash, and indent it below that."
        reader.note(first.key, "modifier", message, suggestion)
        return None
    if not rest:
        return _single(first, reader)
    own = _own(first)
    if own is None or any(entry.key.text not in _NAMES for entry in rest):
        message = "an item of the list is one command, and this one has several keys"
        reader.note(rest[0].key, "modifier", message, "Begin each command with `- `.")
        return None
    message = f"the modifiers of {show(first.key.text)} stand beside it instead of below it"
    reader.warn(rest[0].key, "indentation", message, _INDENT)
    return first.key, (*own, *rest)


def _own(first: Entry) -> tuple[Entry, ...] | None:
    """The modifiers below a command's key; None where something else is."""
    if isinstance(first.value, Mapping):
        return first.value.entries
    return () if isinstance(first.value, Scalar) and first.value.is_null else None


def _single(entry: Entry, reader: Reader) -> tuple[Scalar, tuple[Entry, ...]] | None:
    key, value = entry.key, entry.value
    modifiers = _own(entry)
    if modifiers is not None:
        return key, modifiers
    in_a_line = isinstance(value, Scalar) and value.line == key.line
    if (
        not isinstance(value, Scalar)
        or not in_a_line
        or value.style in (Style.LITERAL, Style.FOLDED)
    ):
        message = f"below the command {show(key.text)} stand its modifiers, and not {kind(value)}"
        reader.note(place(entry, value), "modifier", message, "A command has no name of its own.")
        return None
    command = replace(key, text=_joined(key, value))
    message = f"YAML reads a mapping here; the command is taken to be {show(command.text)}"
    reader.warn(key, "colon", message, _QUOTE)
    return command, ()


def _joined(key: Scalar, value: Scalar) -> str:
    """The command that `: ` took apart, with as many spaces as stood there."""
    text = value.text
    if value.style is Style.SINGLE:
        text = "'" + text.replace("'", "''") + "'"
    elif value.style is Style.DOUBLE:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    spaces = value.column - key.column - len(key.text) - 1 if key.style is Style.PLAIN else 1
    return f"{key.text}:{' ' * max(1, spaces)}{text}"
