"""What reads the steps: a shell for each of them, or one that they share."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dishwasher.core.step import Shell
from dishwasher.errors import InfraError
from dishwasher.runner import files
from dishwasher.runner.command import Commands, Ended

ARGUMENT = 128 * 1024
"""Bytes of one argument (MAX_ARG_STRLEN, linux/binfmts.h); a longer command goes by file."""
EVALUATE_SECONDS = 10.0
"""What an artifact's name runs must print or end within this."""

Sink = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Command:
    """A step when all that its configuration leaves open is known."""

    text: str
    directory: Path | None = None
    """None: where the job starts, or where a shared shell stands."""
    environment: Mapping[str, str] = field(default_factory=dict)
    silence: float = 0.0


class Interpreter(Protocol):
    """What the steps are given to."""

    def run(self, command: Command, output: Sink) -> Ended: ...

    def leave(self, command: Command, file: int) -> int:
        """Start it beside the others, writing to this file; its process id."""
        ...

    def set(self, name: str, value: str) -> None:
        """A variable of all commands from here on."""
        ...

    def values(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """What these variables hold now; those that are not set are left out."""
        ...

    def evaluate(self, text: str) -> str:
        """What the shell makes of a text in double quotes; the text itself when that fails."""
        ...

    def end(self, output: Sink) -> None:
        """No command follows."""
        ...


class Separate:
    """A new shell for each command: nothing but files is left to the next one."""

    def __init__(
        self,
        commands: Commands,
        program: tuple[str, ...],
        base: Path,
        environment: dict[str, str],
        folder: Path,
    ) -> None:
        self._commands, self._program, self._base = commands, program, base
        self._environment, self._folder = environment, folder
        self._long = 0

    def run(self, command: Command, output: Sink) -> Ended:
        return self._commands.run(*self._prepared(command), output, command.silence)

    def leave(self, command: Command, file: int) -> int:
        return self._commands.leave(*self._prepared(command), file)

    def set(self, name: str, value: str) -> None:
        self._environment[name] = value

    def values(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        known = self._environment
        return tuple((name, known[name]) for name in names if name in known)

    def evaluate(self, text: str) -> str:
        said: list[bytes] = []
        script = Command(f'printf %s "{text}"', silence=EVALUATE_SECONDS)
        ended = self.run(script, said.append)
        return b"".join(said).decode("utf-8", "replace") if ended.exit_code == 0 else text

    def end(self, output: Sink) -> None:
        """Each has ended by itself."""

    def _prepared(self, command: Command) -> tuple[tuple[str, ...], Path, Mapping[str, str]]:
        environment = {**self._environment, **command.environment}
        return self._argv(command.text), command.directory or self._base, environment

    def _argv(self, text: str) -> tuple[str, ...]:
        encoded = text.encode()
        if len(encoded) < ARGUMENT:
            return (*self._program, "-c", text)
        self._folder.mkdir(exist_ok=True)
        self._long += 1
        file = self._folder / f"long-{self._long}"
        descriptor = files.create(file, encoded)
        self._commands.own(descriptor)
        os.close(descriptor)
        return (*self._program, str(file))


def found(program: str, path: str) -> str:
    """Where that shell is; raises InfraError."""
    place = shutil.which(program, path=path) or shutil.which(program)
    if place is None:
        name = os.path.basename(program)
        raise InfraError(f"There is no {name} on this machine, and every step needs it.")
    return place


def flags(shell: Shell, program: str) -> tuple[str, ...]:
    """`pipefail` is bash's; a plain sh may not know it."""
    if shell is not Shell.STRICT:
        return ()
    return ("-eo", "pipefail") if os.path.basename(program) == "bash" else ("-e",)


def quoted(text: str | Path) -> str:
    return shlex.quote(str(text))
