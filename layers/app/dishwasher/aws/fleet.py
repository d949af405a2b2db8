"""Runners as invocations of a Lambda function that has no rights."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import faults
from dishwasher.core.codec import encode
from dishwasher.core.size import ANY, Size
from dishwasher.core.ticket import Bootstrap

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


class LambdaFleet:
    """Implements `ports.Fleet`. Action: lambda:InvokeFunction on the runner's function alone.

    Each attempt is a tenant of its own to Lambda (`TenancyConfig: PER_TENANT`), so that none gets
    an environment that has run another: a job can kill what would clean up after it, and then hear
    and answer what its environment is asked next. Of them 2,500 may be there, idle ones too, for
    each 1,000 that may run at once; more are refused until some of those have gone:
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    """

    def __init__(self, clients: Clients, function: str) -> None:
        """`function`: its name or ARN."""
        self._clients, self._function = clients, function

    @cached_property
    def _lambda(self) -> LambdaClient:
        client: LambdaClient = self._clients.client("lambda")
        return client

    def start(self, bootstrap: Bootstrap, tenant: str = "", size: Size = ANY) -> None:
        # A call that is repeated starts two: the code opens the ticket for one of them.
        with faults(f"can not start a runner for {bootstrap.attempt}"):
            self._lambda.invoke(
                FunctionName=self._function,
                InvocationType="Event",
                TenantId=f"{tenant}/{bootstrap.attempt}",
                Payload=json.dumps(encode(bootstrap)).encode(),
            )

    def stop(self, attempt: str) -> None:
        """Nobody can end an invocation; the runner ends itself when its next word is refused."""
