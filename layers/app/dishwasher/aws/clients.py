"""Clients of AWS, each made when it is first used: making one costs 30 to 90 ms of a cold start.

By botocore alone: boto3 adds nothing that is needed here, and 15 ms to its import. Region,
credentials and `AWS_ENDPOINT_URL` (for a server other than Amazon's) come from the environment, as
botocore reads them: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
"""DynamoDB answers within 10 ms; a connection that is silent for this long is dead."""
LONG_POLL_SECONDS = 25.0
"""SQS may keep us waiting for 20."""
BODY_SECONDS = 30.0
"""Between two pieces of a file."""
HERE_SECONDS = 60.0
"""For a server that stands for Amazon's on this machine, which others keep busy too."""
ATTEMPTS = 4
"""Of one call, the first included; all of them end within a webhook's 10 s."""


class Clients:
    """Safe for several threads, as botocore's clients are; its session is not, hence the lock."""

    def __init__(self, region: str | None = None, endpoint: str | None = None) -> None:
        self._region, self._endpoint = region, endpoint
        self._lock = threading.RLock()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        client: DynamoDBClient = self.client("dynamodb", READ_SECONDS)
        return client

    @cached_property
    def sqs(self) -> SQSClient:
        client: SQSClient = self.client("sqs", LONG_POLL_SECONDS)
        return client

    @cached_property
    def s3(self) -> S3Client:
        # A presigned URL shall lead to the bucket's own region, which its virtual host does. A
        # server on this machine has no name for each bucket.
        style = {"addressing_style": "path" if self._is_here else "virtual"}
        client: S3Client = self.client("s3", BODY_SECONDS, signature_version="s3v4", s3=style)
        return client

    @cached_property
    def ssm(self) -> SSMClient:
        client: SSMClient = self.client("ssm", READ_SECONDS)
        return client

    @property
    def _is_here(self) -> bool:
        return bool(self._endpoint or os.environ.get("AWS_ENDPOINT_URL"))

    @cached_property
    def _session(self) -> Session:
        # Here and not above: the import takes 150 ms, and who only reads settings needs none of it.
        import botocore.session

        return botocore.session.get_session()

    def client(self, service: str, read_seconds: float = READ_SECONDS, **config: Any) -> Any:
        """A new client of this service, with our patience."""
        from botocore.config import Config

        with self._lock:
            return self._session.create_client(
                service,
                region_name=self._region,
                endpoint_url=self._endpoint,
                config=Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=HERE_SECONDS if self._is_here else read_seconds,
                    # `standard`: throttled calls too, with pauses that grow and are random.
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    tcp_keepalive=True,
                    **config,
                ),
            )
