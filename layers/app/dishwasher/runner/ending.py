"""How a command ended, in plain words."""

from __future__ import annotations

import signal

from dishwasher.runner.command import Ended

TITLE = 60
"""Characters of a command that a sentence can carry."""

# https://www.gnu.org/software/bash/manual/bash.html#Exit-Status
NOT_EXECUTABLE = 126
NOT_FOUND = 127
SIGNALLED = 128

SILENCE_ADVICE = (
    "let it say what it does, or raise `silence` (in a circle.yml, the command's `timeout`)"
)

HINTS = {
    signal.SIGKILL: "often because the machine ran out of memory",
    signal.SIGSEGV: "a crash in native code",
    signal.SIGABRT: "it aborted itself",
    signal.SIGXFSZ: "a file grew over the limit for one file",
    signal.SIGXCPU: "its processor time was used up",
    signal.SIGPIPE: "what it wrote to was closed",
}


def title(command: str) -> str:
    """The first line of a command, short enough for a sentence."""
    first, _, rest = command.strip().partition("\n")
    return f"{first[:TITLE].rstrip()} …" if rest or len(first) > TITLE else first


def explain(ended: Ended) -> str:
    """What follows "step 2 `flake8 app`": never empty."""
    code = ended.exit_code
    if ended.silence:
        limit = f"{ended.silence:g} s"
        return f"printed nothing for {limit} and was ended: {SILENCE_ADVICE}"
    if code is None:
        return "was stopped"
    if ended.trouble:
        return ended.trouble
    if ended.signal:
        return f"was ended by {_signal(ended.signal)}"
    if code == NOT_EXECUTABLE:
        return "exited with 126: a program was found but could not be executed"
    if code == NOT_FOUND:
        return "exited with 127: a program was not found; is it installed, and on PATH?"
    if SIGNALLED < code <= SIGNALLED + signal.NSIG:
        return f"exited with {code}: a program in it was ended by {_signal(code - SIGNALLED)}"
    return f"exited with {code}"


def _signal(number: int) -> str:
    try:
        name = signal.Signals(number)
    except ValueError:
        return f"signal {number}"
    hint = HINTS.get(name)
    return f"{name.name} ({hint})" if hint else name.name
