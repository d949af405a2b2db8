"""Clients of AWS cost a cold start, so they are made late, and once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.aws.emulator import Emulator, require
from tests.contract.race import race

if TYPE_CHECKING:
    from dishwasher.aws.clients import Clients

pytestmark = pytest.mark.slow


def test_no_import_makes_a_client_or_reads_a_model_of_aws() -> None:
    require()
    modules = ("blobs", "clients", "parameters", "queue", "store", "vault")
    program = (
        f"import sys\nfor name in {modules!r}: __import__(f'dishwasher.aws.{{name}}')\n"
        "print([m for m in ('botocore.session', 'botocore.client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_a_client_is_made_once_for_all_threads(emulator: Emulator) -> None:
    clients = _clients("us-east-1", emulator.url)
    made = race(8, lambda thread: clients.sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"])
    assert made == [200] * 8
    assert clients.sqs is clients.sqs


def test_calls_have_an_end(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    found = _clients("us-east-1")
    for client in (found.dynamodb, found.sqs, found.s3, found.ssm):
        config = client.meta.config
        assert config.connect_timeout == 2.0
        assert config.read_timeout <= 30.0
        assert config.retries == {"mode": "standard", "total_max_attempts": 4}
    assert found.sqs.meta.config.read_timeout > 20
    here = _clients("us-east-1", "http://127.0.0.1:1").sqs.meta.config
    assert here.read_timeout == 60


def test_a_bucket_of_amazon_s_is_named_in_the_host_and_of_a_server_here_in_the_path(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert _url(_clients("eu-west-1")).startswith("https://bucket.s3.eu-west-1.amazonaws.com/x?")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    assert _url(_clients("eu-west-1")).startswith("http://localhost:4566/bucket/x?")


def _clients(region: str, endpoint: str | None = None) -> Clients:
    from dishwasher.aws.clients import Clients

    return Clients(region, endpoint)


def _url(clients: Clients) -> str:
    place = {"Bucket": "bucket", "Key": "x"}
    return clients.s3.generate_presigned_url("get_object", Params=place)
