"""`python -m dishwasher.cli.cloud VERB`: what `make deploy`, `upgrade` and `remove` call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from dishwasher.cli import account, app, clone
from dishwasher.cli.cloud import deploy, remove
from dishwasher.cli.main import ended

USAGE = 'make {} [ARGS="[OPTION ...]{}"]'
"""By `make`, which hands on no option that is given to itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    return ended("make", _options(arguments))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """With parameters anywhere among the options: argparse takes them at one place alone."""
    parser = _parser()
    options, left = parser.parse_known_args(arguments)
    if left and ("parameters" not in options or any(word.startswith("-") for word in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        options.parameters += left
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make", usage=USAGE.format("COMMAND", ""), description="Dishwasher in an AWS account."
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    words = "make the stack and its App, or upgrade it"
    _deploying(_verb(verbs, "deploy", words, " [NAME=VALUE ...]"), deploy.deploy)
    words = "deploy this clone onto the stack that is there"
    _deploying(_verb(verbs, "upgrade", words, " [NAME=VALUE ...]"), deploy.upgrade)
    _removing(_verb(verbs, "remove", "remove the stack; what it stores stays"))
    return parser


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    more: str = "",
) -> argparse.ArgumentParser:
    usage, told = USAGE.format(name, more), f"{words[0].upper()}{words[1:]}."
    return verbs.add_parser(name, usage=usage, help=words, description=told)


def _deploying(parser: argparse.ArgumentParser, call: Callable[[argparse.Namespace], int]) -> None:
    parser.set_defaults(call=call)
    parser.add_argument(
        "parameters",
        nargs="*",
        metavar="NAME=VALUE",
        help="parameters of template.yaml; those that were given before stay: "
        f"{', '.join(clone.parameters())}",
    )
    parser.add_argument("--confirm", action="store_true", help="ask before the changes are made")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument(
        "--artifacts", metavar="BUCKET", help="upload the code there, not to SAM's own bucket"
    )
    parser.add_argument("--no-app", action="store_true", help="make no App")
    app.add_page(parser)
    account.add(parser, flag=False)


def _removing(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(call=remove.remove)
    parser.add_argument(
        "--data",
        choices=("keep", "delete"),
        default="keep",
        help="builds, logs, artifacts, secrets and the App's keys (%(default)s)",
    )
    parser.add_argument("--confirm", metavar="STACK", help="its name, where nobody can be asked")
    account.add(parser, flag=False)


if __name__ == "__main__":
    sys.exit(main())
