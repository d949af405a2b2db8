"""`runtime-versions` to the languages of the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dishwasher.core.machine import Machine
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Scalar

KNOWN = ("android", "docker", "dotnet", "golang", "java", "nodejs", "php", "python", "ruby")

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){0,2}|latest")


@dataclass(frozen=True, slots=True)
class Runtime:
    """One language; its version may be `$NAME`, which each build of a batch sets."""

    name: Scalar
    version: Scalar

    def resolved(self, variables: Mapping[str, str]) -> str | None:
        """The version, `3.x` being `3`; None where a variable that it names is not known."""
        lacking = [one or other for one, other in _VARIABLE.findall(self.version.text)]
        if any(name not in variables for name in lacking):
            return None
        text = _VARIABLE.sub(lambda found: variables[found[1] or found[2]], self.version.text)
        return text.strip().removesuffix(".x")


def check(runtime: Runtime, reader: Reader) -> None:
    """Note a language that CodeBuild's images do not have."""
    name = runtime.name.text
    if name not in KNOWN:
        message = f"{show(name)} is not a runtime of CodeBuild; whether it is there is not known"
        suggestion = reader.problems.nearest(name, KNOWN)
        reader.warn(runtime.name, "unknown-runtime", message, suggestion)


def machine(runtimes: tuple[Runtime, ...], variables: Mapping[str, str], reader: Reader) -> Machine:
    """With the version of each language; one that can not be told is noted."""
    made = Machine()
    for runtime in runtimes:
        name, version = runtime.name.text, runtime.resolved(variables)
        if version is None:
            # The project may set it; which version that is nobody knows before the run.
            message = f"{show(runtime.version.text)} names a variable that this file does not set:"
            message += f" the {name} of the machine is taken"
            suggestion = f"Set it in `env`, or write the version of {name}."
            reader.warn(runtime.version, "unknown-variable", message, suggestion)
        elif name in ("python", "nodejs") and not _VERSION.fullmatch(version):
            suggestion = "Write one such as `3.12`, `22`, `22.x` or `latest`."
            message = f"{show(version)} is not a version of {name}"
            reader.note(runtime.version, "bad-value", message, suggestion)
        elif name == "python":
            made = replace(made, python=version, virtualenv=True)
        elif name == "nodejs":
            made = replace(made, node=version)
        else:
            made = replace(made, others=(*made.others, (name, version)))
    return made
