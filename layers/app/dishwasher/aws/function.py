"""Runners as invocations of a Lambda function that has no rights."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, faults
from dishwasher.core.codec import encode
from dishwasher.core.size import ANY, Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import Throttled
from dishwasher.ports import Clock

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

CROWDED = frozenset({"TooManyRequestsException", "ServiceQuotaExceededException"})
"""Of what runs at once, and of environments for tenants:
https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-troubleshooting.html"""
ASLEEP = frozenset(
    {"ResourceConflictException", "ResourceNotReadyException", "CodeArtifactUserPendingException"}
)
"""A function that nobody has called for weeks is put away, and comes back for who calls it, after a
minute or two: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""
COME_BACK = 60.0
"""Seconds until either is tried again."""


class LambdaFleet:
    """Implements `ports.Fleet`. Action: lambda:InvokeFunction on the runner's function alone.

    Each attempt is a tenant of its own to Lambda (`TenancyConfig: PER_TENANT`), so that none gets
    an environment that has run another: a job can kill what would clean up after it, and then hear
    and answer what its environment is asked next. Of them 2,500 may be there, idle ones too, for
    each 1,000 that may run at once; more are refused until some of those have gone:
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    """

    def __init__(self, clients: Clients, clock: Clock, function: str) -> None:
        """`function`: its name or ARN."""
        self._clients, self._clock, self._function = clients, clock, function

    @cached_property
    def _lambda(self) -> LambdaClient:
        client: LambdaClient = self._clients.client("lambda")
        return client

    def start(self, bootstrap: Bootstrap, tenant: str = "", size: Size = ANY) -> None:
        what = f"can not start a runner for {bootstrap.attempt}"
        # A call that is repeated starts two: the code opens the ticket for one of them.
        with faults(what):
            try:
                self._lambda.invoke(
                    FunctionName=self._function,
                    InvocationType="Event",
                    TenantId=f"{tenant}/{bootstrap.attempt}",
                    Payload=json.dumps(encode(bootstrap)).encode(),
                )
            except ClientError as error:
                if code(error) not in CROWDED | ASLEEP:
                    raise
                said = error.response.get("Error", {}).get("Message", "")
                until = self._clock.now() + COME_BACK
                raise Throttled(f"{what}: {code(error)} {said}".rstrip(), until) from error

    def stop(self, attempt: str) -> None:
        """Nobody can end an invocation; the runner ends itself when its next word is refused."""
