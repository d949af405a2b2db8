"""`env`: variables that are literal, those that a store holds, and those that go on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.core import reference
from dishwasher.core.outputs import Secret, SecretStore
from dishwasher.formats.buildspec import keys
from dishwasher.formats.buildspec.variables import NAMES, RESERVED, SETTABLE
from dishwasher.formats.problems import WARNING, show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Entry, Scalar

SHELLS = {"bash": "bash", "/bin/bash": "bash", "sh": "sh", "/bin/sh": "sh"}
WINDOWS_SHELLS = ("powershell.exe", "cmd.exe", "pwsh.exe", "powershell", "cmd")
DEFAULT_SHELL = "sh"
"""CodeBuild's own on Linux."""

_VARIABLE = re.compile(r"\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*|\()|`")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Plain:
    """A variable whose value is this text as it stands."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Environment:
    """What the section says; nothing is expanded."""

    program: str = DEFAULT_SHELL
    variables: tuple[Plain, ...] = ()
    secrets: tuple[Secret, ...] = ()
    exported: tuple[str, ...] = ()


def read(fields: Fields | None, reader: Reader) -> Environment:
    """Of `env`, or of what version 0.1 calls `environment_variables`."""
    if fields is None:
        return Environment()
    key = keys.VARIABLES if keys.VARIABLES in fields else keys.PLAINTEXT
    written = fields.get(key) or ()
    variables = literal(written, reader)
    secrets = (*_parameters(fields, reader), *_secrets(fields, reader))
    _check_doubles({one.name for one in variables}, secrets, reader)
    if fields.get(keys.CREDENTIALS):
        message = "`git-credential-helper` has no effect: jobs can read this repository alone"
        reader.warn(fields.entry(keys.CREDENTIALS).key, "no-effect", message)
    return Environment(
        _shell(fields.get(keys.SHELL), reader),
        variables,
        secrets,
        _exported(fields.get(keys.EXPORTED) or (), secrets, reader),
    )


def literal(written: tuple[tuple[Scalar, Scalar], ...], reader: Reader) -> tuple[Plain, ...]:
    """Plain variables as they stand; what looks as if it should be expanded is told."""
    plain = []
    for name, value in written:
        found = _VARIABLE.search(value.text)
        if found:
            message = f"{show(value.text)} is not expanded: {name.text} is this text as it stands"
            suggestion = f"Write `export {name.text}=…` as a command."
            reader.warn(value, "not-expanded", message, suggestion)
        if _is_free(name, reader):
            plain.append(Plain(name.text, value.text, name.line))
    return tuple(plain)


def _is_free(name: Scalar, reader: Reader) -> bool:
    if not name.text.startswith(RESERVED):
        return True
    is_ours = name.text in NAMES - SETTABLE
    end = "and its value here is not used" if is_ours else "and may get another meaning"
    message = f"{show(name.text)} begins with `{RESERVED}`, which is reserved, {end}"
    reader.warn(name, "reserved-name", message, "Rename it.")
    return not is_ours


def _shell(scalar: Scalar | None, reader: Reader) -> str:
    if scalar is None or scalar.text in SHELLS:
        return SHELLS[scalar.text] if scalar else DEFAULT_SHELL
    if scalar.text.casefold() in WINDOWS_SHELLS:
        message = f"{show(scalar.text)} is a shell of Windows, and jobs run on Linux"
        reader.note(scalar, "windows", message, "Write `shell: bash`, and commands for it.")
    else:
        message = f"{show(scalar.text)} is not a shell; there is `bash` and `/bin/sh`"
        suggestion = reader.problems.nearest(scalar.text, SHELLS)
        reader.note(scalar, "unknown-value", message, suggestion)
    return DEFAULT_SHELL


def _named(pairs: tuple[tuple[Entry, Scalar], ...], reader: Reader) -> list[tuple[Scalar, Scalar]]:
    """Those whose names can be variables."""
    good = []
    for entry, value in pairs:
        name = entry.key
        if not _VARIABLE_NAME.fullmatch(name.text):
            message = f"{show(name.text)} can not be the name of a variable"
            suggestion = "Letters, digits and `_`, not beginning with a digit."
            reader.note(name, "bad-name", message, suggestion)
        elif _is_free(name, reader):
            good.append((name, value))
    return good


def _parameters(fields: Fields, reader: Reader) -> list[Secret]:
    named = _named(fields.get(keys.PARAMETERS) or (), reader)
    store = SecretStore.PARAMETER_STORE
    return [Secret(name.text, store, value.text.strip(), name.line) for name, value in named]


def _secrets(fields: Fields, reader: Reader) -> list[Secret]:
    return [
        Secret(name.text, SecretStore.SECRETS_MANAGER, value.text.strip(), name.line)
        for name, value in _named(fields.get(keys.SECRETS) or (), reader)
        if _is_reference(value, reader)
    ]


def _is_reference(value: Scalar, reader: Reader) -> bool:
    text = value.text.strip()
    parts = reference.split(text)
    example = "Write `secret-id:json-key:version-stage:version-id`; what follows the id may lack."
    if not parts[0] or len(parts) > reference.PARTS:
        message = f"{show(text)} is not the name of a secret"
        reader.note(value, "bad-value", message, example)
        return False
    if len(parts) == reference.PARTS and parts[2] and parts[3]:
        message = f"{show(text)} names a stage and a version, of which only one can hold"
        reader.note(value, "bad-value", message, "Leave one of the two empty.")
        return False
    return True


def _check_doubles(plain: set[str], secrets: tuple[Secret, ...], reader: Reader) -> None:
    for secret in secrets:
        if secret.variable in plain:
            message = f"{show(secret.variable)} is a plain variable too; the secret is what counts"
            reader.problems.add(secret.line, 1, "double", message, "Delete one.", WARNING)


def _exported(
    names: tuple[Scalar, ...], secrets: tuple[Secret, ...], reader: Reader
) -> tuple[str, ...]:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#exported-variables"""
    hidden = {secret.variable for secret in secrets}
    exported = []
    for name in names:
        if name.text in hidden:
            why = "it is a secret"
        elif name.text.startswith("AWS_"):
            why = "it begins with `AWS_`"
        elif not _VARIABLE_NAME.fullmatch(name.text):
            why = "it can not be the name of a variable"
        else:
            exported.append(name.text)
            continue
        reader.warn(name, "not-exported", f"{show(name.text)} is not exported: {why}")
    return tuple(dict.fromkeys(exported))
