"""Make a stack and its App, or bring a stack that is there to this clone."""

from __future__ import annotations

import argparse
import difflib
import json
import shutil
import sys
from typing import TYPE_CHECKING

from dishwasher.cli import account, app, clone
from dishwasher.cli.account import Account
from dishwasher.cli.cloud import sam
from dishwasher.cli.terminal import paint, show
from dishwasher.errors import InfraError, UserError

if TYPE_CHECKING:
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.stack import Stack

KEPT = ("Table", "Bucket")
"""What holds data, by its name in template.yaml."""
POLICY = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["Update:Replace", "Update:Delete"],
            "Resource": [f"LogicalResourceId/{name}" for name in KEPT],
        },
    ]
}
"""An update that would put an empty table in the place of a full one fails, and is undone:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html"""


def deploy(options: argparse.Namespace) -> int:
    """Asks where there is nothing yet, and not again."""
    return _deploy(options, may_create=True)


def upgrade(options: argparse.Namespace) -> int:
    return _deploy(options, may_create=False)


def _deploy(options: argparse.Namespace, *, may_create: bool) -> int:
    given = _parameters(options.parameters)
    clients = account.clients_of(options)
    from dishwasher.aws import stack
    from dishwasher.aws.user_errors import explained

    with explained("can not deploy"):
        region: str = clients.client("cloudformation").meta.region_name
        arn = clients.client("sts").get_caller_identity()["Arn"].split(":")
        found = stack.find(clients, options.stack)
        if todo := stack.obstacle(found):
            raise UserError(todo)
        is_new = found is None or found.status in stack.EMPTY
        if is_new and not may_create:
            raise UserError(
                f"there is no stack {options.stack} in {region} of account {arn[4]}: "
                f"`{stack.make('deploy', options.stack)}` makes one; AWS_REGION chooses another "
                "region"
            )
        sam.program()
        show([f"Stack {options.stack} in {region}, account {arn[4]}, as {arn[5]}."])
        if is_new:
            given = _asked(options, given)
        elif found is not None:
            _protect(clients, found)
        whole = {**(found.parameters if found else {}), **given}
        show(["Building the functions; minutes at first ..."])
        sam.build(whole)
        version = clone.version() or "unknown"
        where = {"artifacts": options.artifacts or "", "confirm": options.confirm}
        made = sam.deploy(options.stack, region, {**given, "Version": version}, **where)
        after = stack.find(clients, options.stack)
        if not made or after is None or after.status not in stack.FINE:
            raise _failed(clients, options, after)
        _protect(clients, after)
        _with_app(options, Account(clients, region, after))
    return 0


def _parameters(words: list[str]) -> dict[str, str]:
    known, given = clone.parameters(), {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise UserError(
                f"{word!r} gives no parameter: {meant}Write NAME=VALUE, of {', '.join(known)}"
            )
        given[name] = value
    return given


def _asked(options: argparse.Namespace, given: dict[str, str]) -> dict[str, str]:
    """What a first deployment wants to know; given on the command line, it is not asked."""
    if options.yes:
        return given
    if not sys.stdin.isatty():
        from dishwasher.aws.stack import make

        raise UserError(
            "a first deployment asks a few questions, and nobody is at the terminal: "
            f"{make('deploy', options.stack, '--yes')} asks none"
        )
    if input("Make it there? [Y/n] ").strip().lower() not in ("", "y", "yes"):
        raise UserError("nothing was made: AWS_PROFILE and AWS_REGION choose another place")
    if "AlarmEmail" not in given:
        mail = input("A mail address that is told when something is wrong (empty for none): ")
        given = {**given, **({"AlarmEmail": mail.strip()} if mail.strip() else {})}
    if not options.no_app and not options.organisation:
        words = "The organisation on GitHub that shall own the App (empty for you): "
        options.organisation = input(words).strip()
    return given


def _protect(clients: Clients, stack: Stack) -> None:
    """Against an update that loses data, and against being removed by one call."""
    cloudformation = clients.client("cloudformation")
    cloudformation.set_stack_policy(StackName=stack.name, StackPolicyBody=json.dumps(POLICY))
    if not stack.protected:
        words = {"StackName": stack.name, "EnableTerminationProtection": True}
        cloudformation.update_termination_protection(**words)


def _failed(clients: Clients, options: argparse.Namespace, after: Stack | None) -> UserError:
    from dishwasher.aws.stack import obstacle, reasons

    if after is None:
        return UserError("nothing was deployed: the message of SAM stands above")
    why = "".join(f"\n  {one}" for one in reasons(clients, options.stack)[:3])
    todo = obstacle(after) or "what ran before runs on: mend that, and deploy again"
    return UserError(f"the deployment failed ({after.status}):{why or ' see above'}\n{todo}")


def _with_app(options: argparse.Namespace, deployed: Account) -> None:
    """Make the App where there is none, and let its webhook lead here where there is one."""
    colour, words = paint(), account.words(deployed)
    stored = deployed.stored().keys()
    show(["", f"{colour('good', '✔')} {deployed.stack.name} runs at {deployed.stack.url}", ""])
    if not stored:
        if options.no_app:
            show([f"It has no App yet: dishwasher app create{words}", *_installing()])
            return
        options.aws, options.public_url, options.replace = True, "", False
        options.data = None
        from dishwasher.aws.stack import make

        try:
            app.create(options)
        except (UserError, InfraError) as error:
            todo = f"`{make('deploy', options.stack)}` again makes the App."
            show([f"What is deployed stays; {todo}"])
            raise error
        show(_installing())
        return
    if missing := sorted(account.PARAMETERS.keys() - stored):
        raise UserError(
            f"the parameters {', '.join(map(deployed.parameter, missing))} are missing: "
            f"`dishwasher app create{words} --replace` makes an App anew"
        )
    app.point(deployed.settings(), deployed.stack.url)
    show([f"See whether all is well: dishwasher doctor{words}", *_installing()])


def _installing() -> list[str]:
    """How to get the program that has just been named, where it is not there."""
    if shutil.which("dishwasher"):
        return []
    return ["`pip install '.[aws]'` in this clone brings that program."]
