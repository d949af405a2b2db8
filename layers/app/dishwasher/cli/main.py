"""`dishwasher COMMAND`: reads the words, calls the command, turns faults into exit codes."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import dishwasher
from dishwasher.errors import Fault, UserError

COMMANDS = (
    *("demo", "init", "validate", "plan", "run", "schema"),
    *("app", "serve", "doctor", "secrets"),
    *("builds", "logs", "start", "rerun", "cancel"),
)
"""Modules of this package, in the order in which people meet them."""

OK, FAILED, WRONG_USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130
NOBODY_READS = 141
"""As the shell says it of a program that SIGPIPE ended: 128 + 13."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and answer its exit code; never shows a traceback for a known fault."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] not in COMMANDS and not words[0].startswith("-"):
        print(f"dishwasher: {_unknown(words[0])}", file=sys.stderr)
        return WRONG_USAGE
    return ended("dishwasher", _parser(words).parse_args(words))


def ended(program: str, options: argparse.Namespace) -> int:
    """The exit code of the command that was chosen; `program` is who tells of its faults."""
    try:
        code: int = options.call(options)
        sys.stdout.flush()
    except UserError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return WRONG_USAGE
    except Fault as error:
        print(f"{program}: {error}", file=sys.stderr)
        return OUR_FAULT
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dishwasher",
        description="A GitHub App that builds, checks and deploys what is pushed.",
        epilog="`dishwasher demo` shows all of it without an account; `dishwasher COMMAND --help` "
        "says more of a command.",
    )
    parser.add_argument(
        "--version", action="version", version=f"dishwasher {dishwasher.__version__}"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # Only help and mistakes need all of them, and each takes its time to import.
    for name in [word for word in words[:1] if word in COMMANDS] or COMMANDS:
        import_module(f"dishwasher.cli.{name}").add(commands)
    return parser


def _unknown(word: str) -> str:
    near = difflib.get_close_matches(word.casefold(), COMMANDS, n=1)
    meant = f"Did you mean `{near[0]}`? " if near else ""
    return f"there is no command `{word}`. {meant}`dishwasher --help` lists all of them."
