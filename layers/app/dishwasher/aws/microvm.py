"""Runners as Lambda MicroVMs, one made for each job: experimental, and not tried on AWS yet.

The calls are those of botocore's model `lambda-microvms` 2025-09-09. docs/aws.md says how an image
for it is made; what runs in that is `runner.hook`.
"""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, faults
from dishwasher.core.codec import encode
from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import Throttled
from dishwasher.ports import Blobs, Clock

if TYPE_CHECKING:
    from types_boto3_lambda_microvms import LambdaMicroVMsClient

CROWDED = frozenset(
    {"ThrottlingException", "ServiceQuotaExceededException", "InsufficientCapacityException"}
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_RunMicrovm.html"""
COME_BACK = 60.0
"""Seconds until a limit is tried again."""
BESIDES = 600.0
"""Seconds of a MicroVM beside its job's: the checkout and the last words."""
LONGEST = 28_800
"""Seconds of a MicroVM's life, by its model."""
GONE = "ResourceNotFoundException"


class MicrovmFleet:
    """Implements `ports.Fleet`. Actions: lambda:RunMicrovm, lambda:TerminateMicrovm on the image;
    lambda:PassNetworkConnector on AWS's connectors, which who names none passes too; s3:PutObject
    and s3:GetObject on `attempts/`.

    A MicroVM gets no role, and so no credentials. Nothing tells which of them has an attempt, so
    its id is kept beside the attempt's log.
    """

    def __init__(self, clients: Clients, clock: Clock, image: str, blobs: Blobs) -> None:
        """`image`: its ARN."""
        self._clients, self._clock, self._image = clients, clock, image
        self._blobs = blobs

    @cached_property
    def _microvms(self) -> LambdaMicroVMsClient:
        client: LambdaMicroVMsClient = self._clients.client("lambda-microvms")
        return client

    def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
        what = f"can not start a runner for {bootstrap.attempt}"
        with faults(what, writes=True):
            try:
                made = self._microvms.run_microvm(
                    imageIdentifier=self._image,
                    # The same call again makes nothing new.
                    clientToken=bootstrap.attempt,
                    runHookPayload=json.dumps(encode(bootstrap)),
                    maximumDurationInSeconds=min(math.ceil(size.seconds + BESIDES), LONGEST),
                    logging={"disabled": {}},
                )
            except ClientError as error:
                if code(error) not in CROWDED:
                    raise
                said = error.response.get("Error", {}).get("Message", "")
                until = self._clock.now() + COME_BACK
                raise Throttled(f"{what}: {code(error)} {said}", until) from error
        self._blobs.put(_key(bootstrap.attempt), made["microvmId"].encode())

    def stop(self, attempt: str) -> None:
        kept = self._blobs.get(_key(attempt))
        if kept is None:
            return
        with faults(f"can not stop the runner of {attempt}"):
            try:
                self._microvms.terminate_microvm(microvmIdentifier=kept.decode())
            except ClientError as error:
                # One that has ended is forgotten after a while.
                if code(error) != GONE:
                    raise


def _key(attempt: str) -> str:
    return f"attempts/{attempt}/microvm"
