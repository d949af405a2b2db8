"""What state a stack is in, what of it stays, and what a person is told of both."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from tests.aws.deployed import deploy
from tests.aws.emulator import Emulator, require
from tests.aws.listener import Handler, Listener

pytest.importorskip("botocore", reason="needs botocore")

from dishwasher.aws import retained, stack
from dishwasher.aws.clients import Clients
from dishwasher.aws.stack import Stack
from dishwasher.cli import account
from dishwasher.errors import UserError

STACK = Stack("dish", "arn:1", "CREATE_COMPLETE", {}, {}, {})


@pytest.mark.parametrize(
    ("status", "todo"),
    [
        ("ROLLBACK_COMPLETE", "`make remove ARGS='--stack dish'` takes it away, then deploy again"),
        ("ROLLBACK_FAILED", "`make remove ARGS='--stack dish'`"),
        ("CREATE_FAILED", "`make remove ARGS='--stack dish'`"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name dish"),
        ("DELETE_FAILED", "`make remove ARGS='--stack dish'` goes on with it"),
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "wait until"),
    ],
)
def test_a_stack_that_can_not_be_deployed_onto_says_what_to_do(status: str, todo: str) -> None:
    said = stack.obstacle(replace(STACK, status=status))
    assert todo in said and "dish" in said


@pytest.mark.parametrize(
    ("name", "words", "typed"),
    [
        ("dishwasher", (), "make remove"),
        ("dishwasher", ("--yes",), "make remove ARGS=--yes"),
        ("dish", (), "make remove ARGS='--stack dish'"),
        ("dish", ("--yes",), "make remove ARGS='--stack dish --yes'"),
    ],
)
def test_a_command_leads_to_the_stack_that_it_is_about(
    name: str, words: tuple[str, ...], typed: str
) -> None:
    assert stack.make("remove", name, *words) == typed
    assert stack.NAME == account.STACK


@pytest.mark.parametrize(
    "status",
    ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"],
)
def test_a_whole_stack_can_be_deployed_onto(status: str) -> None:
    assert stack.obstacle(replace(STACK, status=status)) == ""
    assert stack.obstacle(None) == ""


def test_a_stack_of_something_else_is_told() -> None:
    with pytest.raises(UserError, match="another one than Dishwasher's"):
        _ = STACK.url


def test_where_nobody_said_the_settings_are_where_the_template_has_them() -> None:
    assert (STACK.settings, STACK.secrets) == ("/dishwasher", "/dishwasher/secrets")


@pytest.fixture
def deployed(emulator: Emulator) -> Stack:
    require()
    name = f"t{uuid.uuid4().hex[:12]}"
    deploy(emulator, name, PublicUrl="http://127.0.0.1:9", Settings=f"/{name}")
    found = stack.find(emulator.clients, name)
    assert found is not None
    return found


def fill(emulator: Emulator, deployed: Stack) -> None:
    clients = emulator.clients
    table, bucket = deployed.output("Table"), deployed.output("Bucket")
    clients.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    for number in range(3):
        clients.s3.put_object(Bucket=bucket, Key=f"attempts/{number}", Body=b"12345")
    for name in ("app-id", "secrets/7/x/y/0"):
        path = f"{deployed.settings}/{name}"
        clients.ssm.put_parameter(Name=path, Value="v", Type="SecureString")


def test_what_stays_is_counted_and_has_a_price(emulator: Emulator, deployed: Stack) -> None:
    fill(emulator, deployed)
    found = retained.of(emulator.clients, deployed)
    assert (found.items, found.objects, found.bucket_bytes, found.is_more) == (1, 3, 15, False)
    assert len(found.parameters) == 2
    assert replace(found, table_bytes=10**9, bucket_bytes=10**10).dollars == pytest.approx(0.68)


def test_all_of_it_is_deleted_where_that_is_meant(emulator: Emulator, deployed: Stack) -> None:
    fill(emulator, deployed)
    other = f"/x{deployed.name}/app-id"
    emulator.clients.ssm.put_parameter(Name=other, Value="v", Type="SecureString")
    found = retained.of(emulator.clients, deployed)
    for _ in range(2):
        # A second time nothing is there any more, and no harm is done.
        retained.delete(emulator.clients, found)
        left = retained.of(emulator.clients, deployed)
        assert (left.table, left.bucket, left.parameters) == ("", "", ())
    assert emulator.clients.ssm.get_parameters(Names=[other])["Parameters"]


def test_a_stack_that_is_not_there_is_none(emulator: Emulator) -> None:
    assert stack.find(emulator.clients, "nowhere") is None


def test_what_failed_is_found_behind_all_that_was_undone_after_it() -> None:
    """CloudFormation tells a hundred events at once, the newest first; moto tells all."""
    undone = [event(f"R{number}", "DELETE_COMPLETE") for number in range(150)]
    failed = [
        event("Other", "CREATE_FAILED", "Resource creation cancelled"),
        event("Run", "CREATE_FAILED", "'MemorySize' must be 3008 at most"),
    ]
    begun = [event("dish", "CREATE_IN_PROGRESS", own="arn:1")]
    older = [event("Old", "CREATE_FAILED", "of another deployment")]
    with told([*undone, *failed, *begun, *older]) as clients:
        assert stack.reasons(clients, "dish") == ("Run: 'MemorySize' must be 3008 at most",)


def event(name: str, status: str, reason: str = "", own: str = "arn:2") -> str:
    return (
        f"<member><StackId>arn:1</StackId><LogicalResourceId>{name}</LogicalResourceId>"
        f"<PhysicalResourceId>{own}</PhysicalResourceId><ResourceStatus>{status}</ResourceStatus>"
        f"<ResourceStatusReason>{reason}</ResourceStatusReason></member>"
    )


@contextmanager
def told(events: list[str]) -> Iterator[Clients]:
    """Clients of a CloudFormation that has these events of one stack, a hundred a page."""

    class Api(Handler):
        def do_POST(self) -> None:
            start = int(parse_qs(self.body().decode()).get("NextToken", ["0"])[0])
            page, more = events[start : start + 100], start + 100 < len(events)
            token = f"<NextToken>{start + 100}</NextToken>" if more else ""
            said = f"<StackEvents>{''.join(page)}</StackEvents>{token}"
            name = "DescribeStackEvents"
            self.tell(
                200,
                (),
                f"<{name}Response><{name}Result>{said}</{name}Result></{name}Response>".encode(),
            )

    api = Listener("CloudFormation", Api)
    api.start()
    try:
        yield Clients("us-east-1", api.url)
    finally:
        api.close()
