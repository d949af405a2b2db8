"""One shell for all steps of a job: `cd`, `export`, functions and options stay.

The shell reads a FIFO of lines: each sources the file of one step, then has the shell write down
its state and tell a second FIFO that the step is over, and how. Neither is a descriptor that what
the step starts could inherit and hold open. When a step ends its shell (`exit`, `exec`, a signal,
`set -e`), the next step finds a new one in the state that was written last: by the trap for EXIT
where there was still time, otherwise after the step before. Jobs, `EXIT` traps and descriptors
of the old shell can not be had.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from dishwasher.errors import InfraError
from dishwasher.runner import files, usage
from dishwasher.runner.command import Commands, Ended
from dishwasher.runner.shell import EVALUATE_SECONDS, Command, Separate, Sink, quoted
from dishwasher.runner.usage import Usage
from dishwasher.runner.watch import Watch

LINES = 60 * 1024
"""Bytes that fit into a FIFO at once (pipe(7): 64 KiB), with some room."""
MISUSE = 2
"""Status of a file that could not be parsed, among others."""
WHOLE = "# whole\n"
STATE = 64 * 1024 * 1024
SAID = 1024 * 1024
"""Bytes that are read of what a shell has written down: it may be anything."""

# Nothing is printed whatever the user has set (`-x`, `-C`, `-u`). Names are short because bash
# reads its lines from a FIFO byte by byte.
PRELUDE = """\
if [ -n "${BASH_VERSION-}" ]; then
    __dishwasher_state() {
        builtin printf 'cd -- %q\\n' "$PWD"
        builtin umask -p
        builtin declare -p
        builtin declare -f
        builtin trap -p HUP INT QUIT TERM USR1 USR2 ERR
        builtin shopt -p
        builtin set +o
        builtin printf '# whole\\n'
    }
else
    __dishwasher_state() {
        set
        export -p
        printf 'cd -- "$PWD"\\n'
        set +o
        printf '# whole\\n'
    }
fi
__dw=FOLDER
__end() {
    __dishwasher_state >| FOLDER/state-$1 || :
    echo "$1 $2" >| FOLDER/told || exit 1
}
trap '{ __dishwasher_state >| FOLDER/state-exit; } >/dev/null 2>&1' EXIT
"""


class Shared:
    """Started with the first command, and again after one that ended it."""

    def __init__(
        self,
        commands: Commands,
        program: str,
        base: Path,
        environment: dict[str, str],
        folder: Path,
    ) -> None:
        self._commands, self._program, self._base = commands, program, base
        self._environment, self._folder = environment, folder
        self._separate = Separate(commands, (program,), base, environment, folder)
        self._watch: Watch | None = None
        self._state: Path | None = None
        self._number = 0
        self._status: int | None = None
        self._go = self._told = -1
        self._set: dict[str, str] = {}

    def run(self, command: Command, output: Sink) -> Ended:
        watch = self._watch or self._open()
        watch.output = output
        self._number += 1
        self._status = None
        file = self._folder / str(self._number)
        self._give(file, f"{command.text}\n".encode())
        before = usage.seconds(watch.process.pid)
        self._send(self._lines(command))
        watch.listen(self._told, self._hear)
        ended = self._commands.follow(watch, self._is_over, command.silence)
        watch.deafen(self._told)
        if self._status is not None:
            watch.take_waiting()
            self._keep(self._folder / f"state-{self._number}")
            trouble = self._commands.trouble(self._status)
            used = Usage(usage.seconds(watch.process.pid) - before)
            exhausted = self._commands.exhausted
            ended = Ended(self._status, usage=used, trouble=trouble, exhausted=exhausted)
            if self._status == MISUSE and not self._is_read(command.text):
                # After an unclosed `$(` bash 5.2 has freed what it goes on using, and crashes in
                # a later step.
                watch.process.kill()
                self._commands.follow(watch, lambda: watch.ended)
        else:
            # What the shell has used at most is not of this step alone.
            used = Usage(max(0.0, ended.usage.cpu_seconds - before))
            ended = replace(ended, usage=used)
        file.unlink(missing_ok=True)
        if watch.ended or ended.exit_code is None:
            self._bury(watch)
        return ended

    def leave(self, command: Command, file: int) -> int:
        """In a shell of its own: this one would have to wait for it, or lose it."""
        return self._separate.leave(command, file)

    def set(self, name: str, value: str) -> None:
        self._environment[name] = self._set[name] = value

    def values(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        wanted = tuple(names)
        script = "".join(f'printf "${{{name}+=}}%s\\0" "${{{name}-}}"\n' for name in wanted)
        said = self._internal(script)
        if said is None:
            return self._separate.values(wanted)
        pairs = zip(wanted, said.split("\0"), strict=False)
        return tuple((name, text[1:]) for name, text in pairs if text.startswith("="))

    def evaluate(self, text: str) -> str:
        said = self._internal(f'printf %s "{text}"')
        return text if said is None else said

    def end(self, output: Sink) -> None:
        """At the end of its lines it ends as any shell does, `EXIT` traps included."""
        watch = self._watch
        if watch is not None:
            watch.output = output
            os.close(self._go)
            self._go = -1
            self._commands.follow(watch, lambda: watch.ended)
            watch.take_waiting()
            self._bury(watch)

    def _internal(self, script: str) -> str | None:
        """What our own commands print; None when they failed."""
        file = self._folder / f"said-{self._number}"
        text = f"{{\n{script}\n}} >| {quoted(file)} 2>/dev/null"
        ended = self.run(Command(text, silence=EVALUATE_SECONDS), lambda data: None)
        if ended.exit_code != 0:
            return None
        try:
            return files.content(file, SAID).decode("utf-8", "replace")
        except OSError:
            return None

    def _is_read(self, text: str) -> bool:
        """Whether the shell finds no mistake in the syntax of a step."""
        argv, quiet = (self._program, "-n"), subprocess.DEVNULL
        data = f"{text}\n".encode()
        # Not the file: the step may have put something else in its place.
        done = subprocess.run(argv, input=data, stdout=quiet, stderr=quiet, env={}, check=False)
        return done.returncode == 0

    def _is_over(self) -> bool:
        return self._status is not None or self._watch is None or self._watch.over

    def _open(self) -> Watch:
        self._make_folder()
        if self._state and not self._state.exists():
            self._state = None
        environment: Mapping[str, str] = {} if self._state else self._environment
        argv = (self._program, str(self._folder / "lines"))
        self._watch = self._commands.open(argv, self._base, environment)
        prelude = quoted(self._folder / "prelude")
        self._send(f"{{ . {prelude}; }} >/dev/null 2>&1\n")
        if self._state:
            self._send(f"{{ . {quoted(self._state)}; }} >/dev/null 2>&1\n")
        return self._watch

    def _make_folder(self) -> None:
        folder = self._folder
        folder.mkdir(exist_ok=True)
        self._give(folder / "prelude", PRELUDE.replace("FOLDER", quoted(folder)).encode())
        self._close_fifos()
        self._go = self._fifo("lines")
        self._told = self._fifo("told")

    def _fifo(self, name: str) -> int:
        place = self._folder / name
        place.unlink(missing_ok=True)
        os.mkfifo(place, 0o600)
        # For both directions: neither end waits for the other, and nothing is the end of it.
        flags = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(place, flags)
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            # The job has put something else there in this moment.
            os.close(descriptor)
            raise InfraError("The job meddles with the FIFOs of its shell.")
        self._commands.own(descriptor)
        return descriptor

    def _give(self, place: Path, data: bytes) -> None:
        """A file of ours for the shell to read."""
        descriptor = files.create(place, data)
        try:
            self._commands.own(descriptor)
        finally:
            os.close(descriptor)

    def _lines(self, command: Command) -> str:
        given = "".join(f"export {name}={quoted(value)}\n" for name, value in self._set.items())
        self._set.clear()
        if command.directory is not None:
            given += f"cd -- {quoted(command.directory)}\n"
        extra = "".join(f"{name}={quoted(value)} " for name, value in command.environment.items())
        # `command`: what is set before a special builtin would stay in a POSIX shell, and a
        # mistake in the file would end it.
        step = f'{given}{extra}command . "$__dw/{self._number}"\n'
        return f"{step}{{ __end {self._number} $?; }} >/dev/null 2>&1\n"

    def _send(self, lines: str) -> None:
        data = lines.encode()
        if len(data) > LINES:
            raise InfraError(f"A step's variables are longer than {LINES} bytes.")
        os.write(self._go, data)

    def _hear(self) -> None:
        for line in os.read(self._told, 4096).decode("ascii", "replace").splitlines():
            number, _, status = line.partition(" ")
            if number == str(self._number) and status.isdigit():
                self._status = int(status)

    def _bury(self, watch: Watch) -> None:
        self._commands.close(watch)
        self._watch = None
        last = self._folder / "state-exit"
        try:
            if files.content(last, STATE).endswith(WHOLE.encode()):
                self._keep(last.rename(self._folder / f"state-{self._number}-exit"))
        except OSError:
            # It left no word at all: `exec`, SIGKILL, a trap of the user's own.
            pass
        self._close_fifos()

    def _keep(self, state: Path) -> None:
        """Each has a name of its own: to write over a file makes ext4 wait for the disk."""
        if self._state is not None:
            self._state.unlink(missing_ok=True)
        self._state = state

    def _close_fifos(self) -> None:
        for fd in (self._go, self._told):
            if fd >= 0:
                os.close(fd)
        self._go = self._told = -1
