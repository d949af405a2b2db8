"""A stack of CloudFormation, as a person's own credentials may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code
from dishwasher.errors import UserError

NAME = "dishwasher"
"""Where nobody gives another one."""
SETTINGS = "/dishwasher"
"""As template.yaml says, where nobody says another."""
EVENTS = 1000
"""Looked through for why something failed; one operation has fewer, in pages of a hundred."""
BEGINNINGS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})
FINE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
EMPTY = frozenset({"REVIEW_IN_PROGRESS"})
"""A change set was made and never carried out: there is nothing yet."""


@dataclass(frozen=True, slots=True)
class Resource:
    type: str
    id: str
    """What AWS calls it: a name, a URL or an ARN."""


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, Resource]
    """By their names in the template; nested stacks are not looked into."""
    protected: bool = False
    """Against being removed."""

    @property
    def settings(self) -> str:
        """Where the App's settings are, with a slash before and none behind."""
        return self.parameters.get("Settings") or SETTINGS

    @property
    def secrets(self) -> str:
        """As template.yaml says: below the settings."""
        return f"{self.settings}/secrets"

    @property
    def url(self) -> str:
        """Where pages and webhooks are, without a slash behind; raises UserError as `output`."""
        return self.output("Url").rstrip("/")

    def of_type(self, type: str) -> dict[str, str]:
        """What AWS calls them, by their names in the template."""
        found = sorted(self.resources.items())
        return {name: one.id for name, one in found if one.type == type}

    def output(self, name: str) -> str:
        """Raises UserError where the stack has none of this name."""
        if name not in self.outputs:
            raise UserError(
                f"the stack {self.name} has no output {name}: it is another one than Dishwasher's, "
                f"or {self.status}; give the name of the right one"
            )
        return self.outputs[name]


def find(clients: Clients, name: str) -> Stack | None:
    """None where there is none of this name; what botocore raises is the caller's."""
    cloudformation = clients.client("cloudformation")
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return Stack(
        found["StackName"],
        found["StackId"],
        found["StackStatus"],
        {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())},
        {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())},
        dict(resources(cloudformation, name)),
        bool(found.get("EnableTerminationProtection")),
    )


def resources(cloudformation: Any, name: str) -> Iterator[tuple[str, Resource]]:
    """Of a stack, a nested one too, those that are there."""
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
        for one in page["StackResourceSummaries"]:
            if one.get("PhysicalResourceId"):
                found = Resource(one["ResourceType"], one["PhysicalResourceId"])
                yield one["LogicalResourceId"], found


def make(verb: str, name: str, *words: str) -> str:
    """What to type in a clone, for the stack of this name."""
    told = " ".join((*((f"--stack {name}",) if name != NAME else ()), *words))
    return f"make {verb}" + (f" ARGS='{told}'" if " " in told else f" ARGS={told}" if told else "")


def obstacle(stack: Stack | None) -> str:
    """Why nothing can be deployed onto it now, with what to do; empty where it can be."""
    if stack is None or stack.status in FINE | EMPTY:
        return ""
    name, status = stack.name, stack.status
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        return (
            f"the first deployment of {name} failed and was undone ({status}); it holds nothing: "
            f"`{make('remove', name)}` takes it away, then deploy again"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"{name} could not be brought back after a failed update: `aws cloudformation "
            f"continue-update-rollback --stack-name {name}`, then deploy again"
        )
    if status == "DELETE_FAILED":
        return f"{name} is half removed: `{make('remove', name)}` goes on with it"
    if status.endswith("_IN_PROGRESS"):
        return f"{name} is being changed ({status}): wait until that has ended, and try again"
    return ""


def reasons(clients: Clients, name: str) -> tuple[str, ...]:
    """What failed in the newest operation, as AWS says it, the cause first."""
    events = clients.client("cloudformation").get_paginator("describe_stack_events")
    found = []
    for event in islice(events.paginate(StackName=name).search("StackEvents[]"), EVENTS):
        if event["ResourceStatus"].endswith("_FAILED"):
            why = event.get("ResourceStatusReason", "")
            # Those that were stopped because of another one say nothing.
            if "cancelled" not in why:
                found.append(f"{event['LogicalResourceId']}: {why}")
        begun = event["ResourceStatus"] in BEGINNINGS
        if begun and event.get("PhysicalResourceId") == event["StackId"]:
            break
    return tuple(reversed(found))
