"""`$NAME`, `${NAME}` and `${NAME:-x}` in a value, replaced without starting a shell."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Mapping

from dishwasher.core.facts import fill
from dishwasher.core.machine import Variable

# The rest of what a shell can do in braces stays as it stands: half an answer would be worse.
_VARIABLE = re.compile(
    r"\\(?P<escaped>[$\\])|\$(?:(?P<bare>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?P<default>:?-[^{}$]*+)?\})",
    re.A,
)


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with these values in it; a name that is not set is nothing, `\\$` is a dollar."""

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return found["escaped"]
        name, default = found["bare"] or found["name"], found["default"]
        if default is None:
            return values.get(name, "")
        given = values.get(name)
        unset = not given if default.startswith(":") else given is None
        return default.lstrip(":")[1:] if unset else given or ""

    return _VARIABLE.sub(value, text)


def directory(text: str, base: str, values: Mapping[str, str]) -> str:
    """An absolute path: `~` and variables replaced, relative to `base`."""
    home = values.get("HOME", "/")
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    return os.path.normpath(os.path.join(base, expand(text, values)))


def filled(
    templates: Iterable[tuple[str, str]], facts: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    """The variables whose facts are known."""
    for name, template in templates:
        value = fill(template, facts)
        if value is not None:
            yield name, value


def add(values: dict[str, str], variables: Iterable[Variable], kept: Mapping[str, str]) -> None:
    """Set each in turn, so that later ones see earlier ones; those of `kept` stay as they are."""
    for variable in variables:
        if variable.name not in kept:
            text = variable.value
            values[variable.name] = expand(text, values) if variable.expand else text
