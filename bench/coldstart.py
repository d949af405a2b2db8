"""Cold starts under AWS's own emulator, side by side with the least that could do a webhook's work.

The webhook's whole answer beside that of a handler which imports boto3 and stores one item, in
turn, each in a new process. Both have byte code, as the artifact ships it. `--instructions` counts
what the processor does instead, by valgrind and without the emulator: that is the same whatever
else this machine does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from dishwasher.demo.github import App, StandIn

from tests.aws_local import artifact
from tests.aws_local.artifact import ANYONE
from tests.aws_local.bot import SETTINGS, settings
from tests.aws_local.cloud import Cloud
from tests.aws_local.function import Definition, Function, Runtime

ROUNDS = 9
LIMIT = 1.5
"""Of the least's time; docs/aws.md keeps what was measured."""
LEAST = """
import os, uuid
import boto3

table = boto3.client("dynamodb")

def handler(event, context):
    item = {name: {"S": uuid.uuid4().hex} for name in ("pk", "sk")}
    table.put_item(TableName=os.environ["DISHWASHER_TABLE"], Item=item)
    return {"statusCode": 202}
"""
ONCE = """
import json, sys
import handler

class Context:
    function_name, memory_limit_in_mb, aws_request_id = "cold", 1769, "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:cold"

answer = handler.handler(json.loads(sys.argv[1]), Context())
sys.exit(answer["statusCode"] != 202)
"""


def main() -> int:
    counts = "--instructions" in sys.argv[1:]
    os.environ.pop("AWS_CA_BUNDLE", None)
    os.environ.update(ANYONE)
    built = artifact.build()
    with StandIn() as github, tempfile.TemporaryDirectory() as scratch:
        app = github.add_app()
        parameters = {"GithubUrl": github.url, "GithubApiUrl": github.api_url}
        with Cloud(built, parameters, tools="") as cloud:
            cloud.keep(settings(app), SETTINGS)
            ours = cloud.functions["Webhook"]
            least = _least(Path(scratch), ours)
            event = _event(app.webhook_secret, _push(github, app))
            if counts:
                return _told(_instructions(ours, event()), _instructions(least, b"{}"))
            times = _in_turn(
                {"webhook": lambda: _cold(ours, event()), "least": lambda: _cold(least, b"{}")}
            )
            least.close()
    for name, seconds in times.items():
        print(f"{name:<8} {1000 * statistics.median(seconds):6.0f} ms  median of {len(seconds)}")
    ratio = statistics.median(times["webhook"]) / statistics.median(times["least"])
    print(f"the webhook's cold answer takes {ratio:.2f} times as long; at most {LIMIT}")
    return 0 if ratio <= LIMIT else 1


def _told(ours: int, least: int) -> int:
    print(f"webhook {ours:,} instructions, least {least:,}: {ours / least:.2f} times as many")
    return 0 if ours / least <= LIMIT else 1


def _instructions(function: Function, payload: bytes) -> int:
    """Of a new process that imports the handler and answers once."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise SystemExit("this counts with valgrind: apt-get install valgrind")
    definition = function.definition
    command = [valgrind, "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
    places = map(str, (definition.code, *definition.layers))
    done = subprocess.run(
        [*command, str(function.runtime.python), "-c", ONCE, payload.decode()],
        cwd=definition.code,
        env={**definition.environment, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{definition.name}: {done.stdout}\n{done.stderr[-2000:]}")
    return int(done.stderr.rpartition("Collected :")[2].split()[0])


def _in_turn(calls: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """One after the other, so that what else this machine does is shared."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            times[name].append(call())
    return times


def _cold(function: Function, payload: bytes) -> float:
    function.cool()
    outcome = function.invoke(payload)
    if outcome.error or outcome.payload["statusCode"] != 202:
        raise SystemExit(f"{function.definition.name}: {outcome.payload}\n{function.said[-2000:]}")
    return outcome.seconds


def _least(folder: Path, like: Function) -> Function:
    """Beside the same layers, with the boto3 that this environment has."""
    code = folder / "least"
    code.mkdir()
    (code / "handler.py").write_text(LEAST)
    packages = folder / "packages"
    packages.mkdir()
    import boto3
    import s3transfer

    for package in (boto3, s3transfer):
        place = Path(package.__file__).parent
        (packages / place.name).symlink_to(place)
    artifact.compile(folder)
    own, runtime = like.definition, like.runtime
    made = Definition(
        *("Least", code, own.handler, own.environment, own.timeout, own.memory),
        (own.layers[0], packages),
    )
    return Function(Runtime(runtime.emulator, runtime.python, "", folder), made)


def _push(github: StandIn, app: App) -> str:
    """What GitHub says of one."""
    repository = github.add_repo("acme/site", {"README": "hello"})
    github.install(app, "acme")
    # Where nobody listens: what is wanted is what would have been sent.
    github.set_webhook(app, "http://127.0.0.1:9/webhook")
    repository.commit({"README": "hello, world"})
    github.wait_idle()
    (delivery,) = github.deliveries("push")[:1]
    return json.dumps(delivery.payload)


def _event(secret: str, body: str) -> Callable[[], bytes]:
    """A new delivery each time."""

    def make() -> bytes:
        digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-github-event": "push",
            "x-github-delivery": str(uuid.uuid4()),
            "x-hub-signature-256": f"sha256={digest}",
        }
        context = {"domainName": "x", "http": {"method": "POST", "path": "/webhook"}}
        event = {"rawPath": "/webhook", "headers": headers, "requestContext": context, "body": body}
        return json.dumps(event).encode()

    return make


if __name__ == "__main__":
    sys.exit(main())
