"""The stack: whose, whether it is whole, how old, and what its alarms say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dishwasher.aws.stack import FINE, make, obstacle, reasons, resources
from dishwasher.aws.user_errors import explained
from dishwasher.cli import clone
from dishwasher.cli.account import Account
from dishwasher.cli.checkup.finding import Finding, fail, note, ok, split, warn
from dishwasher.errors import InfraError, UserError

AREA = "AWS"
UNDONE = "UPDATE_ROLLBACK_COMPLETE"
NUMBER = "python3."


def each(
    account: Account, *parts: tuple[str, Callable[[Account], Iterator[Finding]]]
) -> Iterator[Finding]:
    """Look at every part; one that may not be read hides none of the others."""
    for what, part in parts:
        try:
            with explained(f"can not read {what}"):
                yield from part(account)
        except (UserError, InfraError) as error:
            yield fail(AREA, what, *split(str(error)))


def look(account: Account) -> Iterator[Finding]:
    yield from each(
        account,
        ("account", _who),
        ("stack", _whole),
        ("version", _version),
        ("alarms", _alarms),
    )


def _who(account: Account) -> Iterator[Finding]:
    arn = account.clients.client("sts").get_caller_identity()["Arn"]
    yield ok(AREA, "account", f"{arn.split(':')[4]} in {account.region}, as {arn.split(':')[5]}")


def _whole(account: Account) -> Iterator[Finding]:
    stack = account.stack
    if todo := obstacle(stack):
        yield fail(AREA, "stack", *split(todo))
    elif stack.status == UNDONE:
        why = "; ".join(reasons(account.clients, stack.name)[:1])
        text = f"{stack.name}: the last update failed and was undone{f': {why}' if why else ''}"
        yield warn(AREA, "stack", text, f"mend that, and `{make('upgrade', stack.name)}` again")
    elif stack.status not in FINE:
        yield warn(AREA, "stack", f"{stack.name} is {stack.status}", "look at its events on AWS")
    else:
        yield ok(AREA, "stack", f"{stack.name} is {stack.status}")
    if not stack.protected:
        text = f"{stack.name} may be removed by one call"
        todo = f"`{make('upgrade', stack.name)}` protects it; what it stores would stay"
        yield note(AREA, "stack", text, todo)


def _version(account: Account) -> Iterator[Finding]:
    deployed, here = account.stack.outputs.get("Version", ""), clone.version()
    upgrade = make("upgrade", account.stack.name)
    behind = clone.behind(deployed) if deployed else None
    if not deployed or deployed == "unknown":
        yield note(AREA, "version", "nobody knows what was deployed", f"`{upgrade}` tells it")
    elif deployed == here:
        yield ok(AREA, "version", f"{deployed}, as this clone")
    elif behind:
        text = f"{deployed} is deployed, {behind} commit{'s'[: behind != 1]} older than this clone"
        yield warn(AREA, "version", text, f"`{upgrade}` deploys this clone")
    else:
        yield note(AREA, "version", f"{deployed} is deployed{here and f', and {here} is here'}")
    runs, wanted = account.stack.parameters.get("Runtime", ""), clone.runtime()
    if runs and wanted and _minor(runs) < _minor(wanted):
        text = f"functions run {runs}, and {wanted} is what this clone is made for"
        todo = make("upgrade", account.stack.name, f"Runtime={wanted}")
        yield warn(AREA, "version", text, todo)


def _minor(runtime: str) -> int:
    """Of python3.x; 0 for what is no such thing."""
    number = runtime.removeprefix(NUMBER)
    return int(number) if runtime.startswith(NUMBER) and number.isdigit() else 0


def _alarms(account: Account) -> Iterator[Finding]:
    cloudformation = account.clients.client("cloudformation")
    names = list(account.stack.of_type("AWS::CloudWatch::Alarm").values())
    for nested in account.stack.of_type("AWS::CloudFormation::Stack").values():
        found = resources(cloudformation, nested)
        names += [one.id for _, one in found if one.type == "AWS::CloudWatch::Alarm"]
    upgrade = make("upgrade", account.stack.name)
    if not names:
        yield warn(AREA, "alarms", "there are none", f"`{upgrade}` makes them")
        return
    answer = account.clients.client("cloudwatch").describe_alarms(AlarmNames=names)
    alarms = answer["MetricAlarms"]
    rung = [one for one in alarms if one["StateValue"] == "ALARM"]
    for one in rung:
        since = f"{one['StateUpdatedTimestamp']:%Y-%m-%d %H:%M} UTC"
        said = one.get("AlarmDescription", "").rstrip(".")
        text = f"{one['AlarmName']} since {since}: {said}"
        yield fail(AREA, "alarms", text, "look at the dashboard and the logs of its functions")
    if len(alarms) < len(names):
        text = f"{len(names) - len(alarms)} of {len(names)} are gone"
        yield fail(AREA, "alarms", text, f"`{upgrade}` makes them again after a change to them")
    if not rung and alarms:
        yield ok(AREA, "alarms", f"{len(alarms)}, and none rings")
    if not account.stack.parameters.get("AlarmEmail"):
        text = "nobody is told when one rings"
        todo = make("upgrade", account.stack.name, "AlarmEmail=you@example.com")
        yield note(AREA, "alarms", text, todo)
