"""Whether a failing step's words are worth another try: a user's regex, held to a time."""

from __future__ import annotations

import subprocess
import sys

SECONDS = 2.0
"""A regex can be made to search for ever, and Python's does so without letting other threads run:
so it gets a process, which can be ended."""
NONE, BAD = 1, 3
# Without site and the environment it starts in a few milliseconds and reads nothing of the job's.
_PROGRAM = f"""\
import re, sys
try:
    wanted = re.compile(sys.argv[1], re.M)
except (re.error, RecursionError, OverflowError):
    sys.exit({BAD})
sys.exit(0 if wanted.search(sys.stdin.buffer.read().decode("utf-8", "replace")) else {NONE})
"""


def worth(regex: str, said: str) -> tuple[bool, str]:
    """Whether the regex is found in the text, and what went wrong with looking for it."""
    if not regex:
        return True, ""
    argv = (sys.executable, "-I", "-S", "-c", _PROGRAM, regex)
    try:
        done = subprocess.run(
            argv, input=said.encode("utf-8", "replace"), env={}, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"The regex `{regex}` was not done after {SECONDS:g} s; not tried again."
    if done.returncode not in (0, NONE):
        return False, f"`{regex}` is not a regex that can be searched for; not tried again."
    return done.returncode == 0, ""
