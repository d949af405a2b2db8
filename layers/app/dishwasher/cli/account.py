"""`--aws`: the functions of a stack in somebody's account, by that person's own credentials."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.stack import Stack
    from dishwasher.cli.checkup.line import Remedies
    from dishwasher.wiring.settings import Settings

STACK = "dishwasher"
"""Its name, where nobody gives another one."""
PARAMETERS = {
    "app-id": "DISHWASHER_GITHUB_APP_ID",
    "private-key": "DISHWASHER_GITHUB_PRIVATE_KEY",
    "webhook-secret": "DISHWASHER_GITHUB_WEBHOOK_SECRET",
    "client-id": "DISHWASHER_GITHUB_CLIENT_ID",
    "client-secret": "DISHWASHER_GITHUB_CLIENT_SECRET",
}
"""The App's settings, below the stack's parameter `Settings`: template.yaml has the same names."""


@dataclass(frozen=True, slots=True)
class Account:
    clients: Clients
    region: str
    stack: Stack

    def parameter(self, name: str) -> str:
        return f"{self.stack.settings}/{name}"

    def stored(self) -> dict[str, str]:
        """The App's settings, of those that are there."""
        from dishwasher.aws.parameters import Parameters

        names = {self.parameter(name): name for name in PARAMETERS}
        values = Parameters(self.clients).read(names)
        return {names[name]: value for name, value in values.items()}

    def settings(self) -> Settings:
        """As the functions read them; raises UserError naming what is missing or wrong."""
        from dishwasher.wiring import settings

        found, given = self.stored(), self.stack.parameters
        if missing := [self.parameter(name) for name in PARAMETERS if name not in found]:
            raise UserError(
                f"the parameters {', '.join(missing)} are missing: `dishwasher app "
                f"create{words(self)}` makes an App and stores them"
            )
        environment = {
            # What this machine's data folder has of another App does not count.
            "DISHWASHER_DATA": os.devnull,
            "DISHWASHER_GITHUB_URL": given.get("GithubUrl", ""),
            "DISHWASHER_GITHUB_API_URL": given.get("GithubApiUrl", ""),
            "DISHWASHER_PUBLIC_URL": self.stack.url,
            **{PARAMETERS[name]: value for name, value in found.items()},
        }
        return settings.read(environment)

    def log(self, function: str) -> str:
        """The command that shows what a function has said lately."""
        group = self.stack.resources.get(f"{function}Log")
        return f"aws logs tail --since 1h {group.id if group else f'(the log of {function})'}"

    def remedies(self) -> Remedies:
        """What the doctor advises about the App, in the words of who has a stack."""
        from dishwasher.cli.checkup.line import Remedies

        put = "aws ssm put-parameter --overwrite --type SecureString --name"
        return Remedies(
            id=f"{put} {self.parameter('app-id')} --value …, the id on the App's page",
            key=f"make a new key on the App's page, then {put} {self.parameter('private-key')} "
            "--value file://the-key.pem",
            webhook=f"dishwasher app webhook{words(self)}",
            server=f"see that {{host}} leads to the stack's API; {self.log('Pages')}",
            limit="find what else uses the App",
        )


def words(account: Account) -> str:
    """Options that lead to the same stack again."""
    name = account.stack.name
    return " --aws" + (f" --stack {name}" if name != STACK else "")


def add(parser: argparse.ArgumentParser, *, flag: bool = True) -> None:
    """`flag`: the command has another meaning without `--aws`."""
    when = "with --aws: " if flag else ""
    if flag:
        parser.add_argument(
            "--aws", action="store_true", help="of the functions on AWS, by your own credentials"
        )
    parser.add_argument(
        "--stack",
        metavar="NAME",
        default=os.environ.get("DISHWASHER_STACK") or STACK,
        help=f"{when}the stack of CloudFormation (DISHWASHER_STACK, or %(default)s)",
    )
    parser.add_argument(
        "--region", metavar="NAME", help=f"{when}where it is (AWS_REGION, or your profile's)"
    )


def region_of(options: argparse.Namespace) -> str | None:
    """Of the options and the environment; None leaves it to botocore, which knows the profile."""
    # Other tools of AWS's read this name, and botocore does not:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    return options.region or os.environ.get("AWS_REGION") or None


def clients_of(options: argparse.Namespace) -> Clients:
    """By the person's own credentials; raises UserError where botocore is not installed."""
    if not importlib.util.find_spec("botocore"):
        raise UserError("this needs botocore: in a clone of Dishwasher, pip install '.[aws]'")
    from dishwasher.aws.clients import Clients

    return Clients(region_of(options))


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Account]:
    """The stack; what of AWS's answers the person can mend is a UserError, until the end."""
    clients = clients_of(options)
    from dishwasher.aws import stack
    from dishwasher.aws.user_errors import explained

    with explained(f"can not read the stack {options.stack}"):
        region: str = clients.client("cloudformation").meta.region_name
        found = stack.find(clients, options.stack)
        if found is None:
            raise UserError(
                f"there is no stack {options.stack} in {region} of this account: choose another "
                "region by AWS_REGION, another name by --stack, or make it with "
                f"`{stack.make('deploy', options.stack)}`"
            )
        yield Account(clients, region, found)
