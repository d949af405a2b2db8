"""Remove a stack; what it has stored stays unless somebody says otherwise, in so many words."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from typing import TYPE_CHECKING

from dishwasher.cli import account
from dishwasher.cli.account import Account
from dishwasher.cli.terminal import paint, show
from dishwasher.errors import InfraError, UserError

if TYPE_CHECKING:
    from dishwasher.aws.retained import Retained

SECONDS, TRIES = 5, 360
"""Half an hour for all functions to go; a network interface alone may take twenty minutes."""


def remove(options: argparse.Namespace) -> int:
    """Say what goes and what stays, ask for the stack's name, and remove it."""
    with account.opened(options) as opened:
        from dishwasher.aws import retained

        found = retained.of(opened.clients, opened.stack)
        keeps = options.data == "keep"
        colour = paint()
        show([colour("bold", f"{opened.stack.name} in {opened.region} goes, with its functions.")])
        show(_told(found, keeps=keeps))
        _agree(options, opened)
        _delete(opened)
        if not keeps:
            retained.delete(opened.clients, found)
        show(["", f"{colour('good', '✔')} {opened.stack.name} is removed."])
        show(_afterwards(found, opened, keeps=keeps))
    return 0


def _told(found: Retained, *, keeps: bool) -> list[str]:
    said = []
    if found.table:
        said.append(f"the table {found.table}: {found.items} rows, {_size(found.table_bytes)}")
    if found.bucket:
        more = "more than " if found.is_more else ""
        count = f"{more}{found.objects} files, {more}{_size(found.bucket_bytes)}"
        said.append(f"the bucket {found.bucket}: {count}")
    if found.parameters:
        what = "the App's keys and the secrets of jobs"
        said.append(f"{len(found.parameters)} parameters below {found.settings}: {what}")
    if not said:
        return ["It holds no data."]
    lines = [f"  - {one}" for one in said]
    if not keeps:
        return ["This is DELETED with it, and nobody can bring it back:", *lines]
    cost = f"about ${found.dollars:.2f} a month where it is stored, at prices of {found.PRICED}"
    return ["This stays:", *lines, f"That costs {cost}."]


def _agree(options: argparse.Namespace, opened: Account) -> None:
    from dishwasher.aws.stack import make

    name = opened.stack.name
    if options.confirm is None:
        if not sys.stdin.isatty():
            raise UserError(
                f"nobody is at the terminal to be asked: "
                f"`{make('remove', name, f'--confirm {name}')}` says that you mean it"
            )
        options.confirm = input(f"Type {name} to go on: ").strip()
    if options.confirm != name:
        raise UserError("nothing was removed")


def _delete(opened: Account) -> None:
    from botocore.exceptions import WaiterError

    from dishwasher.aws.stack import make, reasons

    cloudformation, id = opened.clients.client("cloudformation"), opened.stack.id
    if opened.stack.protected:
        words = {"StackName": opened.stack.name, "EnableTerminationProtection": False}
        cloudformation.update_termination_protection(**words)
    cloudformation.delete_stack(StackName=opened.stack.name)
    show(["Removing; some minutes ..."])
    try:
        # By its id: one that is gone has no name any more.
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=id, WaiterConfig={"Delay": SECONDS, "MaxAttempts": TRIES}
        )
    except WaiterError as error:
        why = "".join(f"\n  {one}" for one in reasons(opened.clients, id)[:3])
        raise InfraError(
            f"{opened.stack.name} is not wholly removed:{why}\nmend that, and "
            f"`{make('remove', opened.stack.name)}` again"
        ) from error


def _afterwards(found: Retained, opened: Account, *, keeps: bool) -> list[str]:
    from dishwasher.aws.parameters import AT_ONCE

    if not keeps:
        return ["The App is still on GitHub, and sends to nobody: delete it on its page there."]
    lines = [
        "The App is still on GitHub, and sends to nobody. A new stack takes it up, with its keys",
        "and the secrets, and begins empty; if there is to be none, delete it on its page there.",
    ]
    todo = [f"aws dynamodb delete-table --table-name {found.table}"] if found.table else []
    todo += [f"aws s3 rb --force s3://{found.bucket}"] if found.bucket else []
    names = iter(found.parameters)
    while some := " ".join(islice(names, AT_ONCE)):
        todo.append(f"aws ssm delete-parameters --names {some}")
    if todo:
        place = f" --region {opened.region}"
        lines += ["What stays can be removed later:", *(f"  {one}{place}" for one in todo)]
    return lines


def _size(count: int) -> str:
    if count < 10**6:
        return f"{count / 1e3:.0f} KB"
    return f"{count / 1e6:.0f} MB" if count < 10**9 else f"{count / 1e9:.1f} GB"
