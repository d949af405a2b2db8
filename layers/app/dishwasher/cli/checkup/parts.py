"""What the stack is made of: functions that run, bells that ring, settings that are there."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.aws.stack import make
from dishwasher.cli.account import PARAMETERS, Account, words
from dishwasher.cli.checkup.finding import Finding, fail, ok, warn
from dishwasher.cli.checkup.stack import AREA, each

DEAD = {"DeadDeliveries": "Plan", "DeadJobs": "Dispatch", "DeadReports": "Report"}
"""The function that tried in vain, by the queue's name in template.yaml."""
FEW = 100
"""Functions at once, with which a build of some jobs leaves none to hear its runners: a new account
has ten. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
QUOTA = "--service-code lambda --quota-code L-B99A9384"
"""Of functions at once."""


def look(account: Account) -> Iterator[Finding]:
    yield from each(
        account,
        ("functions", _functions),
        ("at once", _at_once),
        ("queues", _sources),
        ("dead queues", _dead),
        ("schedules", _schedules),
        ("table", _table),
        ("parameters", _parameters),
    )


def _functions(account: Account) -> Iterator[Finding]:
    functions = account.stack.of_type("AWS::Lambda::Function")
    client, broken = account.clients.client("lambda"), 0
    for name, id in functions.items():
        found = client.get_function_configuration(FunctionName=id)
        state, last = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        limit = client.get_function_concurrency(FunctionName=id)
        # Put away because nobody called it for weeks, a function comes back for who does.
        is_idle = state == "Inactive" and found.get("StateReasonCode") == "Idle"
        if (state in ("Failed", "Inactive") and not is_idle) or last == "Failed":
            why = found.get("StateReason") or found.get("LastUpdateStatusReason") or state
            todo = f"`{make('upgrade', account.stack.name)}` anew"
            yield fail(AREA, "functions", f"{name} can not run: {why}", todo)
        elif limit.get("ReservedConcurrentExecutions") == 0:
            todo = f"aws lambda delete-function-concurrency --function-name {id}"
            yield fail(AREA, "functions", f"somebody has stopped {name}", todo)
        else:
            continue
        broken += 1
    if not functions:
        todo = f"`{make('upgrade', account.stack.name)}` makes them"
        yield fail(AREA, "functions", "there are none", todo)
    elif not broken:
        yield ok(AREA, "functions", f"{len(functions)}, and all can run")


def _at_once(account: Account) -> Iterator[Finding]:
    limits = account.clients.client("lambda").get_account_settings()["AccountLimit"]
    count, what = limits["UnreservedConcurrentExecutions"], "at once"
    if count < FEW:
        text = f"{count} functions in this account: what more comes meanwhile is turned away"
        ask = f"aws service-quotas request-service-quota-increase {QUOTA} --desired-value 1000"
        yield warn(AREA, what, text, ask)
    else:
        yield ok(AREA, what, f"{count:,} functions in this account")


def _sources(account: Account) -> Iterator[Finding]:
    sources = account.stack.of_type("AWS::Lambda::EventSourceMapping")
    client, deaf = account.clients.client("lambda"), 0
    for name, id in sources.items():
        state = client.get_event_source_mapping(UUID=id)["State"]
        if state in ("Disabled", "Disabling"):
            deaf += 1
            todo = f"aws lambda update-event-source-mapping --enabled --uuid {id}"
            yield fail(AREA, "queues", f"{name} is {state}: nobody hears from its queue", todo)
    if sources and not deaf:
        yield ok(AREA, "queues", f"{len(sources)}, and functions hear from all")


def _dead(account: Account) -> Iterator[Finding]:
    stack, waiting = account.stack, 0
    for queue, function in DEAD.items():
        if queue not in stack.resources:
            continue
        attributes = account.clients.sqs.get_queue_attributes(
            QueueUrl=stack.resources[queue].id,
            AttributeNames=["ApproximateNumberOfMessages", "QueueArn"],
        )["Attributes"]
        count = int(attributes["ApproximateNumberOfMessages"])
        if not count:
            continue
        waiting += count
        text = f"{queue} holds {count} message{'s'[: count != 1]} that {function} tried in vain"
        todo = (
            f"`{account.log(function)}` says why; when that is mended, "
            f"aws sqs start-message-move-task --source-arn {attributes['QueueArn']}"
        )
        yield fail(AREA, "dead queues", text, todo)
    if not waiting:
        yield ok(AREA, "dead queues", "empty")


def _schedules(account: Account) -> Iterator[Finding]:
    schedules = account.stack.of_type("AWS::Scheduler::Schedule")
    client, off = account.clients.client("scheduler"), 0
    for name, id in schedules.items():
        if client.get_schedule(Name=id)["State"] != "ENABLED":
            off += 1
            text = f"{name} is switched off: what is lost on the way stays lost"
            todo = f"enable {id} on AWS's page of EventBridge's schedules"
            yield fail(AREA, "schedules", text, todo)
    if not schedules:
        todo = f"`{make('upgrade', account.stack.name)}` makes them"
        yield fail(AREA, "schedules", "there are none", todo)
    elif not off:
        yield ok(AREA, "schedules", f"{len(schedules)}, switched on")


def _table(account: Account) -> Iterator[Finding]:
    name = account.stack.output("Table")
    client = account.clients.dynamodb
    state = client.describe_table(TableName=name)["Table"]["TableStatus"]
    if state not in ("ACTIVE", "UPDATING"):
        yield fail(AREA, "table", f"{name} is {state}", "restore it from a backup")
        return
    kept = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    point = kept.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if point == "ENABLED":
        yield ok(AREA, "table", f"{name}, with backups of the last 35 days")
    else:
        todo = (
            f"aws dynamodb update-continuous-backups --table-name {name} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        )
        yield warn(AREA, "table", f"{name} has no backups", todo)


def _parameters(account: Account) -> Iterator[Finding]:
    names = [account.parameter(name) for name in PARAMETERS]
    answer = account.clients.ssm.get_parameters(Names=names, WithDecryption=True)
    found = {one["Name"]: one for one in answer["Parameters"]}
    missing = [name for name in names if name not in found]
    open = [name for name, one in found.items() if one["Type"] != "SecureString"]
    if missing:
        todo = (
            f"dishwasher app create{words(account)}; or, of an App that is there, "
            f"aws ssm put-parameter --type SecureString --name {missing[0]} --value file://…"
        )
        yield fail(AREA, "parameters", f"{', '.join(missing)} missing", todo)
    if open:
        todo = f"aws ssm delete-parameter --name {open[0]}, and put it as a SecureString"
        yield warn(AREA, "parameters", f"{', '.join(open)} not encrypted", todo)
    if not missing and not open:
        yield ok(AREA, "parameters", f"{len(names)} below {account.stack.settings}")
