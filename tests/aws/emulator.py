"""A server that speaks AWS's protocols, for all tests of a session."""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from dishwasher.ports import Topic
from dishwasher.runner.services.ports import any_free

if TYPE_CHECKING:
    from dishwasher.aws.clients import Clients

REGION = "us-east-1"
LOCALSTACK = "DISHWASHER_TEST_LOCALSTACK"
"""The Python that has LocalStack, which looks at signatures; `make test-presigned` sets it."""
SERVER = """
import threading, sys, os
from moto.server import DomainDispatcherApplication, create_backend_app
from tests.aws.quota import with_it
from werkzeug.serving import WSGIRequestHandler, make_server

WSGIRequestHandler.protocol_version = "HTTP/1.1"
moto = with_it(DomainDispatcherApplication(create_backend_app))
one = threading.Lock()

def app(environ, start_response):
    if "/cloudformation/" in environ.get("HTTP_AUTHORIZATION", ""):
        import tests.aws.forms
    # Amazon does each call in one piece; moto would let two conditions be met at once.
    if "AmazonSQS" in environ.get("HTTP_X_AMZ_TARGET", ""):
        return moto(environ, start_response)
    with one:
        return list(moto(environ, start_response))

server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
"""
"""As `moto_server`, on a port that is told, and for as long as the tests live."""
ENVIRONMENT = {
    # Dummies: whatever a test does wrong, it does to nobody's account.
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": REGION,
}


@dataclass(frozen=True)
class Emulator:
    """Tables, queues and buckets of one's own on a server that others use too."""

    url: str
    clients: Clients

    def table(self) -> str:
        name = _name()
        create: Any = self.clients.dynamodb.create_table
        create(TableName=name, **TABLE)
        return name

    def queues(self, **attributes: str) -> dict[Topic, str]:
        return {
            topic: self.clients.sqs.create_queue(
                QueueName=f"{_name()}-{topic.value}", Attributes=attributes
            )["QueueUrl"]
            for topic in Topic
        }

    def bucket(self) -> str:
        name = _name()
        self.clients.s3.create_bucket(Bucket=name)
        return name

    def reset(self) -> None:
        """Forget all tables, queues and buckets: with each table that is there moto gets slower."""
        with closing(HTTPConnection(urlsplit(self.url).netloc, timeout=60)) as connection:
            connection.request("POST", "/moto-api/reset")
            assert connection.getresponse().status == 200

    def prefix(self) -> str:
        """For parameters."""
        return f"/{_name()}"


TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "shard", "AttributeType": "S"},
        {"AttributeName": "due", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-due",
            "KeySchema": [
                {"AttributeName": "shard", "KeyType": "HASH"},
                {"AttributeName": "due", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}
"""As template.yaml makes it."""


def require() -> None:
    """Skip, with words, where the packages are not installed."""
    missing = [name for name in ("botocore", "moto", "flask") if not importlib.util.find_spec(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: `make test-real` installs it")


@contextmanager
def started() -> Iterator[Emulator]:
    """moto's server, on a port of its own."""
    require()
    with environment(), _server([sys.executable, "-c", SERVER], {}) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "moto did not start: run `python -m moto.server` to see why"
        yield _emulator(f"http://127.0.0.1:{port}")


@contextmanager
def localstack_started(folder: Path) -> Iterator[Emulator]:
    """LocalStack, which takes what was signed and nothing else; without docker and token."""
    require()
    port = any_free()
    command = [os.environ[LOCALSTACK], "-m", "localstack.runtime.main"]
    words = {
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_VOLUME_DIR": str(folder),
        "S3_SKIP_SIGNATURE_VALIDATION": "0",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
    }
    with environment(), _server(command, words) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        said = "".join(itertools.takewhile(lambda line: line.strip() != "Ready.", lines))
        assert process.poll() is None, said
        yield _emulator(f"http://127.0.0.1:{port}")


@contextmanager
def environment() -> Iterator[None]:
    """What botocore reads of this process: nobody's credentials, while it lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        # An empty value makes botocore fail: https://github.com/boto/botocore/issues/2322
        patch.delenv("AWS_CA_BUNDLE", raising=False)
        yield


@contextmanager
def _server(command: list[str], words: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **words},
        # Open for as long as the tests live: who reads its end, ends.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _emulator(url: str) -> Emulator:
    from dishwasher.aws.clients import Clients

    return Emulator(url, Clients(REGION, url))


def _name() -> str:
    return f"t{uuid.uuid4().hex[:20]}"
