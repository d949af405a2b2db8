"""`dishwasher COMMAND`: reads the words, calls the command, turns faults into exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import dishwasher
from dishwasher.cli import demo, serve
from dishwasher.errors import Fault, UserError

OK, FAILED, WRONG_USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and answer its exit code; never shows a traceback for a known fault."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.call(options)
    except UserError as error:
        print(f"dishwasher: {error}", file=sys.stderr)
        return WRONG_USAGE
    except Fault as error:
        print(f"dishwasher: {error}", file=sys.stderr)
        return OUR_FAULT
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
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
    for command in (demo, serve):
        command.add(commands)
    return parser
