"""`python -m dishwasher.cli.cloud VERB`: what `make deploy`, `upgrade` and `remove` call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from dishwasher.cli import account, app, clone
from dishwasher.cli.cloud import deploy, remove
from dishwasher.cli.main import ended


def main(arguments: Sequence[str] | None = None) -> int:
    return ended("make", _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make", description="Dishwasher in an AWS account.")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for verb, call, help in (
        ("deploy", deploy.deploy, "make the stack and its App, or upgrade it"),
        ("upgrade", deploy.upgrade, "deploy this clone onto the stack that is there"),
    ):
        one = verbs.add_parser(verb, help=help, description=f"{help[0].upper()}{help[1:]}.")
        one.set_defaults(call=call)
        one.add_argument(
            "parameters",
            nargs="*",
            metavar="NAME=VALUE",
            help="parameters of template.yaml; those that were given before stay: "
            f"{', '.join(clone.parameters())}",
        )
        one.add_argument("--confirm", action="store_true", help="ask before the changes are made")
        one.add_argument("--yes", action="store_true", help="ask nothing")
        one.add_argument(
            "--artifacts", metavar="BUCKET", help="upload the code there, not to SAM's own bucket"
        )
        one.add_argument("--no-app", action="store_true", help="make no App")
        app.add_page(one)
        account.add(one, flag=False)
    gone = verbs.add_parser("remove", help="remove the stack; what it stores stays")
    gone.set_defaults(call=remove.remove)
    gone.add_argument(
        "--data",
        choices=("keep", "delete"),
        default="keep",
        help="builds, logs, artifacts, secrets and the App's keys (%(default)s)",
    )
    gone.add_argument("--confirm", metavar="STACK", help="its name, where nobody can be asked")
    account.add(gone, flag=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
