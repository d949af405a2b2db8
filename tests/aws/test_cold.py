"""What the webhook's function does before its first answer: a sender waits for it, and so do we.

`make aws-cold` measures the seconds of it; here is what they are made of, and no load can change.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.aws.emulator import Emulator
from tests.aws.lossy import line

pytestmark = pytest.mark.slow

FUNCTION = Path(__file__).parents[2] / "functions" / "webhook"
SECRET = "a webhook secret"
ROOMS = {"aws", "core", "errors", "flow", "http", "local", "ports", "wiring"}
OTHERS = """
    boto3 cryptography cronsim github jinja2 jwt pydantic regex requests yaml zstandard
    aws_xray_sdk aws_lambda_powertools.event_handler
    aws_lambda_powertools.utilities.batch aws_lambda_powertools.utilities.data_classes
    dishwasher.aws.blobs dishwasher.aws.fleets dishwasher.aws.vault
    dishwasher.core.build dishwasher.core.check_run dishwasher.core.config dishwasher.core.job
    dishwasher.core.pattern dishwasher.core.plan dishwasher.core.report dishwasher.core.selection
    dishwasher.core.ticket
    dishwasher.wiring.activity dishwasher.wiring.hearing dishwasher.wiring.settings
""".split()  # noqa: SIM905
"""What other functions are made of; a class of values takes longer to make than to use."""
PROGRAM = """
import json, sys
import handler

class Context:
    function_name, memory_limit_in_mb, aws_request_id = "webhook", 1769, "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:webhook"

answer = handler.handler(json.load(sys.stdin), Context())
clients = sorted(set(vars(handler.house.clients)) & {"dynamodb", "s3", "sqs", "ssm"})
told = {"status": answer["statusCode"], "clients": clients, "modules": sorted(sys.modules)}
print("\\n" + json.dumps(told))
"""


@pytest.fixture(scope="module")
def body() -> str:
    """A push, as GitHub tells of it."""
    examples = Path(__file__).parents[1] / "core" / "payloads.json"
    return json.dumps(json.loads(examples.read_text())["payloads"]["push"])


def test_a_cold_webhook_imports_and_asks_for_nothing_but_its_own(
    emulator: Emulator, body: str
) -> None:
    pytest.importorskip("aws_lambda_powertools")
    with line(emulator.url) as aws:
        told = _answered(emulator, aws.url, body)
        assert told["status"] == 202
        # The secret, the delivery and its bell: each is a client to make and a way to wait for.
        assert aws.calls == ["GetParameters", "PutItem", "SendMessage"]
    assert told["clients"] == ["dynamodb", "sqs", "ssm"]
    modules = set(told["modules"])
    assert not modules.intersection(OTHERS)
    ours = {name.split(".")[1] for name in modules if name.startswith("dishwasher.")}
    assert ours == ROOMS


def test_the_names_of_what_is_not_imported_are_those_of_modules() -> None:
    """So that one that is renamed is not looked for in vain."""
    root = Path(__file__).parents[2] / "layers" / "app"
    own = [root / name.replace(".", "/") for name in OTHERS if name.startswith("dishwasher.")]
    assert own and all(path.with_suffix(".py").exists() or path.is_dir() for path in own)


def _answered(emulator: Emulator, endpoint: str, body: str) -> dict[str, Any]:
    """What a new process tells of its answer to this delivery."""
    name = f"{emulator.prefix()}/webhook-secret"
    emulator.clients.ssm.put_parameter(Name=name, Value=SECRET, Type="SecureString")
    queues = emulator.queues()
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint,
        "DISHWASHER_TABLE": emulator.table(),
        "DISHWASHER_GITHUB_WEBHOOK_SECRET": f"ssm:{name}",
        **{f"DISHWASHER_QUEUE_{topic.upper()}": url for topic, url in queues.items()},
        "POWERTOOLS_METRICS_NAMESPACE": "Dishwasher",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=FUNCTION,
        env=environment,
        input=json.dumps(_event(body)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _event(body: str) -> dict[str, Any]:
    """As API Gateway hands a signed delivery to the function."""
    digest = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": "11111111-2222-3333-4444-555555555555",
        "x-hub-signature-256": f"sha256={digest}",
    }
    context = {"domainName": "x", "http": {"method": "POST", "path": "/webhook"}}
    return {"rawPath": "/webhook", "headers": headers, "requestContext": context, "body": body}
