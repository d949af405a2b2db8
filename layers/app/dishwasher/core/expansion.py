"""`$NAME`, `${NAME}` and `${NAME:-x}` in a value, replaced without starting a shell."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

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


def add(values: dict[str, str], variables: Iterable[Variable], kept: Container[str]) -> None:
    """Set each in turn, so that later ones see earlier ones; those of `kept` stay as they are."""
    for variable in variables:
        if variable.name not in kept:
            text = variable.value
            values[variable.name] = expand(text, values) if variable.expand else text
