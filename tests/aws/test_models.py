"""What `make aws-build` takes out of the models of AWS is prose, and nothing else."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.aws.emulator import require

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parents[2] / "infra" / "aws-models"
SERVICES = ("codebuild", "dynamodb", "lambda", "s3", "sqs", "ssm")


def test_a_model_loses_its_prose_and_keeps_its_shapes(tmp_path: Path) -> None:
    data = _copied(tmp_path)
    subprocess.run([sys.executable, PROGRAM, data], check=True)
    for service in SERVICES:
        for lean in sorted(data.glob(f"{service}/*/service-2.json.gz")):
            whole = _model(_data() / lean.relative_to(data))
            shapes: dict[str, Any] = _model(lean)["shapes"]
            assert list(shapes) == list(whole["shapes"])
            for name, shape in shapes.items():
                assert not shape.get("documentation")
                members = list(shape.get("members", {}))
                assert members == list(whole["shapes"][name].get("members", {}))
            assert list(_model(lean)["operations"]) == list(whole["operations"])
            assert lean.stat().st_size < (_data() / lean.relative_to(data)).stat().st_size / 2


def test_botocore_makes_the_same_calls_of_it(tmp_path: Path) -> None:
    data = _copied(tmp_path)
    before = _called(data)
    subprocess.run([sys.executable, PROGRAM, data], check=True)
    assert _called(data) == before
    assert sorted(call.split()[0] for call in before) == sorted(SERVICES)


def test_a_service_without_a_model_is_told_of(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, PROGRAM, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "has no model of codebuild" in done.stderr


def _data() -> Path:
    require()
    import botocore

    return Path(botocore.__file__).parent / "data"


def _copied(folder: Path) -> Path:
    for service in SERVICES:
        shutil.copytree(_data() / service, folder / service)
    for file in (
        "endpoints.json",
        "partitions.json",
        "_retry.json",
        "sdk-default-configuration.json",
    ):
        shutil.copy(_data() / file, folder)
    return folder


def _model(path: Path) -> dict[str, Any]:
    with gzip.open(path) as file:
        model: dict[str, Any] = json.load(file)
    return model


def _called(data: Path) -> list[str]:
    """What would be sent, by clients that are made of these models alone."""
    import botocore.session
    from botocore.loaders import Loader

    session = botocore.session.get_session()
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    session.set_credentials("test", "test")
    sent: list[str] = []

    def keep(request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        headers = dict(request.headers)
        target = headers.get("X-Amz-Target", b"").decode()
        sent.append(f"{service} {request.url} {target} {request.body!r}")
        return AWSResponse(request.url, 200, {}, _Empty())

    for service, call, words in CALLS:
        client = session.create_client(service, region_name="us-east-1")
        client.meta.events.register(f"before-send.{service}.*", keep)
        getattr(client, call)(**words)
    return sent


class _Empty:
    """The body of an answer."""

    def stream(self) -> Any:
        yield b"{}"

    def read(self) -> bytes:
        return b"{}"


ROW = {"pk": {"S": "a"}, "due": {"N": "1.5"}, "packed": {"B": b"bytes"}}
CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ssm", "get_parameters", {"Names": ["/a"], "WithDecryption": True}),
    ("dynamodb", "put_item", {"TableName": "t", "Item": ROW}),
    ("sqs", "send_message", {"QueueUrl": "https://q", "MessageBody": "b", "MessageGroupId": "g"}),
    ("s3", "get_object", {"Bucket": "b", "Key": "k", "Range": "bytes=0-9"}),
    ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}", "TenantId": "t"}),
    ("codebuild", "start_build", {"projectName": "p", "idempotencyToken": "t"}),
)
