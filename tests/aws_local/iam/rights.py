"""What a call wants to do to which resource, and whether a role's policies let it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from tests.aws.builder import read
from tests.aws_local.iam.signature import Call

ACCOUNT = "123456789012"
"""moto's."""
EVERYBODY = frozenset({"sts:GetCallerIdentity"})
"""Nobody needs a right for it, and it tells nothing but who asks."""
BATCHES = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
}
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")

Wanted = tuple[str, str]
"""Action and ARN."""
Statement = Mapping[str, Any]


def wanted(call: Call, service: str, region: str) -> list[Wanted]:
    """All of it must be allowed. What is not known here is an action that no role has."""
    arn = f"arn:aws:{service}:{region}:{ACCOUNT}"
    found = {
        "dynamodb": _dynamodb,
        "sqs": _sqs,
        "ssm": _ssm,
        "s3": _s3,
        "lambda": _lambda,
        "codebuild": _codebuild,
    }.get(service, _other)(call, arn)
    return list(found) or [(f"{service}:Unknown", arn)]


def allowed(statements: Iterable[Statement], action: str, resource: str) -> bool:
    return action in EVERYBODY or any(
        one["Effect"] == "Allow"
        and any(_matches(pattern, action) for pattern in _list(one["Action"]))
        and any(_matches(pattern, resource) for pattern in _list(one["Resource"]))
        for one in statements
    )


def _target(call: Call) -> str:
    return call.headers.get("x-amz-target", "").rpartition(".")[2]


def _dynamodb(call: Call, arn: str) -> Iterator[Wanted]:
    action, words = _target(call), _json(call)
    if action == "TransactWriteItems":
        for item in words["TransactItems"]:
            for kind, own in item.items():
                yield f"dynamodb:{TRANSACTED[kind]}", f"{arn}:table/{own['TableName']}"
    elif "RequestItems" in words:
        for table in words["RequestItems"]:
            yield f"dynamodb:{action}", f"{arn}:table/{table}"
    elif action:
        index = f"/index/{words['IndexName']}" if "IndexName" in words else ""
        yield f"dynamodb:{action}", f"{arn}:table/{words.get('TableName', '')}{index}"


def _sqs(call: Call, arn: str) -> Iterator[Wanted]:
    action = _target(call)
    if action:
        queue = _json(call).get("QueueUrl", "").rpartition("/")[2]
        yield f"sqs:{BATCHES.get(action, action)}", f"{arn}:{queue}"


def _ssm(call: Call, arn: str) -> Iterator[Wanted]:
    words = _json(call)
    for name in words.get("Names") or [words.get("Name", "")]:
        yield f"ssm:{_target(call)}", f"{arn}:parameter{name}"


def _s3(call: Call, _: str) -> Iterator[Wanted]:
    bucket, _, key = unquote(call.path).lstrip("/").partition("/")
    words = call.parameters.keys()
    if not key:
        action = "ListBucket" if call.method in ("GET", "HEAD") and bucket else "Unknown"
    elif call.method in ("GET", "HEAD"):
        action = "GetObject"
    elif call.method == "DELETE":
        action = "AbortMultipartUpload" if "uploadId" in words else "DeleteObject"
    elif call.method == "PUT" or "uploads" in words or "uploadId" in words:
        action = "PutObject"
    else:
        action = "Unknown"
    yield f"s3:{action}", f"arn:aws:s3:::{bucket}{f'/{key}' if key else ''}"
    if source := call.headers.get("x-amz-copy-source"):
        yield "s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/')}"


def _lambda(call: Call, arn: str) -> Iterator[Wanted]:
    if found := INVOKE.fullmatch(call.path):
        yield "lambda:InvokeFunction", f"{arn}:function:{unquote(found[1])}"


def _codebuild(call: Call, arn: str) -> Iterator[Wanted]:
    """By JSON or, from botocore 1.44 on, by CBOR."""
    action = _target(call) or call.path.rpartition("/")[2]
    words = _json(call) if _target(call) else read(call.body)
    builds = (*words.get("ids", ()), *([words["id"]] if "id" in words else []))
    projects = {id.partition(":")[0] for id in builds} | {words.get("projectName", "")} - {""}
    for project in sorted(projects):
        yield f"codebuild:{action}", f"{arn}:project/{project}"


def _other(call: Call, arn: str) -> Iterator[Wanted]:
    """By JSON or by a form, as most services; the resource of none of them is ours."""
    form = re.search(rb"(?:^|&)Action=(\w+)", call.body)
    action = form[1].decode() if form else _target(call)
    if action:
        yield f"{arn.split(':')[2]}:{action}", arn


def _json(call: Call) -> dict[str, Any]:
    words = json.loads(call.body or b"{}")
    return words if isinstance(words, dict) else {}


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
