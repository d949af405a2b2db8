"""Who may do what to which resource: all of it stands here, and nothing else in template.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from dishwasher.aws.keys import object_of, part_of, whole_of
from dishwasher.core.result import added_key, artifact_key, log_key, progress_key, result_key

from tests.aws import template
from tests.aws_local.iam.rights import allowed

READ = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
WRITE = (*READ, "dynamodb:PutItem")
SEE = ("s3:GetObject",)
BLOBS = (*SEE, "s3:PutObject")
HEAR = (
    *("sqs:ChangeMessageVisibility", "sqs:DeleteMessage"),
    *("sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
)
STOP = ("codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:StopBuild")
LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
CONNECTORS = "lambda:${AWS::Region}:aws:network-connector:aws-network-connector:"
APP = ("app-id", "private-key", "webhook-secret")

Right = tuple[str, str, str]
"""Role, action, resource."""


def rights(role: str, resource: str, *actions: str) -> set[Right]:
    return {(role, action, resource) for action in actions}


def sends(role: str, *queues: str) -> set[Right]:
    return {(role, "sqs:SendMessage", queue) for queue in queues}


def reads(role: str, *names: str) -> set[Right]:
    return {(role, "ssm:GetParameters", f"parameter${{Settings}}/{name}") for name in names}


def keeps(role: str, **places: tuple[str, ...]) -> set[Right]:
    """A role that works with files; ListBucket makes a missing one a 404 instead of a 403."""
    found = rights(role, "Bucket", "s3:ListBucket")
    return found.union(*(rights(role, f"Bucket/{place}/*", *own) for place, own in places.items()))


ALLOWED: set[Right] = set().union(
    # Each function writes its own log; the runner's writes none.
    *(
        rights(role, f"{role.removesuffix('Role')}Log", *LOG)
        for role in (
            *("WebhookRole", "PlanRole", "DispatchRole", "TicketsRole"),
            *("ReportRole", "ReapRole", "PagesRole"),
        )
    ),
    rights("WebhookRole", "Table", "dynamodb:PutItem"),
    sends("WebhookRole", "Deliveries"),
    reads("WebhookRole", "webhook-secret"),
    rights("PlanRole", "Deliveries", *HEAR),
    rights("PlanRole", "Table", *WRITE),
    keeps("PlanRole", attempts=BLOBS),
    sends("PlanRole", "Deliveries", "Jobs", "Reports"),
    reads("PlanRole", *APP),
    rights("DispatchRole", "Jobs", *HEAR),
    rights("DispatchRole", "Table", *WRITE),
    keeps("DispatchRole", runner=BLOBS),
    rights("DispatchRole", "Bucket/attempts/*/microvm", "s3:PutObject"),
    sends("DispatchRole", "Jobs", "Reports"),
    reads("DispatchRole", *APP),
    rights("DispatchRole", "Run", "lambda:InvokeFunction"),
    rights("DispatchRole", "RunImage", "lambda:InvokeFunction"),
    rights("DispatchRole", "Builder", "codebuild:StartBuild"),
    rights("DispatchRole", "MicrovmImage", "lambda:RunMicrovm"),
    rights("DispatchRole", f"{CONNECTORS}*", "lambda:PassNetworkConnector"),
    rights("TicketsRole", "Table", *WRITE, "dynamodb:UpdateItem"),
    keeps("TicketsRole", attempts=BLOBS, caches=BLOBS),
    sends("TicketsRole", "Jobs", "Reports"),
    reads("TicketsRole", *APP, "secrets/*"),
    rights("ReportRole", "Reports", *HEAR),
    rights("ReportRole", "Table", *WRITE),
    keeps("ReportRole", attempts=SEE, builds=BLOBS),
    sends("ReportRole", "Jobs", "Reports"),
    reads("ReportRole", *APP),
    rights("ReapRole", "Table", *WRITE),
    rights("ReapRole", "Table/index/by-due", "dynamodb:Query"),
    keeps("ReapRole", caches=(*SEE, "s3:DeleteObject")),
    rights("ReapRole", "Bucket/attempts/*/microvm", *SEE),
    sends("ReapRole", "Deliveries", "Jobs", "Reports"),
    rights("ReapRole", "Builder", *STOP),
    rights("ReapRole", "MicrovmImage", "lambda:TerminateMicrovm"),
    reads("ReapRole", *APP),
    rights("PagesRole", "Table", *READ),
    keeps("PagesRole", attempts=SEE),
    rights("PagesRole", "Bucket/attempts/*/log%%@*", "s3:PutObject", "s3:AbortMultipartUpload"),
    reads("PagesRole", *APP, "client-id", "client-secret"),
    rights("ScheduleRole", "Reap", "lambda:InvokeFunction"),
)
"""A row more here is a decision; the names of functions' roles end in `Role`."""


def test_every_role_may_do_exactly_what_it_is_allowed() -> None:
    found = set(granted())
    assert found - ALLOWED == set(), "more than was decided"
    assert ALLOWED - found == set(), "decided, and not in the template"


GET, PUT, DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
ATTEMPT = "b1-0.1"
RESULT, PROGRESS, LOG_FILE, ADDED, PAGE = map(
    object_of,
    (
        *(result_key(ATTEMPT), progress_key(ATTEMPT), log_key(ATTEMPT), added_key("b1")),
        artifact_key(ATTEMPT, f"docs/{'é' * 400}.html"),
    ),
)
MORE, WHOLE = part_of(LOG_FILE, 1), whole_of(LOG_FILE, 7)
CACHE, CODE, MICROVM = f"caches/{ATTEMPT}/0f", "runner/0f.tar.gz", f"attempts/{ATTEMPT}/microvm"


def reaches(role: str, action: str, file: str) -> bool:
    return any(
        allowed([{"Effect": "Allow", "Action": one, "Resource": place}], action, f"Bucket/{file}")
        for name, one, place in granted()
        if name == role
    )


@pytest.mark.parametrize(
    ("role", "actions", "files"),
    [
        ("PlanRole", (GET, PUT), (RESULT,)),
        ("DispatchRole", (GET, PUT), (CODE,)),
        ("DispatchRole", (PUT,), (MICROVM,)),
        ("TicketsRole", (GET, PUT), (RESULT, PROGRESS, LOG_FILE, MORE, PAGE, CACHE)),
        ("ReportRole", (GET,), (RESULT, PROGRESS)),
        ("ReportRole", (GET, PUT), (ADDED,)),
        ("ReapRole", (GET, DELETE), (CACHE,)),
        ("ReapRole", (GET,), (MICROVM,)),
        ("PagesRole", (GET,), (RESULT, PROGRESS, LOG_FILE, MORE, WHOLE, PAGE)),
        ("PagesRole", (PUT, "s3:AbortMultipartUpload"), (WHOLE,)),
    ],
)
def test_a_function_reaches_the_files_that_it_works_with(
    role: str, actions: tuple[str, ...], files: tuple[str, ...]
) -> None:
    """As the product calls them; AWS would be the first to refuse what is not granted."""
    assert all(reaches(role, action, file) for action in actions for file in files)


@pytest.mark.parametrize(
    ("action", "file", "roles"),
    [
        *((PUT, file, {"PlanRole", "TicketsRole"}) for file in (RESULT, LOG_FILE, MORE, PAGE)),
        (PUT, CACHE, {"TicketsRole"}),
        (PUT, CODE, {"DispatchRole"}),
        (DELETE, CACHE, {"ReapRole"}),
        *((DELETE, file, set[str]()) for file in (RESULT, LOG_FILE, PAGE, ADDED, CODE)),
    ],
)
def test_what_a_job_has_told_is_written_by_few(action: str, file: str, roles: set[str]) -> None:
    all = {role for role, _, _ in granted()}
    assert {role for role in all if reaches(role, action, file)} == roles


@pytest.mark.parametrize("name", ["RunRole", "BuilderRole"])
def test_a_runner_may_do_nothing(name: str) -> None:
    role = template.of_type(template.load(), "AWS::IAM::Role")[name]
    assert role.keys() == {"AssumeRolePolicyDocument"}


def test_microvms_take_rights_only_where_there_is_an_image() -> None:
    found = {
        name: resource["Condition"]
        for name, resource in template.load()["Resources"].items()
        if resource["Type"] == "AWS::IAM::RolePolicy"
    }
    assert found == {"DispatchMicrovms": "Microvms", "ReapMicrovms": "Microvms"}
    asked = {"Fn::Not": [{"Fn::Equals": [{"Ref": "MicrovmImage"}, ""]}]}
    assert template.load()["Conditions"]["Microvms"] == asked
    told = {
        name
        for name, own in template.of_type(template.load(), "AWS::Serverless::Function").items()
        if "DISHWASHER_MICROVM" in own.get("Environment", {}).get("Variables", {})
    }
    assert told == {"Dispatch", "Tickets", "Reap"}


def test_no_right_is_wider_than_a_resource() -> None:
    for role, action, resource in granted():
        assert "*" not in action, f"{role}: {action}"
        assert resource != "*", f"{role}: {action} on everything"


def test_every_function_has_a_role_of_its_own() -> None:
    functions = template.of_type(template.load(), "AWS::Serverless::Function")
    roles = {name: own["Role"] for name, own in functions.items()}
    assert roles == {name: {"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in functions}
    assert not any("Policies" in own for own in functions.values()), "SAM would widen them"


def test_only_aws_itself_may_take_a_role() -> None:
    roles = template.of_type(template.load(), "AWS::IAM::Role")
    for name, role in roles.items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        service = {"ScheduleRole": "scheduler", "BuilderRole": "codebuild"}.get(name, "lambda")
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert not {"ManagedPolicyArns", "PermissionsBoundary"} & role.keys()


@cache
def granted() -> tuple[Right, ...]:
    return tuple(_granted())


def _granted() -> Iterator[Right]:
    for role, policy in policies():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in _list(statement["Action"]):
                for resource in _list(statement["Resource"]):
                    for one in _either(resource):
                        yield role, action, _short(one)


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Those of the roles, and those that they have on a condition."""
    for role, own in template.of_type(template.load(), "AWS::IAM::Role").items():
        yield from ((role, policy) for policy in own.get("Policies", ()))
    for policy in template.of_type(template.load(), "AWS::IAM::RolePolicy").values():
        yield policy["RoleName"]["Ref"], policy


def _either(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Both sides of a condition."""
    return resource["Fn::If"][1:] if "Fn::If" in resource else [resource]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _short(resource: dict[str, Any]) -> str:
    """`Table`, `Table/index/by-due`, `parameter${Settings}/app-id`."""
    if "Fn::GetAtt" in resource:
        name, attribute = resource["Fn::GetAtt"]
        assert attribute == "Arn"
        return str(name)
    if "Ref" in resource:
        return str(resource["Ref"])
    text = re.sub(r"\$\{(\w+)\.Arn\}", r"\1", resource["Fn::Sub"])
    account = "ssm:${AWS::Region}:${AWS::AccountId}:"
    return str(text).removeprefix("arn:${AWS::Partition}:").removeprefix(account)
